"""The dashboard in real browsers, before a real control process with a real sensor that reads packets from a wire."""
import gzip
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from google.protobuf import descriptor_pb2

import spanlight

sys.path.insert(0, str(spanlight.ROOT / "tests" / "support"))
import firefox  # noqa: E402
from control_process import LIBCHDB, SERVE, Wires, wires_work  # noqa: E402

WEB = spanlight.ROOT / "control" / "web"
BUILT = spanlight.BUILD / "web"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE_S = 600
EVERY_S = 0.4
SCRIPT_BYTES_MAX = 350_000
TOKEN = "a-token-of-the-test"
HOSTILE = "<img src=x onerror=alert(1)>"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def request(line, headers="", body=b"", kind=""):
    about = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{line} HTTP/1.1\r\nHost: shop\r\nX-Secret: s3cret\r\n{headers}{about}\r\n".encode() + body


def response(status="200 OK", body=b"ok", headers=""):
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


PROTOBUF = bytes.fromhex("0a05") + b"tea 1" + bytes.fromhex("109601" "1a050a03" + b"EUR".hex() + "2d0000c03f")  # a text, 150, a message, 1.5
# What it is: of the response's Content-Type alone, so that both ways are seen.
ORDER = descriptor_pb2.FileDescriptorSet(file=[descriptor_pb2.FileDescriptorProto(
    name="shop.proto", package="shop", syntax="proto3", message_type=[
        {"name": "Order", "field": [{"name": "what", "number": 1, "type": 9, "label": 1}, {"name": "cents", "number": 2, "type": 5, "label": 1},
                                    {"name": "price", "number": 3, "type": 11, "label": 1, "type_name": ".shop.Price"},
                                    {"name": "weight", "number": 5, "type": 2, "label": 1}]},
        {"name": "Price", "field": [{"name": "currency", "number": 1, "type": 9, "label": 1}]}])])
OPERATION = {"query": "query Basket($id: ID!) { basket(id: $id) { id items { name } } }", "variables": {"id": "b-1"}}
WEB_1, CART, GUEST = "10.0.0.1", "10.0.0.2", "10.0.0.3"
CONNECTIONS = [  # from, to, what is said on one connection
    (WEB_1, CART, [(request(f"GET /ok/{n}"), response()) for n in range(4)]),
    (WEB_1, CART, [(request("GET /broken"), response("503 Service Unavailable"))]),
    (GUEST, CART, [
        (request("GET /<script>alert(1)</script>?q=caf%C3%A9&x=<svg/onload=alert(1)>", f"X-Note: {HOSTILE}\r\nCookie: theme=dark; name={HOSTILE}\r\n"),
         response(headers=f"Set-Cookie: basket=<b>7</b>; Path=/\r\nX-Note: {HOSTILE}\r\n", body=HOSTILE.encode())),
        (request("POST /orders", body=json.dumps({"status": "open", "note": f"</script>{HOSTILE}", "lines": [{"tea": 2}]}).encode(), kind="application/json"),
         response("201 Created", b'{"id": 91234567890123456789}', "Content-Type: application/json\r\n")),
        (request("POST /graphql", body=json.dumps(OPERATION).encode(), kind="application/json"), response(body=b'{"data":{}}', headers="Content-Type: application/json\r\n")),
        (request("POST /rpc", body=PROTOBUF, kind="application/x-protobuf"), response(body=PROTOBUF, headers='Content-Type: application/x-protobuf; messageType="shop.Order"\r\n')),
        (request("POST /login", body=b"user=anna&next=%2Fshop", kind="application/x-www-form-urlencoded"), response("302 Found", b"")),
        (request("GET /packed"), response(body=gzip.compress(b'{"items": [1, 2, 3]}'), headers="Content-Type: application/json\r\nContent-Encoding: gzip\r\n")),
    ]),
    (WEB_1, CART, [(request("GET /hop/first", f"traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n"), response())]),
    (CART, GUEST, [(request("GET /hop/second", f"traceparent: 00-{TRACE}-00f067aa0ba902b8-01\r\n"), response())]),
]


@unittest.skipUnless(BUILT.joinpath("index.html").exists(), "the dashboard is not built: scripts/web does it")
class Built(unittest.TestCase):
    def test_what_a_browser_loads_is_small_and_comes_from_here_alone(self):
        scripts = list(BUILT.rglob("*.js"))
        self.assertGreater(len(scripts), 1)
        self.assertLess(sum(len(gzip.compress(script.read_bytes())) for script in scripts), SCRIPT_BYTES_MAX)
        page = (BUILT / "index.html").read_text()
        self.assertNotIn("http://", page.replace("http://www.w3.org", ""))
        self.assertNotIn("https://", page)


