"""Firefox, driven over WebDriver BiDi, which it speaks by itself: no driver and no package beside the browser."""
import base64
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox")
PATIENCE_S = 90
CLICK_PATIENCE_S = 5  # then the click went beside


class Wire:
    """A WebSocket's client end (RFC 6455): whole text messages."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.data += self.more()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101"), head

    def more(self):
        more = self.socket.recv(1 << 16)
        assert more, "Firefox closed the connection"
        return more

    def send(self, text):
        payload = text.encode()
        size = len(payload)
        length = struct.pack(">B", 0x80 | size) if size < 126 else struct.pack(">BH", 0xfe, size) if size < 1 << 16 else struct.pack(">BQ", 0xff, size)
        mask = os.urandom(4)
        self.socket.sendall(b"\x81" + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def take(self, count):
        while len(self.data) < count:
            self.data += self.more()
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def hear(self):
        whole = b""
        while True:
            first, length = self.take(2)
            if length == 126:
                length = struct.unpack(">H", self.take(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.take(8))[0]
            part = self.take(length)
            if first & 0x0f < 8:  # the others are pings and closes
                whole += part
                if first & 0x80:
                    return whole.decode()


class Firefox:
    """A headless Firefox with a profile of its own and one page."""

    def __init__(self, folder, width=1440, height=900):
        profile = pathlib.Path(folder) / "firefox"
        profile.mkdir()
        (profile / "user.js").write_text('user_pref("app.update.enabled", false);\nuser_pref("datareporting.policy.dataSubmissionEnabled", false);\n'
                                         'user_pref("browser.shell.checkDefaultBrowser", false);\nuser_pref("network.captive-portal-service.enabled", false);\n')
        self.process = subprocess.Popen([PROGRAM, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0", "about:blank"],
                                        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                                        env={**os.environ, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"})
        port = next((int(found[1]) for found in (re.search(r"BiDi listening on ws://127\.0\.0\.1:(\d+)", line) for line in self.process.stderr) if found), None)
        assert port is not None, "Firefox does not start"
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.wire = Wire(port, "/session")
        self.asked = 0
        self.complaints = []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.page = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        self.ask("browsingContext.setViewport", context=self.page, viewport={"width": width, "height": height})

    def ask(self, method, **parameters):
        self.asked += 1
        self.wire.send(json.dumps({"id": self.asked, "method": method, "params": parameters}))
        while True:
            heard = json.loads(self.wire.hear())
            if heard.get("method") == "log.entryAdded" and heard["params"]["level"] == "error":
                self.complaints.append(heard["params"]["text"])
            if heard.get("id") == self.asked:
                assert heard["type"] == "success", heard
                return heard["result"]

    def go(self, url):
        self.ask("browsingContext.navigate", context=self.page, url=url, wait="complete")

    def value(self, expression):
        """What a script says, as text, number or truth."""
        said = self.ask("script.evaluate", expression=expression, target={"context": self.page}, awaitPromise=True)
        assert said["type"] == "success", said
        return said["result"].get("value")

    def until(self, expression):
        """What it says as soon as it is true."""
        end = time.monotonic() + PATIENCE_S
        while not (said := self.value(expression)):
            assert time.monotonic() < end, f"in vain: {expression}"
            time.sleep(0.05)
        return said

    def press(self, *keys):
        steps = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("input.performActions", context=self.page, actions=[{"type": "key", "id": "keys", "actions": steps}])

    def click(self, selector):
        """The middle of the first that is seen."""
        middle = (f"(() => {{ for (const e of document.querySelectorAll({json.dumps(selector)})) {{ const b = e.getBoundingClientRect(); "
                  "const x = Math.round(b.x + b.width / 2), y = Math.round(b.y + b.height / 2); "
                  "if (e.contains(document.elementFromPoint(x, y))) return JSON.stringify([x, y]); } return ''; })()")
        x, y = json.loads(self.until(middle))
        self.ask("input.performActions", context=self.page, actions=[{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "x": x, "y": y}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]}])

    def click_until(self, selector, expression):
        """As a person does whose click went beside what just moved."""
        end = time.monotonic() + PATIENCE_S
        while True:
            self.click(selector)
            patient = time.monotonic() + CLICK_PATIENCE_S
            while time.monotonic() < patient:
                if self.value(f"Boolean({expression})"):
                    return
                time.sleep(0.05)
            assert time.monotonic() < end, f"clicked {selector} in vain: {expression}"

    def picture(self):
        return base64.b64decode(self.ask("browsingContext.captureScreenshot", context=self.page)["data"])

    def end(self):
        self.wire.socket.close()
        self.process.kill()
        self.process.wait()
