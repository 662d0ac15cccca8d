"""Every capture at hand through the sanitized program: it must end by itself, with every byte accounted for."""
import unittest

import spanlight


class Sanitized(unittest.TestCase):
    def test_every_capture(self):
        captures = [*spanlight.CAPTURES.glob("*.pcap*"), *(spanlight.SHARED / "captures").glob("*/*.pcap*")]
        self.assertTrue(captures)
        for capture in captures:
            with self.subTest(capture=capture.name):
                done = spanlight.run("dissect", "--json", "--quiet", capture, timeout=120,
                                     env={"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "halt_on_error=1"})
                self.assertNotIn(b"Sanitizer", done.stderr)
                self.assertNotIn(b"runtime error", done.stderr)
                self.assertIn(done.returncode, (0, 1), done.stderr[-2000:])  # 1: a capture that is cut


if __name__ == "__main__":
    unittest.main()
