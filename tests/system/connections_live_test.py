"""Live: two namespaces, and between them a relay that delays every frame and loses some, with the sensor listening on it. The
kernel's netem would do the same where it is built; a relay knows besides which frames it lost."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import spanlight

DELAY_MS = 30          # each way, behind the sensor: toward the server
LOSE_EVERY = 40        # frames of the server with payload
BODY_BYTES = 400_000
PATIENCE_S = 60
NAME = f"slc{os.getpid() % 100000}"

SERVER = f"""
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("10.98.0.2", 8000)); s.listen(16); print("ready", flush=True)
while True:
    c, _ = s.accept(); c.recv(65536)
    c.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: {BODY_BYTES}\\r\\n\\r\\n" + b"x" * {BODY_BYTES})
    c.close()
"""
CLIENT = """
import socket
c = socket.create_connection(("10.98.0.2", 8000), timeout=50)
c.sendall(b"GET /big HTTP/1.1\\r\\nHost: s\\r\\n\\r\\n")
n = 0
while True:
    part = c.recv(65536)
    if not part: break
    n += len(part)
print(n)
"""


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Relay(threading.Thread):
    """Frames from one interface to the other, DELAY_MS later; every LOSE_EVERYth with payload of the server's never."""

    def __init__(self, client_side, server_side):
        super().__init__(daemon=True)
        self.ends = [self.open(client_side), self.open(server_side)]
        self.over = threading.Event()
        self.lost = self.seen = 0

    @staticmethod
    def open(name):
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        raw.bind((name, 0))
        raw.setblocking(False)
        return raw

    def loses(self, frame):
        if frame[12:14] != b"\x08\0" or len(frame) < 200:
            return False
        self.seen += 1
        if self.seen % LOSE_EVERY != 0:
            return False
        self.lost += 1
        return True

    def run(self):
        queue = []
        while not self.over.is_set():
            now = time.monotonic()
            for side in (0, 1):
                for _ in range(256):
                    try:
                        frame, address = self.ends[side].recvfrom(65536)
                    except BlockingIOError:
                        break
                    if address[2] == socket.PACKET_OUTGOING or (side == 1 and self.loses(frame)):
                        continue
                    queue.append((now + DELAY_MS / 1000, 1 - side, frame))
            while queue and queue[0][0] <= now:
                _, side, frame = queue.pop(0)
                try:
                    self.ends[side].send(frame)
                except OSError:
                    pass
            time.sleep(0.0002)


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("ip") and shutil.which("ethtool"), "needs root, ip and ethtool")
class Live(unittest.TestCase):
    def setUp(self):
        self.started = []
        for end, address in (("c", "10.98.0.1"), ("s", "10.98.0.2")):
            space, inside, outside = f"{NAME}{end}", f"{NAME}{end}0", f"{NAME}{end}1"
            ip("netns", "add", space)
            self.addCleanup(subprocess.run, ["ip", "netns", "del", space], capture_output=True)
            ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", space)
            self.addCleanup(subprocess.run, ["ip", "link", "del", outside], capture_output=True)
            ip("-n", space, "addr", "add", f"{address}/24", "dev", inside)
            ip("-n", space, "link", "set", inside, "up")
            ip("link", "set", outside, "up", "promisc", "on")
            for tool in (["ip", "netns", "exec", space, "ethtool", "-K", inside], ["ethtool", "-K", outside]):
                subprocess.run([*tool, "tso", "off", "gso", "off", "gro", "off", "tx", "off"], capture_output=True)
            pathlib.Path(f"/proc/sys/net/ipv6/conf/{outside}/disable_ipv6").write_text("1")
        self.addCleanup(self.stop)

    def stop(self):
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self.started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, *command, **more):
        process = subprocess.Popen(command, **more)
        self.started.append(process)
        return process

    def in_space(self, end, code, **more):
        return self.start("ip", "netns", "exec", f"{NAME}{end}", sys.executable, "-c", code, stdout=subprocess.PIPE, text=True, **more)

    def wait_for(self, condition, what):
        until = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), until, what)
            time.sleep(0.05)

    def test_round_trips_and_loss(self):
        with tempfile.TemporaryDirectory(prefix="slc-") as folder:
            os.chmod(folder, 0o777)
            records = f"ipc://{folder}/records.sock"
            settings = pathlib.Path(folder) / "s.yaml"
            settings.write_text(f"sensor: {{runAs: ''}}\npublishing: {{records: '{records}', commands: 'ipc://{folder}/c.sock', metrics: ''}}\n"
                                "dpdk: {hugepages: never}\nflows: {max: 4096, tcpClosed: 1}\nreassembly: {stateMemory: 32MiB, previewMemory: 8MiB}\n"
                                "connections: {records: all, interval: 1}\n")
            relay = Relay(f"{NAME}c1", f"{NAME}s1")
            relay.start()
            self.addCleanup(relay.over.set)
            log = open(pathlib.Path(folder) / "log", "w+")
            sensor = self.start(spanlight.PROGRAM, "sensor", "-c", str(settings), f"{NAME}c1", stderr=log)
            said = lambda: (pathlib.Path(folder) / "log").read_text()
            self.wait_for(lambda: sensor.poll() is not None or "records at" in said(), "the sensor does not start")
            self.assertIsNone(sensor.poll(), said())
            out = open(pathlib.Path(folder) / "out.jsonl", "w+")
            self.start(spanlight.PROGRAM, "tail", "--json", "--connect", records, stdout=out, stderr=subprocess.DEVNULL)
            server = self.in_space("s", SERVER)
            self.assertEqual(server.stdout.readline().strip(), "ready")
            lines = lambda: [json.loads(l) for l in (pathlib.Path(folder) / "out.jsonl").read_text().splitlines(keepends=True) if l.endswith("\n")]
            closed = lambda: [r for r in lines() if r["protocol"] == "conn" and r["request"]["fields"]["state"] == "closed"]

            def fetch():
                client = self.in_space("c", CLIENT)
                self.assertGreater(int(client.communicate(timeout=PATIENCE_S)[0]), BODY_BYTES)

            until = time.monotonic() + PATIENCE_S
            while not closed():  # the first may come before the subscription has
                self.assertLess(time.monotonic(), until, said())
                fetch()
                time.sleep(1.5)
            record = closed()[-1]
            fields = record["request"]["fields"]
            call = next(r for r in lines() if r["protocol"] == "http" and r["conn_id"] == record["conn_id"])
            self.assertEqual(call["path"], "/big")
            self.assertEqual(fields["zeek_state"], "SF")
            self.assertEqual(fields["l7_detected"], ["http"])
            self.assertGreaterEqual(fields["remote_bytes"], BODY_BYTES)
            # The delay lies between sensor and server, there and back; a busy machine makes it longer, never shorter.
            for name in ("handshake_time", "rtt_min", "remote_rtt_min"):
                self.assertGreaterEqual(fields[name], 2 * DELAY_MS * 1000 * 0.9, name)
                self.assertLess(fields[name], 20 * DELAY_MS * 1000, name)
            self.assertLess(fields["local_rtt_min"], DELAY_MS * 1000)
            self.assertLessEqual(fields["rtt_min"], fields["rtt_avg"])
            self.assertLessEqual(fields["rtt_min"], fields["rtt_p95"])
            # What was lost on the way came again: to the sensor it is bytes that came late.
            self.assertGreater(relay.lost, 0)
            self.assertGreater(fields["remote_retransmissions"] + fields["remote_out_of_order"], 0)
            self.assertEqual(fields["remote_missing_bytes"], 0)


if __name__ == "__main__":
    unittest.main()
