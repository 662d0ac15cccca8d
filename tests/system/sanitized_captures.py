"""Every capture at hand through the sanitized program: it must end by itself, with every byte accounted for."""
import subprocess
import unittest

import spanlight


class Sanitized(unittest.TestCase):
    def good(self, *captures):
        done = spanlight.run("dissect", "--json", "--quiet", *captures, timeout=600,
                             env={"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "halt_on_error=1"})
        self.assertNotIn(b"Sanitizer", done.stderr)
        self.assertNotIn(b"runtime error", done.stderr)
        self.assertIn(done.returncode, (0, 1), done.stderr[-2000:])  # 1: a capture that is cut

    def test_every_capture(self):
        captures = [*spanlight.CAPTURES.glob("*.pcap*"), *(spanlight.SHARED / "captures").glob("*/*.pcap*")]
        self.assertTrue(captures)
        try:
            self.good(*captures)  # a start takes longer than most captures
        except (AssertionError, subprocess.TimeoutExpired):
            for capture in captures:
                with self.subTest(capture=capture.name):
                    self.good(capture)
            raise


if __name__ == "__main__":
    unittest.main()
