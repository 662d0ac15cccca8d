"""The calls of real captures against an independent dissector's account of them. The captures are not part of the
project: without them beside it the test is skipped. Differences that are not ours stand in tests/golden/conformance.md."""
import json
import re
import subprocess
import sys
import unittest

import spanlight

TOOL = spanlight.SHARED / "tools" / "conformance.py"
CAPTURES = spanlight.SHARED / "captures"
AGREEMENT_MIN = {"http1": 99.0, "dns": 97.5}  # percent; what golden/conformance.md names is in it
MATCHED_MIN = {"http1": 20, "dns": 30}


@unittest.skipUnless(TOOL.exists() and CAPTURES.exists(), "the shared captures are not there")
class Conformance(unittest.TestCase):
    def agreement(self, protocols):
        """By protocol, and what the tool said."""
        done = subprocess.run([sys.executable, str(TOOL), "--spanlight", spanlight.PROGRAM, "--set", str(CAPTURES),
                               "--protocols", protocols, "--json", "--show", "20"],
                              capture_output=True, text=True, timeout=600)
        line = next(l for l in done.stdout.splitlines() if l.startswith("{"))
        return json.loads(line), done.stdout[-4000:]

    def test_calls_agree(self):
        found, said = self.agreement("http1,encap,midstream,dns,websocket,http2")
        for protocol, least in AGREEMENT_MIN.items():
            with self.subTest(protocol=protocol):
                self.assertGreaterEqual(found[protocol]["agreement"], least, said)
                self.assertGreater(found[protocol]["matched"], MATCHED_MIN[protocol])

    def test_http2_and_grpc_calls_agree(self):
        found, said = self.agreement("http2,grpc")
        for protocol, calls in (("http2", 20), ("grpc", 3)):
            self.assertGreaterEqual(found[protocol]["agreement"], 99.0, said)
            self.assertGreaterEqual(found[protocol]["matched"], calls)

    def test_tls_and_quic_calls_agree(self):
        found, said = self.agreement("tls,quic")
        for protocol in ("tls", "quic"):
            self.assertGreaterEqual(found[protocol]["agreement"], 98.0, said)
            self.assertGreaterEqual(found[protocol]["matched"], 3)

    def test_postgresql_and_kafka_calls_agree(self):
        found, said = self.agreement("postgresql,kafka")
        # A code with the letter of its field: golden/conformance.md.
        counted = found["postgresql"]
        self.assertEqual([counted.get(what, 0) for what in ("matched", "mismatch", "missing", "extra")], [14, 1, 0, 0], said)
        # An answer alone, ten minutes after all else.
        counted = found["kafka"]
        self.assertEqual([counted.get(what, 0) for what in ("matched", "mismatch", "missing", "extra")], [34, 0, 1, 0], said)

    def test_calls_of_databases_agree(self):
        calls = {"mysql": 34, "mongodb": 30, "cassandra": 28}
        found, said = self.agreement(",".join(calls))
        for protocol, matched in calls.items():
            self.assertGreaterEqual(found[protocol]["agreement"], 98.0, said)
            self.assertGreaterEqual(found[protocol]["matched"], matched, said)

    def test_websocket_messages_agree(self):
        found, said = self.agreement("websocket")
        counted = found["websocket"]
        self.assertGreaterEqual(counted["matched"], 28, said)
        # A message in two frames: golden/conformance.md.
        self.assertEqual([counted.get(what, 0) for what in ("mismatch", "missing", "extra")], [1, 1, 0], said)

    def test_messages_and_directories_agree(self):
        for protocol, calls in (("amqp", 40), ("ldap", 8), ("radius", 10), ("diameter", 5)):
            with self.subTest(protocol=protocol):
                found, said = self.agreement(protocol)
                self.assertGreaterEqual(found[protocol]["agreement"], 98.0, said)
                self.assertGreaterEqual(found[protocol]["matched"], calls)

    def test_data_stores_and_brokers_agree(self):
        found, said = self.agreement("redis,memcached,nats,mqtt")
        # golden/conformance.md: one of MQTT's 26 packets is joined midstream.
        for protocol, least, matched in (("redis", 98.0, 1_000), ("memcached", 99.0, 12), ("nats", 99.0, 35), ("mqtt", 96.0, 25)):
                self.assertGreaterEqual(found[protocol]["agreement"], least, said)
                self.assertGreaterEqual(found[protocol]["matched"], matched)

    def test_no_capture_breaks_the_program(self):
        folders = sorted({c.parent for c in CAPTURES.glob("*/*.pcap*") if c.parent.name != "expected"})
        for folder in folders:  # a start takes longer than most captures
            with self.subTest(folder=folder.name):
                counts = spanlight.counters(*sorted(folder.glob("*.pcap*")))
                self.assertGreater(counts["received_packets_total"], 0)
                self.assertEqual(spanlight.unaccounted(counts), 0)
                self.assertEqual(counts["memory_bytes{state}"], 0, "slabs were not given back")
                self.assertEqual(counts["memory_bytes{preview}"], 0, "slabs were not given back")


if __name__ == "__main__":
    unittest.main()
