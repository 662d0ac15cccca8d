"""MongoDB's client as it really is, with a server that answers as mongod does, on a mirror port: as many records as the driver
counted commands, and in them what it saw; uncompressed and with every compressor."""
import json
import subprocess
import time
import unittest

import live_test
import spanlight

SUPPORT = spanlight.ROOT / "tests" / "support"
SERVER, PORT = "10.99.0.2", 27017
# What the driver says by itself.
OF_ITS_OWN = {"ismaster", "isMaster", "hello", "endSessions"}


def has_client():
    return subprocess.run(["/usr/bin/python3", "-c", "import pymongo, snappy, zstandard"], capture_output=True).returncode == 0


@unittest.skipUnless(live_test.lab_works(), "needs root, namespaces and nginx")
@unittest.skipUnless(has_client(), "python3-pymongo, python3-snappy and python3-zstandard are not installed")
class MongodbLive(live_test.Lab):
    def test_a_conversation(self):
        self.lab()
        server = subprocess.Popen([live_test.LAB, "server", "/usr/bin/python3", SUPPORT / "mongodb_server.py", SERVER, str(PORT)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        subprocess.run([live_test.LAB, "server", "timeout", "20", "bash", "-c", f"until ss -Hltn | grep -q ':{PORT} '; do sleep 0.1; done"], check=True)
        sensor = self.sensor("slspan0")
        done = subprocess.run([live_test.LAB, "client", "/usr/bin/python3", SUPPORT / "mongodb_conversation.py", SERVER, str(PORT)],
                              check=True, capture_output=True, text=True)
        logged = [json.loads(line) for line in done.stdout.splitlines()]

        def ours():
            return [r for r in sensor.calls() if r["protocol"] == "mongodb" and r["method"] not in OF_ITS_OWN]

        sensor.wait_for(lambda: len(ours()) >= len(logged))
        time.sleep(1.5)
        self.assertEqual(sensor.metric("port_dropped_packets_total"), 0)
        self.assertEqual(sensor.stop(), 0, sensor.said())
        records = sorted(ours(), key=lambda r: (r["timestamp"], r["id"]))
        self.assertEqual({r["protocol"] for r in sensor.calls()}, {"mongodb"})
        self.assertEqual(len(records), len(logged))
        for record, call in zip(records, logged):
            with self.subTest(call=call):
                fields, told = record["request"]["fields"], (record.get("response") or {}).get("fields", {})
                self.assertEqual((record["method"], fields["db"], fields.get("collection")), (call["command"], call["db"], call["collection"]))
                self.assertEqual(told.get("code", 0), call["code"])
                self.assertEqual(record["flags"], [])
                self.assertEqual(record["state"], "one_way" if fields.get("more_to_come") else "complete")
        self.assertEqual({r["request"]["fields"].get("compressor") for r in records}, {None, "zlib", "snappy", "zstd"})


if __name__ == "__main__":
    unittest.main()
