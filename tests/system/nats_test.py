"""A real NATS server and what clients said to it: a record for each operation, and a pair for each request through an inbox."""
import unittest

import served


@unittest.skipUnless(served.works("nats-server"), "needs root, ip, tcpdump and nats-server")
class Nats(served.Served):
    def test_a_record_for_each_operation(self):
        done, records = self.calls("nats", 4222, malformed=1)  # NONSENSE
        # The server says hello and asks for signs of life when it likes.
        kept = [r for r in records if r["method"] not in ("INFO", "PING", "PONG")]
        ours = [(r["method"], r.get("path", ""), r["state"]) for r in kept]
        self.assertEqual(sorted(ours), sorted(tuple(one) for one in done if one[0] not in ("INFO", "PING", "PONG")))
        for record in records:
            self.assertEqual(set(record["flags"]) - {"truncated_body", "redacted"}, set())
        asked = next(r for r in records if r["method"] == "PUB" and r["path"] == "svc.time")
        self.assertEqual((asked["request"]["body"]["data"], asked["response"]["body"]["data"]), ("now", "12:00"))
        nobody = next(r for r in records if r.get("path") == "svc.none")
        self.assertEqual(nobody["status_code"], 503)


if __name__ == "__main__":
    unittest.main()
