"""A sensor that is told what to capture, and asked for the packets behind a call, over its command socket."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import spanlight
import wire

PATIENCE_S = 60


class Wire:
    """Frames over a pair of interfaces."""

    NAMES = ("sltarget0", "sltarget1")

    def __init__(self, source):
        self.source = source

    def open(self):
        ours, theirs = self.NAMES
        subprocess.run(["ip", "link", "del", ours], capture_output=True)
        subprocess.run(["ip", "link", "add", ours, "type", "veth", "peer", "name", theirs], check=True)
        for name in self.NAMES:
            pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((ours, 0))

    def send(self, frames):
        for frame in frames:
            self.socket.send(frame)

    def close(self):
        self.socket.close()
        subprocess.run(["ip", "link", "del", self.NAMES[0]], capture_output=True)


def wires_work():
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    made = subprocess.run(["ip", "link", "add", "slprobe0", "type", "veth", "peer", "name", "slprobe1"], capture_output=True)
    subprocess.run(["ip", "link", "del", "slprobe0"], capture_output=True)
    return made.returncode == 0


def call(tcp, path):
    return tcp.data(0, b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % path) + \
        tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


class Told:
    """The tests, for each kind of source."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.folder = pathlib.Path(folder.name)
        self.records = f"ipc://{self.folder}/records.sock"
        self.port = Wire(self.SOURCE)
        self.seen = 0

    def start(self, extra=""):
        (self.folder / "sensor.yaml").write_text(
            f"publishing: {{records: 'ipc://{self.folder}/records.sock', commands: 'ipc://{self.folder}/command.sock', metrics: ''}}\n"
            "sensor: {name: tested}\nlcores: {workers: [0]}\n" + extra)
        self.port.open()
        self.addCleanup(self.port.close)
        self.log = open(self.folder / "sensor.log", "w")
        self.addCleanup(self.log.close)
        self.sensor = subprocess.Popen([spanlight.PROGRAM, "sensor", "-c", str(self.folder / "sensor.yaml"), self.port.source],
                                       stderr=self.log)
        self.addCleanup(self.end)
        self.context = wire.zmq.Context()
        self.addCleanup(self.context.term)
        self.subscriber = self.context.socket(wire.zmq.SUB)
        self.addCleanup(self.subscriber.close)
        self.subscriber.connect(self.records)
        self.subscriber.setsockopt(wire.zmq.SUBSCRIBE, b"")
        self.subscriber.setsockopt(wire.zmq.RCVTIMEO, 1_000)
        self.commands = wire.Commands(f"ipc://{self.folder}/command.sock")
        self.addCleanup(self.commands.close)
        self.calls, self.counters, self.hello = [], {}, None
        self.wait(lambda: self.hello is not None and self.counters)

    def end(self):
        if self.sensor.poll() is None:
            self.sensor.send_signal(signal.SIGKILL)
        self.sensor.wait()

    def listen(self):
        try:
            topic, data = self.subscriber.recv_multipart()
        except wire.zmq.Again:
            return
        if topic == b"hello.":
            self.hello = wire.root("Hello", data)
        if topic.startswith(b"record."):
            batch = wire.root("RecordBatch", data)
            self.calls += [batch.Records(i) for i in range(batch.RecordsLength())]
        if topic == b"stats.":
            stats, found = wire.root("Stats", data), {}
            for w in range(stats.WorkersLength()):
                worker = stats.Workers(w)
                for i in range(worker.CountersLength()):
                    c = worker.Counters(i)
                    key = c.Name().decode() + ("{%s}" % c.Label().decode() if c.Label() else "")
                    found[key] = found.get(key, 0) + c.Value()
            self.counters = found

    def wait(self, condition):
        until = time.monotonic() + PATIENCE_S
        while not condition():
            if self.sensor.poll() is not None or time.monotonic() > until:
                self.fail("the sensor does not come along: " + (self.folder / "sensor.log").read_text() + str(self.paths()))
            self.listen()

    def send(self, *connections):
        """Frames of connections in turn; waits until each has its outcome."""
        longest = max(map(len, connections))
        frames = [c[i] for i in range(longest) for c in connections if i < len(c)]
        self.port.send(frames)
        self.seen += len(frames)
        self.wait(lambda: self.counters.get("received_packets_total", 0) >= self.seen)
        self.assertEqual(self.counters["received_packets_total"], self.seen)
        self.assertEqual(sum(v for k, v in self.counters.items() if k.startswith("packets_total{")), self.seen)

    def paths(self):
        return sorted(c.Path().decode() for c in self.calls if c.Path() and c.State() == 0)

    def test_a_set_of_addresses_takes_effect_at_once_and_is_told(self):
        self.start()
        before = self.commands.ping()
        self.assertEqual((before.TargetsGeneration(), before.TargetsOnly()), (0, False))
        a, b = spanlight.Tcp(("10.0.0.1", 40001)), spanlight.Tcp(("10.0.0.3", 40002), ("10.0.0.4", 80))
        self.send(a.handshake() + call(a, b"/a1"), b.handshake() + call(b, b"/b1"))
        self.wait(lambda: self.paths() == ["/a1", "/b1"])
        reply = self.commands.set_targets(["10.0.0.9", "10.0.0.2"])  # the server of `a`
        self.assertTrue(reply.Ok(), reply.Error())
        self.assertEqual((reply.TargetsGeneration(), reply.TargetsOnly(), reply.TargetsAddresses()), (1, True, 2))
        self.send(call(a, b"/a2"), call(b, b"/b2"))
        self.wait(lambda: self.paths() == ["/a1", "/a2", "/b1"])
        self.assertEqual(self.counters["packets_total{filtered}"], 2)
        self.assertEqual(self.counters["targets_generation"], 1)
        self.assertTrue(self.commands.set_targets().Ok())  # everything again
        self.send(call(b, b"/b3"))
        self.wait(lambda: "/b3" in self.paths())
        again = self.commands.ping()
        self.assertEqual((again.TargetsGeneration(), again.TargetsOnly()), (2, False))

    def test_a_filter_takes_its_place_and_a_wrong_one_is_refused(self):
        self.start()
        a, b = spanlight.Tcp(("10.0.0.1", 40001)), spanlight.Tcp(("10.0.0.3", 40002), ("10.0.0.4", 80))
        self.send(a.handshake(), b.handshake())
        reply = self.commands.set_targets(["10.0.0.1"], bpf="tcp port 40002")
        self.assertTrue(reply.Ok(), reply.Error())
        self.assertEqual((reply.TargetsGeneration(), reply.TargetsBpf()), (1, b"tcp port 40002"))
        wrong = self.commands.set_targets(["10.0.0.1"], bpf="tcp prt 40002")
        self.assertFalse(wrong.Ok())
        self.assertIn(b"syntax error", wrong.Error())
        self.assertEqual((wrong.TargetsGeneration(), wrong.TargetsBpf()), (1, b"tcp port 40002"))  # as it was
        self.send(call(a, b"/a"), call(b, b"/b"))
        self.wait(lambda: self.paths() == ["/b"])
        self.assertEqual(self.counters["packets_total{filtered}"], 2)

    def test_the_packets_behind_a_call(self):
        self.start("packets: {ringMb: 4}\n")
        self.assertEqual(self.hello.PacketBytes(), 4 << 20)
        a, b = spanlight.Tcp(("10.0.0.1", 40001)), spanlight.Tcp(("10.0.0.3", 40002), ("10.0.0.4", 80))
        frames = a.handshake() + call(a, b"/a") + a.close()
        self.send(frames, b.handshake() + call(b, b"/b"))
        self.wait(lambda: self.paths() == ["/a", "/b"])
        of_a = next(c for c in self.calls if c.Path() == b"/a")
        self.assertTrue(of_a.Flags() & module_flag("packets"))
        reply = self.commands.packets([of_a.ConnId()])
        self.assertTrue(reply.Ok(), reply.Error())
        file = bytes(reply.Packets().PcapngAsNumpy()) if hasattr(reply.Packets(), "numpy") else \
            bytes(reply.Packets().Pcapng(i) for i in range(reply.Packets().PcapngLength()))
        self.assertEqual([bytes(p[2]) for p in wire.pcapng_packets(file)], frames)
        self.assertEqual({p[0] for p in wire.pcapng_packets(file)}, {1})
        self.assertEqual((reply.Packets().Count(), reply.Packets().Truncated()), (len(frames), False))
        # What comes out is a capture like any other, of that one call.
        saved = self.folder / "call.pcapng"
        saved.write_bytes(file)
        self.assertEqual([r["path"] for r in spanlight.dissect(saved)], ["/a"])
        if shutil.which("tcpdump"):
            read = subprocess.run(["tcpdump", "-n", "-r", str(saved)], capture_output=True, text=True)
            self.assertEqual(read.returncode, 0, read.stderr)
            self.assertEqual(len(read.stdout.splitlines()), len(frames))
        little = self.commands.packets([of_a.ConnId()], max_bytes=400).Packets()
        self.assertTrue(little.Truncated())
        self.assertLess(little.Count(), len(frames))
        self.assertEqual(self.commands.packets([of_a.ConnId() ^ 1]).Packets().Count(), 0)

    def test_without_a_ring_it_says_so(self):
        self.start()
        a = spanlight.Tcp()
        self.send(a.handshake() + call(a, b"/a"))
        self.wait(lambda: self.paths() == ["/a"])
        self.assertFalse(self.calls[0].Flags() & module_flag("packets"))
        reply = self.commands.packets([self.calls[0].ConnId()])
        self.assertFalse(reply.Ok())
        self.assertIn(b"packets.ringMb", reply.Error())
        self.assertEqual(self.hello.PacketBytes(), 0)


def module_flag(name):
    return getattr(wire.module("Flag").Flag, name)


@unittest.skipUnless(wire.usable() and wires_work(), "needs root, flatc, python3-flatbuffers and python3-zmq")
class OverAnInterface(Told, unittest.TestCase):
    SOURCE = Wire.NAMES[1]


@unittest.skipUnless(wire.usable() and wires_work(), "needs root, flatc, python3-flatbuffers and python3-zmq")
class OverADpdkDevice(Told, unittest.TestCase):
    SOURCE = f"net_af_packet0,iface={Wire.NAMES[1]}"


if __name__ == "__main__":
    unittest.main()
