"""A sensor that gets more than it can take: every frame has its outcome, and it ends in order."""
import collections
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import zmq

import spanlight

PATIENCE_S = 60
DROPS_MIN = 10_000

# Two workers and one queue: what one receives goes to the other over a ring that is far too small, and half of the
# connections do not fit into the flow table.
SETTINGS = """
lcores: {{workers: [0, 1]}}
dpdk: {{ringSize: 64}}
flows: {{max: 1024}}
publishing: {{records: "ipc://{folder}/records.sock", commands: "ipc://{folder}/command.sock", metrics: ""}}
shedding: {{enabled: {shedding}}}
"""


def busy_network(path):
    """2,000 connections at once, their packets mixed."""
    ways = []
    for n in range(2_000):
        tcp = spanlight.Tcp(client=(f"10.0.{n // 200}.{n % 200 + 1}", 40_000 + n))
        ways.append(tcp.handshake() + tcp.data(0, b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n) +
                    tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000))
    return spanlight.write_pcap(path, [frame for frames in zip(*ways) for frame in frames])


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("flatc"), "needs root and flatc")
class Overload(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(self.folder, 0o755)
        generated = os.path.join(self.folder, "generated")
        schemas = [str(spanlight.ROOT / "config" / "schema" / f"{name}.fbs") for name in ("record", "stats", "hello")]
        subprocess.run(["flatc", "--python", "-o", generated, *schemas], check=True)
        # The generated package has the name of our own module.
        spanlight.__path__ = [os.path.join(generated, "spanlight")]
        self.addCleanup(delattr, spanlight, "__path__")
        from spanlight.wire.Stats import Stats
        self.stats_of = lambda message: Stats.GetRootAs(message, 0)

    def counted(self, message):
        """By worker: "name" or "name{label}" -> value."""
        stats = self.stats_of(message)
        workers = [collections.Counter() for _ in range(stats.WorkersLength())]
        for w, counts in enumerate(workers):
            table = stats.Workers(w)
            for i in range(table.CountersLength()):
                counter = table.Counters(i)
                label = (counter.Label() or b"").decode()
                counts[counter.Name().decode() + (f"{{{label}}}" if label else "")] += counter.Value()
        return workers

    def flood(self, shedding, causes, sentence=""):
        """The last stats of a sensor that was stopped when enough packets had ended so, and it had said the sentence."""
        settings = os.path.join(self.folder, "sensor.yaml")
        with open(settings, "w") as out:
            out.write(SETTINGS.format(folder=self.folder, shedding="true" if shedding else "false"))
        capture = busy_network(os.path.join(self.folder, "busy.pcap"))
        log = os.path.join(self.folder, "log")
        to_log = open(log, "w")
        self.addCleanup(to_log.close)
        sensor = subprocess.Popen([spanlight.PROGRAM, "sensor", "-c", settings, f"net_pcap0,rx_pcap={capture},infinite_rx=1"],
                                  stderr=to_log)
        self.addCleanup(lambda: sensor.poll() is None and (sensor.kill(), sensor.wait()))
        context = zmq.Context()
        self.addCleanup(context.destroy, 0)
        socket = context.socket(zmq.SUB)
        self.addCleanup(socket.close, 0)
        socket.subscribe("stats.")
        socket.connect(f"ipc://{self.folder}/records.sock")
        last = None
        asked = False  # a second SIGINT would kill it
        until = time.monotonic() + PATIENCE_S
        while sensor.poll() is None or socket.poll(500):
            self.assertLess(time.monotonic(), until, "the sensor does not end")
            if not socket.poll(500):
                continue
            last = self.counted(socket.recv_multipart()[1])
            enough = all(sum(w[f"packets_total{{{cause}}}"] for w in last) > DROPS_MIN for cause in causes)
            if enough and sentence in pathlib.Path(log).read_text() and not asked:
                asked = True
                sensor.send_signal(signal.SIGINT)
        self.assertEqual(sensor.returncode, 0, pathlib.Path(log).read_text())
        return last

    def test_every_frame_has_an_outcome(self):
        workers = self.flood(False, ("handover_full", "stream"))
        self.assertEqual(len(workers), 2)
        for counts in workers:
            self.assertEqual(spanlight.unaccounted(counts), 0)
        total = sum(workers, collections.Counter())
        # What one worker gave to a ring is what another took from it, but for what was on its way at the stop.
        lost_at_stop = total["packets_total{handed_over}"] - total["handed_in_packets_total"]
        self.assertGreaterEqual(lost_at_stop, 0)
        self.assertLessEqual(lost_at_stop, 64)
        self.assertGreater(total["packets_total{handover_full}"], DROPS_MIN)
        self.assertGreater(total["flows_total{evicted}"], 0)
        self.assertGreater(total["records_total"], 0)
        self.assertEqual(total["packets_total{shed_flow}"], 0)

    def test_what_is_left_out_is_counted_and_said(self):
        workers = self.flood(True, ("shed_flow", "stream"), "a share of the connections is left out")
        for counts in workers:
            self.assertEqual(spanlight.unaccounted(counts), 0)
        total = sum(workers, collections.Counter())
        self.assertGreater(total["packets_total{shed_flow}"], DROPS_MIN)
        self.assertGreater(total["shedding_milliseconds_total{flows}"], 0)
        self.assertGreater(total["shedding_steps_total{up}"], 0)
        self.assertEqual(total["shedding_milliseconds_total{protocols}"], 0)
        self.assertGreater(total["records_total"], 0)


if __name__ == "__main__":
    unittest.main()
