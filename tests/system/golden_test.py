"""Captures in, JSON lines out, compared with what was looked at and found right. scripts/test --update writes them anew."""
import json
import os
import unittest

import spanlight

# Differ from run to run, or from machine to machine.
VOLATILE = ("id", "sensor", "conn_id")


# What a capture is read with, beside nothing.
OPTIONS = {"connections": ["--connections"]}


def in_order(records):
    """Batches of several protocols leave by the clock: their order is none."""
    return sorted(records, key=lambda r: (r.get("timestamp") or r["response_timestamp"], r["protocol"], json.dumps(r, sort_keys=True)))


def stable(record):
    kept = {k: v for k, v in record.items() if k not in VOLATILE}
    kept.get("request", {}).get("fields", {}).pop("quoted_conn_id", None)
    return kept


class Golden(unittest.TestCase):
    def test_every_capture_says_what_it_said(self):
        captures = sorted(spanlight.CAPTURES.glob("*.pcap*"))
        self.assertTrue(captures)
        for capture in captures:
            golden = spanlight.ROOT / "tests" / "golden" / (capture.stem + ".jsonl")
            records = in_order(stable(r) for r in spanlight.dissect(capture, *OPTIONS.get(capture.stem, [])))
            if os.environ.get("UPDATE_GOLDEN"):
                golden.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))
            expected = in_order(json.loads(line) for line in golden.read_text().splitlines())
            with self.subTest(capture=capture.name):
                self.maxDiff = 4000
                self.assertEqual(len(records), len(expected))
                for ours, theirs in zip(records, expected):
                    self.assertEqual(ours, theirs)


if __name__ == "__main__":
    unittest.main()
