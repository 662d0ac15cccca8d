"""A control process with everything around it, for the tests and benchmarks that need a real one: its settings and folder, a live
client, and a sensor that reads packets from a pair of interfaces."""
import base64
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

import spanlight

PATIENCE_S = 120
SERVE = {"listen": "127.0.0.1:0", "runAs": "", "requestsPerSecond": "unlimited"}
LIBCHDB = sorted(spanlight.ROOT.glob(".cache/libchdb/*/libchdb.so"))


def wait_for(condition, what):
    until = time.monotonic() + PATIENCE_S
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.1)


class Control:
    """A control process with a folder of its own."""

    def __init__(self, folder, **more):
        self.folder = pathlib.Path(folder)
        self.more = more
        self.process = None
        (self.folder / "data").mkdir(exist_ok=True)
        (self.folder / "machines.yaml").write_text(
            "- {address: 10.0.0.1, name: web-1, namespace: shop, workload: vm/web, labels: {app: web}}\n"
            "- {address: 10.0.0.2, name: cart-1, namespace: shop, service: cart, workload: vm/cart}\n")
        self.write({})

    def write(self, tap):
        settings = {"sensors": [{"records": f"ipc://{self.folder}/records.sock", "commands": f"ipc://{self.folder}/command.sock"}],
                    "kubernetes": {"use": "never", "staticMap": str(self.folder / "machines.yaml")},
                    "store": {"directory": str(self.folder / "data"), "batchTime": "100ms"},
                    "serve": SERVE, "tap": tap, **self.more}
        (self.folder / "control.yaml").write_text(json.dumps(settings))

    def start(self):
        with open(self.folder / "control.log", "w") as log:
            self.process = subprocess.Popen([spanlight.PROGRAM, "control", "-c", str(self.folder / "control.yaml")], stderr=log)
        self.url = wait_for(self.serving, "the control process serves").rsplit(" ", 1)[1]

    def said(self):
        return (self.folder / "control.log").read_text()

    def serving(self):
        if self.process.poll() is not None:
            raise AssertionError("the control process ended: " + self.said())
        return next((line for line in self.said().splitlines() if "serving at" in line), None)

    def end(self, number=signal.SIGTERM):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE_S)
        return self.process.returncode if self.process else None

    def raw(self, path, method="GET", body=None, **query):
        url = self.url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"} if body is not None else {})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def get(self, path, **query):
        return json.loads(self.raw(path, **query))

    def calls(self, filter="", **query):
        return self.get("/api/calls", filter=filter, **{"since": "1970-01-01T00:00:00Z", "limit": "1000", **query})["calls"]

    def run(self, *arguments):
        return spanlight.run(*arguments, "--server", self.url)

    def ask_store(self, sql):
        """Whether the store's child did it, asked behind the control process's back."""
        connection = http.client.HTTPConnection("store", timeout=PATIENCE_S)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(str(self.folder / "data" / "store.sock"))
            connection.request("POST", "/?database=spanlight", sql)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def store_pid(self):
        done = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True)
        return int(done.stdout.split()[0]) if done.stdout.split() else None


class Stream:
    """A live client, over the frames of RFC 6455."""

    def __init__(self, url, wish):
        host, port = url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET /api/stream HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.data += self.socket.recv(4096)
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101"), head
        self.say(wish)

    def say(self, wish):
        payload, mask = json.dumps(wish).encode(), os.urandom(4)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        length = struct.pack(">B", 0x80 | len(payload)) if len(payload) < 126 else struct.pack(">BH", 0x80 | 126, len(payload))
        self.socket.sendall(b"\x81" + length + mask + masked)

    def take(self, count):
        while len(self.data) < count:
            more = self.socket.recv(65536)
            assert more, "the server closed the stream"
            self.data += more
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def text(self):
        while True:
            first, length = self.take(2)
            if length == 126:
                length = struct.unpack(">H", self.take(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.take(8))[0]
            payload = self.take(length)
            if first & 0x0f == 1:
                return payload

    def hear(self):
        return json.loads(self.text())

    def close(self):
        self.socket.close()


def wires_work():
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    one, other = (f"slp{os.getpid()}{end}" for end in "ab")
    made = subprocess.run(["ip", "link", "add", one, "type", "veth", "peer", "name", other], capture_output=True)
    subprocess.run(["ip", "link", "del", one], capture_output=True)
    return made.returncode == 0


def call(tcp, path, status=b"200 OK"):
    return tcp.data(0, b"GET %s HTTP/1.1\r\nHost: h\r\nX-Secret: s3cret\r\n\r\n" % path) + \
        tcp.data(1, b"HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\nok" % status)


class Wires:
    """For a TestCase: a control process, and a sensor that listens to a wire of the test's own."""

    PORTS = range(20000, 60000)
    SENSOR = {}  # settings of the sensor that are not as usual

    def set_up_wires(self, **settings):
        """`settings`: of the control process, those of its parts that are not as usual."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.ours, self.theirs = (f"sl{os.getpid()}{end}" for end in "ab")  # several runs on one machine do not meet
        subprocess.run(["ip", "link", "del", self.ours], capture_output=True)
        subprocess.run(["ip", "link", "add", self.ours, "type", "veth", "peer", "name", self.theirs], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", self.ours], capture_output=True)
        for name in (self.ours, self.theirs):
            pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.addCleanup(self.wire.close)
        self.wire.bind((self.ours, 0))
        self.control = self.start_control(folder.name, **settings)
        self.start_sensor()
        self.addCleanup(self.end_sensor)
        self.ports = iter(self.PORTS)

    def start_control(self, folder, machines=None, **settings):
        control = Control(folder, **settings)
        if machines is not None:
            (control.folder / "machines.yaml").write_text(json.dumps(machines))
        self.addCleanup(control.end, signal.SIGKILL)
        control.start()
        return control

    def start_sensor(self):
        settings = {"publishing": {"records": f"ipc://{self.folder}/records.sock", "commands": f"ipc://{self.folder}/command.sock",
                                   "metrics": ""}, "sensor": {"runAs": "", "name": "rack12"}, "packets": {"ringMb": 8}, **self.SENSOR}
        (self.folder / "sensor.yaml").write_text(json.dumps(settings))
        with open(self.folder / "sensor.log", "a") as log:
            self.sensor = subprocess.Popen([spanlight.PROGRAM, "sensor", "-c", str(self.folder / "sensor.yaml"), self.theirs], stderr=log)

        def counted():
            state = self.control.get("/api/sensors", counters="true")["sensors"][0]
            return state["link"] == "connected" and state["counters"] and state["targets_in_force"]
        wait_for(counted, "the sensor is there")

    def end_sensor(self, number=signal.SIGKILL):
        if self.sensor.poll() is None:
            self.sensor.send_signal(number)
        self.sensor.wait()

    def send(self, *paths, client="10.0.0.1", server="10.0.0.2", status=b"200 OK"):
        tcp = spanlight.Tcp((client, next(self.ports)), (server, 80))
        for frame in tcp.handshake() + [f for path in paths for f in call(tcp, path, status)] + tcp.close():
            self.wire.send(frame)
