"""A real memcached and what clients said to it in lines and in the binary protocol: as many records as commands, with their answers."""
import unittest

import served


@unittest.skipUnless(served.works("memcached"), "needs root, ip, tcpdump and memcached")
class Memcached(served.Served):
    def test_as_many_calls_as_the_client_made(self):
        done, records = self.calls("memcached", 11211)
        ours = [(r["version"], r["method"], r["response"]["fields"]["status"] if r["state"] == "complete" else None) for r in records]
        self.assertEqual(sorted(map(str, ours)), sorted(str(tuple(one)) for one in done))
        for record in records:
            self.assertEqual(set(record["flags"]) - {"truncated_body", "redacted"}, set())
        got = next(r for r in records if r["summary"] == "get user:42 nobody")
        self.assertEqual((got["response"]["body"]["data"], got["response"]["fields"]["keys"]), ("hello", ["user:42"]))


if __name__ == "__main__":
    unittest.main()
