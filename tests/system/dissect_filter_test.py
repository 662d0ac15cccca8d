"""`spanlight dissect --filter`: which calls are printed, and what is said of a filter that is wrong."""
import pathlib
import tempfile
import unittest

import spanlight


class Filter(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        tcp = spanlight.Tcp()
        frames = tcp.handshake()
        for n, status in enumerate((200, 404, 500, 200)):
            frames += tcp.data(0, b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n)
            frames += tcp.data(1, b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)
        self.capture = spanlight.write_pcap(pathlib.Path(folder.name) / "calls.pcap", frames + tcp.close())

    def test_what_matches_is_printed(self):
        for text, paths in (("status_code >= 400", ["/1", "/2"]), ('http && path == "/3"', ["/3"]), ("redis", []),
                            ('dst.ip.inCidr("10.0.0.2/32")', ["/0", "/1", "/2", "/3"]), ("", ["/0", "/1", "/2", "/3"])):
            self.assertEqual([r["path"] for r in spanlight.dissect(self.capture, "--filter", text)], paths, text)

    def test_the_table_and_the_summary_follow(self):
        done = spanlight.run("dissect", "--filter", "status_code == 500", self.capture)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"GET /2", done.stdout)
        self.assertNotIn(b"GET /1", done.stdout)
        self.assertIn(b"of these 1 match the filter", done.stderr)
        counted = spanlight.run("dissect", "--format", "none", "--filter", "status_code < 500", self.capture)
        self.assertIn(b"of these 3 match the filter", counted.stderr)

    def test_a_wrong_one_is_told_with_its_place(self):
        done = spanlight.run("dissect", "--filter", "http && statuscode == 500", self.capture)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"statuscode", done.stderr)
        self.assertIn(b"^", done.stderr)
        self.assertIn(b"status_code", done.stderr)  # what was meant

    def test_the_fields_of_the_registry_are_known(self):
        agents = spanlight.dissect(spanlight.CAPTURES / "lab-nginx.pcap", "--filter", 'http_user_agent.startsWith("curl")')
        self.assertTrue(agents)
        for record in agents:
            self.assertTrue(record["request"]["fields"]["user_agent"].startswith("curl"))

    def test_a_stream_has_none(self):
        done = spanlight.run("dissect", "--filter", "http", "--format", "flatbuffers", self.capture)
        self.assertEqual((done.returncode, done.stdout), (2, b""))


if __name__ == "__main__":
    unittest.main()