class Served(Wires, unittest.TestCase):
    """Sensor and control process, and traffic until the test is over."""

    SENSOR = {"redaction": {"headers": ["authorization", "x-secret"]}}
    MACHINES = [{"address": WEB_1, "name": "web-1", "namespace": "shop", "workload": "vm/web", "labels": {"app": "web"}},
                {"address": CART, "name": "cart-1", "namespace": "shop", "service": "cart", "workload": "vm/cart"},
                {"address": GUEST, "name": HOSTILE, "namespace": "guests", "service": HOSTILE, "labels": {"app": HOSTILE}}]

    def setUp(self):
        schemas = tempfile.TemporaryDirectory()
        self.addCleanup(schemas.cleanup)
        descriptors = pathlib.Path(schemas.name) / "shop.pb"
        descriptors.write_bytes(ORDER.SerializeToString())
        # A port that is the same after a restart: the browser comes back to it.
        self.set_up_wires(machines=self.MACHINES, protobuf={"descriptorSets": [str(descriptors)]}, serve={**SERVE, "listen": f"127.0.0.1:{free_port()}"})
        self.over = threading.Event()
        self.connections = list(CONNECTIONS)
        traffic = threading.Thread(target=self.talk, daemon=True)  # an interrupted run ends
        traffic.start()
        self.addCleanup(traffic.join)
        self.addCleanup(self.over.set)

    def talk(self):
        while not self.over.wait(EVERY_S):
            for client, server, calls in list(self.connections):
                tcp = spanlight.Tcp((client, next(self.ports)), (server, 80))
                frames = tcp.handshake()
                for asked, answered in calls:
                    frames += tcp.data(0, asked) + tcp.data(1, answered)
                for frame in frames + tcp.close():
                    self.wire.send(frame)

    def strangers(self):
        """A control process that wants a token, and has no sensor."""
        folder = self.folder / "strangers"
        folder.mkdir()
        (folder / "anna.token").write_text(TOKEN)
        serve = {**SERVE, "access": [{"name": "anna", "tokenFile": str(folder / "anna.token"), "role": "viewer"}]}
        return {"url": self.start_control(folder, serve=serve, sensors=[]).url, "token": TOKEN}


@unittest.skipUnless(BUILT.joinpath("index.html").exists(), "the dashboard is not built: scripts/web does it")
@unittest.skipUnless(CHROMIUM and shutil.which("node"), "needs node and chromium: scripts/setup installs them")
@unittest.skipUnless((WEB / "node_modules" / "playwright-core").exists(), "the dashboard's packages are not loaded: scripts/setup does it")
@unittest.skipUnless(LIBCHDB, "libchdb is not installed: scripts/setup does it")
@unittest.skipUnless(wires_work(), "needs root and ip link")
class InChromium(Served):
    def answer(self, wish):
        if wish == "restart":
            self.control.end()
            self.control.start()
        elif wish == "mark":
            self.connections.append((WEB_1, CART, [(request("GET /after-the-restart"), response())]))
        elif wish == "strangers":
            return self.strangers()
        elif wish == "targets":
            return self.control.get("/api/targets")["settings"]
        else:
            self.fail(f"the browser asks for {wish}")
        return {}

    def test_a_browser_finds_its_way(self):
        browser = subprocess.Popen(["node", str(spanlight.ROOT / "tests" / "system" / "dashboard.mjs"), str(WEB), CHROMIUM, self.control.url],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "HOME": str(self.folder)})
        self.addCleanup(browser.wait)
        self.addCleanup(browser.kill)
        late = threading.Timer(PATIENCE_S, browser.kill)  # a browser that stands still fails the test, not the suite
        late.start()
        self.addCleanup(late.cancel)
        steps = 0
        told = {}
        for line in browser.stdout:
            told = json.loads(line)
            if "do" in told:
                browser.stdin.write(json.dumps(self.answer(told["do"])) + "\n")
                browser.stdin.flush()
            elif "step" in told:
                steps += 1
                with self.subTest(told["step"]):
                    self.assertTrue(told["ok"], told.get("why"))
        self.assertEqual(browser.wait(), 0, f"after {steps} steps; it may take {PATIENCE_S} s")
        self.assertEqual(told, {"steps": steps})
        browser.stdin.close()
        browser.stdout.close()


@unittest.skipUnless(BUILT.joinpath("index.html").exists(), "the dashboard is not built: scripts/web does it")
@unittest.skipUnless(firefox.PROGRAM, "firefox is not installed: apt-get install firefox-esr")
@unittest.skipUnless(LIBCHDB, "libchdb is not installed: scripts/setup does it")
@unittest.skipUnless(wires_work(), "needs root and ip link")
class InFirefox(Served):
    def test_every_view_works(self):
        page = firefox.Firefox(self.folder)
        self.addCleanup(page.end)
        text = "document.body.innerText"
        page.go(self.control.url)
        page.until("document.querySelectorAll('.row').length > 8")
        page.until(f"{text}.includes('<script>alert(1)</script>')")
        page.press("/")
        page.until("document.activeElement.classList.contains('cm-content')")
        page.press(*"path == \"/orders\"")
        page.until("new URLSearchParams(location.search).get('filter') === 'path == \"/orders\"'")
        page.until("document.querySelectorAll('.row').length > 0 && [...document.querySelectorAll('.cell-line')].every((cell) => cell.innerText === '/orders')")
        page.click_until(".row .cell-line", "document.querySelector('.panel')")
        page.until(f"{text}.includes('\"status\"') && {text}.includes('91234567890123456789')")
        self.assertRegex(page.value("location.search"), "call=[0-9a-f]{32}")
        self.assertEqual(page.value("document.querySelectorAll('.panel img, .panel script').length"), 0)
        page.press("\ue00c")  # Escape
        page.until("document.querySelector('.panel') === null")
        page.press("2")
        page.until(f"document.querySelector('.map-node') && {text}.includes('cart')")
        page.press("3")
        page.until("document.querySelector('.verdict h1') && document.querySelector('.charts canvas') && document.querySelector('.sensor')")
        page.press("4")
        page.until("document.querySelector('.targets-form')")
        page.press("t")
        page.until("document.documentElement.dataset.theme === 'dark'")
        page.press("?")
        page.until("document.querySelector('dialog.help[open]')")
        self.assertEqual(page.picture()[:4], b"\x89PNG")
        self.assertEqual(page.complaints, [])


if __name__ == "__main__":
    unittest.main()
