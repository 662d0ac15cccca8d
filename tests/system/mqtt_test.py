"""A real MQTT broker and what clients of 3.1.1 and 5 said to it: a record for each packet that is asked or told, with its answer."""
import unittest

import served


@unittest.skipUnless(served.works("mosquitto"), "needs root, ip, tcpdump and mosquitto")
class Mqtt(served.Served):
    def test_a_record_for_each_packet(self):
        done, records = self.calls("mqtt", 1883)
        ours = [(r["method"], r["request"]["fields"].get("topic") or r["request"]["fields"].get("client_id", ""), r["state"]) for r in records]
        self.assertEqual(sorted(ours), sorted(tuple(one) for one in done))
        for record in records:
            self.assertEqual(set(record["flags"]) - {"truncated_body", "redacted"}, set())
        versions = {r["version"] for r in records}
        self.assertEqual(versions, {"3.1.1", "5"})
        values = [r for r in records if r["request"]["fields"].get("topic") == "sensors/2"]
        self.assertEqual({r["request"]["body"]["data"] for r in values}, {'{"value": 22}'})
        self.assertEqual({r["request"]["fields"]["direction"] for r in values}, {"c2s", "s2c"})
        self.assertEqual({r["response"]["fields"]["type"] for r in values}, {"PUBACK"})


if __name__ == "__main__":
    unittest.main()
