"""PostgreSQL as a user sees it: a real server asked by psql and by a client of its own, as many records as calls, no secrets."""
import collections
import json
import pathlib
import sys
import tempfile
import unittest

import spanlight

sys.path.insert(0, str(spanlight.ROOT / "tests" / "support"))
import postgresql_ends as ends  # noqa: E402
import relay  # noqa: E402


@unittest.skipIf(ends.cannot_run() is not None, ends.cannot_run())
class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        server = ends.Server(pathlib.Path(cls.folder.name))
        try:
            between = relay.Relay(("127.0.0.1", server.port))
            cls.made = ends.converse(server, between.port, large=3_000_000)
            assert between.settle()
            between.close()
        finally:
            server.stop()
        frames = between.frames(lambda n: spanlight.Tcp(client=("10.0.0.1", 40000 + n), server=("10.0.0.2", 54321)))
        cls.capture = spanlight.write_pcap(pathlib.Path(cls.folder.name, "live.pcap"), frames)
        cls.calls = spanlight.dissect(cls.capture)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def of(self, kind):
        return [c for c in self.calls if c["request"].get("fields", {}).get("kind") == kind]

    def by_summary(self, summary):
        (call,) = [c for c in self.calls if c["summary"] == summary]
        return call

    def test_as_many_records_as_calls(self):
        counts = collections.Counter(c["request"]["fields"]["kind"] for c in self.calls)
        self.assertEqual(dict(counts), self.made)
        self.assertEqual({c["protocol"] for c in self.calls}, {"postgresql"})
        incomplete = [c["summary"] for c in self.calls if c["state"] not in ("complete", "one_way")]
        self.assertEqual(incomplete, ["insert into items values ($1, $2)"])  # skipped by the server behind an error

    def test_everything_is_accounted_for(self):
        counts = spanlight.counters(self.capture)
        self.assertEqual(spanlight.unaccounted(counts), 0)
        self.assertEqual(counts["memory_bytes{state}"], 0)
        self.assertEqual(counts["dissect_total{malformed}"], 0)

    def test_what_is_secret_is_not_told(self):
        self.assertNotIn(ends.PASSWORD, json.dumps(self.calls))
        self.assertNotIn("SCRAM-SHA-256$", json.dumps(self.calls))
        shown = [c["request"]["fields"].get("password") for c in self.of("startup")]
        self.assertEqual(shown.count("[redacted]"), 3)
        self.assertEqual(self.by_summary(f"alter user {ends.MD5_USER} password [redacted]")["flags"], ["redacted"])

    def test_logins(self):
        told = collections.Counter((c["response"]["fields"]["auth"], c["response"]["fields"]["success"]) for c in self.of("startup"))
        self.assertEqual(told[("SCRAM-SHA-256", True)], 1)
        self.assertEqual(told[("SCRAM-SHA-256", False)], 1)
        self.assertEqual(told[("md5", True)], 1)
        (refused,) = [c for c in self.of("startup") if c.get("error")]
        self.assertEqual(refused["response"]["fields"]["error_code"], "28P01")

    def test_statements(self):
        rows = self.by_summary("select * from items")
        self.assertEqual((rows["response"]["fields"]["rows"], rows["response"]["fields"]["column_names"]), (2, ["id", "name"]))
        self.assertEqual(self.by_summary("select * from nope")["response"]["fields"]["error_code"], "42P01")
        bound = [c for c in self.of("execute") if c["summary"].startswith("select name")]
        self.assertEqual([c["request"]["fields"]["parameters"] for c in bound], [["2"], ["\\x00000003"]])
        self.assertEqual([c["response"]["fields"]["rows"] for c in bound if "rows" in c["response"]["fields"]], [1, 1])
        self.assertEqual(self.by_summary("copy items from stdin")["request"]["fields"]["copy_bytes"], 11)  # psql sends the end of data too
        self.assertEqual(self.by_summary("copy items to stdout")["response"]["fields"]["copy_messages"], 4)
        self.assertEqual(self.by_summary("select 1; select 2, 3; commit")["response"]["fields"]["tags"], ["SELECT 1", "SELECT 1", "COMMIT"])
        self.assertEqual(self.by_summary("select pg_sleep(20)")["response"]["fields"]["error_code"], "57014")
        (told,) = self.of("notification")
        self.assertEqual((told["request"]["fields"]["channel"], told["request"]["fields"]["message"]), ("orders", "one"))
        large = self.by_summary("select repeat('x', 3000000)")
        self.assertGreater(large["response"]["size"], 3_000_000)


if __name__ == "__main__":
    unittest.main()
