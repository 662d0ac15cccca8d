"""A real Redis server and what clients said to it: as many records as commands and pushes, in their order, with their errors."""
import unittest

import served


@unittest.skipUnless(served.works("redis-server"), "needs root, ip, tcpdump and redis-server")
class Redis(served.Served):
    def test_as_many_calls_as_the_client_made(self):
        done, records = self.calls("redis", 6379)
        ours = [(r["method"], r["response"]["fields"].get("error_code", "") if "response" in r and r["state"] == "complete" else "") for r in records]
        # Pushes and answers of two connections come in an order of their own.
        self.assertEqual(sorted(ours), sorted(tuple(one) for one in done))
        self.assertEqual({r["state"] for r in records}, {"complete", "one_way"})
        for record in records:
            self.assertEqual(set(record["flags"]) - {"truncated_body", "redacted"}, set())
            self.assertEqual(record["is_error"] if "is_error" in record else bool(record.get("error")), bool(record.get("error")))
        got = next(r for r in records if r["summary"] == "GET doc")
        self.assertEqual(got["response"]["body"]["data"].split(",")[0], '{"name":"Ada"')
        self.assertEqual(got["request"]["fields"]["key"], "doc")
        piped = [r for r in records if r["method"] == "INCR" and r["request"]["fields"].get("pipelined")]
        self.assertEqual(len(piped), 9)


if __name__ == "__main__":
    unittest.main()
