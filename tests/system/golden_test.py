"""Captures in, JSON lines out, compared with what was looked at and found right. scripts/test --update writes them anew."""
import json
import os
import unittest

import spanlight

# Differ from run to run, or from machine to machine.
VOLATILE = ("id", "sensor", "conn_id")


def stable(record):
    return {k: v for k, v in record.items() if k not in VOLATILE}


class Golden(unittest.TestCase):
    def test_every_capture_says_what_it_said(self):
        captures = sorted(spanlight.CAPTURES.glob("*.pcap*"))
        self.assertTrue(captures)
        for capture in captures:
            golden = spanlight.ROOT / "tests" / "golden" / (capture.stem + ".jsonl")
            records = [stable(r) for r in spanlight.dissect(capture)]
            if os.environ.get("UPDATE_GOLDEN"):
                golden.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))
            expected = [json.loads(line) for line in golden.read_text().splitlines()]
            with self.subTest(capture=capture.name):
                self.maxDiff = 4000
                self.assertEqual(len(records), len(expected))
                for ours, theirs in zip(records, expected):
                    self.assertEqual(ours, theirs)


if __name__ == "__main__":
    unittest.main()
