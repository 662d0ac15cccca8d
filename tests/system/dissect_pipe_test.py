"""Captures that come while they are read: tcpdump -U -w - | spanlight dissect -."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

import spanlight
from spanlight import Tcp


class Pipes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        tcp = Tcp()
        self.capture = spanlight.write_pcap(self.folder / "one.pcap", [
            *tcp.handshake(), *tcp.data(0, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"),
            *tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), *tcp.close()]).read_bytes()

    def shown_and_ended(self, source, writer, more=b"", number=signal.SIGTERM, **options):
        """The call is shown while the writer has the pipe open; one signal ends the program in order."""
        with subprocess.Popen([spanlight.PROGRAM, "dissect", "--json", source], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **options) as program:
            os.write(writer(), self.capture + more)
            self.assertEqual(json.loads(program.stdout.readline())["path"], "/a")
            program.send_signal(number)
            said = program.stderr.read().decode()
            self.assertEqual(program.wait(), 1)
            self.assertIn("1 calls: 1 complete", said)
            self.assertNotIn("cut", said)

    def test_the_standard_input(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            read, write = os.pipe()
            self.addCleanup(os.close, write)
            self.shown_and_ended("-", lambda: write, number=number, stdin=read)
            os.close(read)

    def test_a_fifo(self):
        path = self.folder / "fifo"
        os.mkfifo(path)
        writer = os.open(path, os.O_RDWR)
        self.addCleanup(os.close, writer)
        self.shown_and_ended(path, lambda: writer)

    def test_a_packet_that_is_not_whole_when_the_end_is_asked_for(self):
        read, write = os.pipe()
        self.addCleanup(os.close, write)
        self.shown_and_ended("-", lambda: write, more=self.capture[24:24 + 16 + 30], stdin=read)
        os.close(read)


if __name__ == "__main__":
    unittest.main()
