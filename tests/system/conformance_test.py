"""The HTTP/1 calls of real captures against an independent dissector's account of them. The captures are not part of the
project: without them beside it the test is skipped. Differences that are not ours stand in tests/golden/conformance.md."""
import json
import re
import subprocess
import sys
import unittest

import spanlight

TOOL = spanlight.SHARED / "tools" / "conformance.py"
CAPTURES = spanlight.SHARED / "captures"
AGREEMENT_MIN = 99.0  # percent


@unittest.skipUnless(TOOL.exists() and CAPTURES.exists(), "the shared captures are not there")
class Conformance(unittest.TestCase):
    def test_http_calls_agree(self):
        done = subprocess.run([sys.executable, str(TOOL), "--spanlight", spanlight.PROGRAM, "--set", str(CAPTURES),
                               "--protocols", "http1,encap,midstream,dns,websocket,http2", "--json", "--show", "20"],
                              capture_output=True, text=True, timeout=600)
        line = next(l for l in done.stdout.splitlines() if l.startswith("{"))
        http = json.loads(line)["http1"]
        self.assertGreaterEqual(http["agreement"], AGREEMENT_MIN, done.stdout[-4000:])
        self.assertGreater(http["matched"], 20)

    def test_no_capture_breaks_the_program(self):
        for capture in sorted(CAPTURES.glob("*/*.pcap*")):
            if capture.parent.name in ("expected",):
                continue
            with self.subTest(capture=capture.name):
                counts = spanlight.counters(capture)
                self.assertEqual(spanlight.unaccounted(counts), 0)
                self.assertEqual(counts["memory_bytes{state}"], 0, "slabs were not given back")
                self.assertEqual(counts["memory_bytes{preview}"], 0, "slabs were not given back")


if __name__ == "__main__":
    unittest.main()
