"""What `doctor` says of captures: of losses in the machine, and of nothing at all."""
import pathlib
import struct
import tempfile
import unittest

import spanlight
from spanlight import Tcp


class Doctor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        tcp = Tcp()
        self.call = [*tcp.handshake(), *tcp.data(0, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"),
                     *tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), *tcp.close()]
        self.capture = spanlight.write_pcap(self.folder / "some.pcap", self.call)

    def doctor(self, status, settings=""):
        (self.folder / "some.yaml").write_text(settings)
        done = spanlight.run("doctor", "-c", self.folder / "some.yaml", self.capture)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def test_a_sound_capture(self):
        self.assertIn("nothing was lost in this machine", self.doctor(0)[0])

    def test_fragments_that_could_not_be_kept(self):
        """Not the last of its datagram, and no multiple of eight bytes long."""
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + 81, 7, 0x2000, 64, 17, 0) + bytes([10, 0, 0, 1, 10, 0, 0, 2])
        spanlight.write_pcap(self.capture, [*self.call, b"\0" * 12 + b"\x08\0" + head + b"f" * 81])
        said = self.doctor(1)[0]
        self.assertIn("WRONG  1 IP fragments could not be kept", said)
        self.assertNotIn("nothing was lost", said)

    def test_of_a_file_that_cannot_be_read_nothing_is_judged(self):
        self.capture.write_bytes(self.capture.read_bytes()[:24 + 16 + 10])
        said, fault = self.doctor(1)
        self.assertNotIn("WRONG", said)
        self.assertIn("is cut", fault)

    def test_a_capture_filter_that_nothing_passes(self):
        said = self.doctor(1, "bpf: tcp port 81")[0]
        self.assertIn(f"WRONG  none of {len(self.call)} packets passed the capture filter", said)
        self.assertNotIn("mirror session", said)

    def test_an_empty_capture(self):
        spanlight.write_pcap(self.capture, [])
        self.assertIn("WRONG  no packet arrived", self.doctor(1)[0])


if __name__ == "__main__":
    unittest.main()
