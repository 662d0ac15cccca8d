"""Kafka as a user sees it: kcat and librdkafka's own broker on loopback; what they said is what is told."""
import collections
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

import spanlight
import tap

sys.path.insert(0, str(spanlight.ROOT / "tests" / "support"))
import kafka_ends as ends  # noqa: E402


def cannot_capture():
    if os.getuid() != 0:
        return "capturing on loopback needs root"
    return None if shutil.which("tcpdump") else "tcpdump is not installed"


WHY_NOT = ends.cannot_run() or cannot_capture()


@unittest.skipIf(WHY_NOT is not None, WHY_NOT)
class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.capture = pathlib.Path(cls.folder.name, "live.pcap")
        broker = ends.Broker()
        try:
            with tap.Tap("lo", cls.capture, f"tcp port {broker.port}"):
                cls.read = ends.converse(broker)
        finally:
            broker.stop()
        cls.calls = spanlight.dissect(cls.capture)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def of(self, name):
        return [c for c in self.calls if c.get("method") == name]

    def test_every_request_has_its_answer(self):
        self.assertEqual({c["protocol"] for c in self.calls}, {"kafka"})
        odd = [(c["summary"], c["state"]) for c in self.calls if c["state"] != "complete" and c.get("reason") not in ("closed", "reset")]
        # This stand-in for a broker answers also who wants no answer.
        (quiet,) = [c for c in self.of("Produce") if c["request"]["fields"]["acks"] == 0]
        self.assertEqual(odd, [(f"Produce {ends.TOPIC}", "one_way"), (f"answer {quiet['request']['fields']['correlation_id']}", "no_request")])
        counts = spanlight.counters(self.capture)
        self.assertEqual(spanlight.unaccounted(counts), 0)
        self.assertEqual(counts["dissect_total{malformed}"], 0)
        self.assertEqual(counts["memory_bytes{state}"], 0)

    def test_what_was_produced(self):
        said = collections.Counter()
        for call in self.of("Produce"):
            fields = call["request"]["fields"]
            self.assertEqual(fields["topics"], [ends.TOPIC])
            said[fields["client_id"], fields["compression"]] += fields["records"]
            if fields["compression"] == "none" and fields["acks"] != 0:
                self.assertEqual((fields["key"], call["request"]["body"]["data"]), ("k1", "one " * 40 + "none"))
        self.assertEqual(said, {("shop-none", "none"): 2, ("shop-gzip", "gzip"): 2, ("shop-snappy", "snappy"): 2, ("shop-lz4", "lz4"): 2,
                                ("shop-quiet", "none"): 1})
        (quiet,) = [c for c in self.of("Produce") if c["request"]["fields"]["acks"] == 0]
        self.assertEqual((quiet["state"], quiet["flags"]), ("one_way", []))

    def test_what_was_fetched(self):
        fetched = sum(c["response"]["fields"].get("records", 0) for c in self.of("Fetch")
                      if c["state"] == "complete" and c["request"]["fields"]["client_id"] == "billing")
        self.assertEqual(fetched, len(self.read))
        self.assertEqual(len(self.read), 8)

    def test_groups(self):
        for name in ("FindCoordinator", "JoinGroup", "SyncGroup"):
            self.assertTrue(any(ends.GROUP in c["summary"] for c in self.of(name)), name)


if __name__ == "__main__":
    unittest.main()
