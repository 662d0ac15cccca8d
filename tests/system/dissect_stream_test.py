"""`spanlight dissect --format flatbuffers`: captures for another program, without loss, and with an end."""
import collections
import os
import pathlib
import pty
import struct
import subprocess
import tempfile
import time
import unittest

import spanlight
import wire

CALLS = 3_000


def frames_of(data):
    """(topic, message) of each frame of a stream."""
    assert data[:8] == b"SLSTRM01", data[:8]
    padded = lambda n: (n + 7) // 8 * 8
    at = 8
    while at < len(data):
        topic, message = struct.unpack_from("<II", data, at)
        at += 8
        yield data[at:at + topic].decode(), data[at + padded(topic):at + padded(topic) + message]
        at += padded(topic) + padded(message)
    assert at == len(data)


@unittest.skipUnless(wire.usable(), "needs flatc and python3-flatbuffers")
class Stream(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def capture(self, name, calls=CALLS):
        tcp = spanlight.Tcp()
        frames = tcp.handshake()
        for n in range(calls):
            frames += tcp.data(0, b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n)
            frames += tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"b" * 500)
        return spanlight.write_pcap(self.folder / name, frames + tcp.close())

    def read(self, data):
        """What a stream holds: captures, paths by epoch, end. Batches are closed by the clock: only the order within a protocol is certain."""
        captures, paths, batches, nexts, end = [], {}, {}, {}, None
        for topic, message in frames_of(data):
            self.assertIsNone(end, "something behind the end")
            if topic == "capture.":
                captures.append(message.decode())
            elif topic == "hello.":
                epoch = wire.root("Hello", message).SensorEpoch()
                paths[epoch] = collections.defaultdict(list)
            elif topic.startswith("record."):
                batch = wire.root("RecordBatch", message)
                self.assertEqual(batch.SensorEpoch(), epoch)
                self.assertEqual(batch.Sequence(), batches.get((epoch, topic), 0))  # from 0, without holes
                batches[epoch, topic] = batch.Sequence() + 1
                paths[epoch][topic.split(".")[1]] += [(batch.Records(i).Path() or b"").decode() for i in range(batch.RecordsLength())]
            elif topic == "stats.":
                stats = wire.root("Stats", message)
                self.assertEqual(stats.SensorEpoch(), epoch)
                nexts[epoch] = sum(stats.NextSequences(i).Next() for i in range(stats.NextSequencesLength()))
            elif topic == "end.":
                end = message[0]
        self.assertEqual(nexts, {epoch: sum(n for (of, _), n in batches.items() if of == epoch) for epoch in nexts})
        return captures, list(paths.values()), end

    def test_it_holds_what_the_lines_hold_file_by_file(self):
        files = [self.capture("one.pcap"), self.capture("two.pcap", 10), spanlight.CAPTURES / "lab-nginx.pcap"]
        done = spanlight.run("dissect", "--format", "flatbuffers", "-q", *files)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        captures, paths, end = self.read(done.stdout)
        self.assertEqual(captures, [str(f) for f in files])
        self.assertEqual(end, 1)
        for path, file in zip(paths, files):
            lines = collections.defaultdict(list)
            for record in spanlight.dissect(file):
                lines[record["protocol"]].append(record.get("path", ""))
            self.assertEqual(path, lines)
        self.assertEqual(paths[0]["http"], [f"/{n}" for n in range(CALLS)])

    def test_a_slow_reader_loses_nothing(self):
        file = self.capture("one.pcap", 10 * CALLS)
        process = subprocess.Popen([spanlight.PROGRAM, "dissect", "--format", "flatbuffers", "-q", str(file)],
                                   stdout=subprocess.PIPE)
        data = b""
        for _ in range(20):
            data += os.read(process.stdout.fileno(), 10_000)
            time.sleep(0.02)
        data += process.stdout.read()
        process.stdout.close()
        self.assertEqual(process.wait(60), 0)
        _, paths, end = self.read(data)
        self.assertEqual((len(paths[0]["http"]), end), (10 * CALLS, 1))

    def test_what_was_not_whole_is_said(self):
        whole = self.capture("whole.pcap", 10)
        cut = self.folder / "cut.pcap"
        cut.write_bytes(pathlib.Path(self.capture("x.pcap", 10)).read_bytes()[:-7])
        done = spanlight.run("dissect", "--format", "flatbuffers", "-q", cut, self.folder / "missing.pcap", whole)
        self.assertEqual(done.returncode, 1)
        captures, paths, end = self.read(done.stdout)
        self.assertEqual(captures, [str(cut), str(whole)])  # what could not be opened has no records
        self.assertEqual([len(p["http"]) for p in paths], [10, 10])
        self.assertEqual(end, 0)
        self.assertIn(b"missing.pcap", done.stderr)

    def test_a_reader_that_goes_away_ends_it(self):
        process = subprocess.Popen([spanlight.PROGRAM, "dissect", "--format", "flatbuffers", "-q",
                                    str(self.capture("one.pcap", 10 * CALLS))], stdout=subprocess.PIPE)
        self.assertEqual(process.stdout.read(8), b"SLSTRM01")
        process.stdout.close()
        process.wait(60)

    def test_a_terminal_is_spared(self):
        ours, theirs = pty.openpty()
        done = subprocess.run([spanlight.PROGRAM, "dissect", "--format", "flatbuffers", str(self.capture("one.pcap", 1))],
                              stdout=theirs, stderr=subprocess.PIPE, timeout=60)
        os.close(theirs)
        os.close(ours)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"not for a terminal", done.stderr)


if __name__ == "__main__":
    unittest.main()
