"""The summary of `dissect` names every class of traffic of which no call could become."""
import pathlib
import struct
import tempfile
import unittest

import spanlight
from spanlight import Tcp


def ip(protocol, payload, flags=0, identification=7):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), identification, flags, 64, protocol, 0)
    return b"\0" * 12 + b"\x08\0" + head + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + payload


class Summary(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        tcp = Tcp()
        self.call = [*tcp.handshake(), *tcp.data(0, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"),
                     *tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), *tcp.close()]

    def summary(self, frames, settings="", start=1_700_000_000):
        capture = spanlight.write_pcap(self.folder / "some.pcap", frames, start=start)
        (self.folder / "some.yaml").write_text(settings)
        done = spanlight.run("dissect", "-c", self.folder / "some.yaml", capture)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr.decode()

    def test_what_is_whole_has_no_causes(self):
        self.assertNotIn("beside that", self.summary(self.call))

    def test_other_transports(self):
        self.assertIn("10 packets of which nothing is read", self.summary([ip(50, b"e" * 40)] * 10))

    def test_fragments_that_still_waited(self):
        frames = [ip(17, b"f" * 80, flags=0x2000, identification=i) for i in (1, 2)]
        self.assertIn("2 datagrams whose fragments did not all come", self.summary(frames))

    def test_the_capture_filter(self):
        said = self.summary(self.call, "bpf: tcp port 81")
        self.assertIn(f"{len(self.call)} packets that the capture filter left out", said)

    def test_sampling(self):
        calls = [frame for port in range(100) for frame in Tcp(client=("10.0.0.1", 20000 + port)).handshake()]
        self.assertRegex(self.summary(calls, "sampling: {keep: 1, of: 1000}"), r"\d+ packets that sampling left out")

    def test_a_clock_that_went_back(self):
        day = 86_400_000_000_000
        frames = [(day, frame) for frame in self.call] + [(0, frame) for frame in Tcp(("10.0.0.9", 1)).handshake()]
        self.assertIn("1 times the clock went back", self.summary(frames))


if __name__ == "__main__":
    unittest.main()
