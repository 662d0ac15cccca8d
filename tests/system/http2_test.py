"""HTTP/2 and gRPC as real ends speak them, on a mirror port: as many records as calls, and in them what the clients logged."""
import collections
import importlib.util
import json
import shutil
import subprocess
import time
import unittest

import live_test
import spanlight

ENDS = spanlight.ROOT / "tests" / "support" / "grpc_ends.py"
SERVER = "10.99.0.2"
GRPC_PORT, PLAIN_PORT = 50_051, 8_082
CALLS, ROUNDS = 5_000, 40


def installed(*programs):
    return live_test.lab_works() and all(map(shutil.which, programs))


@unittest.skipUnless(live_test.lab_works(), "needs root, namespaces and nginx")
class Http2Live(live_test.Lab):
    def server(self, port, *command):
        process = subprocess.Popen([live_test.LAB, "server", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        listening = f"until ss -Hltn | grep -q ':{port} '; do sleep 0.1; done"
        subprocess.run([live_test.LAB, "server", "timeout", "20", "bash", "-c", listening], check=True)

    def client(self, *command):
        return subprocess.run([live_test.LAB, "client", *command], check=True, capture_output=True, text=True).stdout

    def records(self, sensor, count):
        sensor.wait_for(lambda: len(sensor.calls()) >= count)
        time.sleep(1.5)
        self.assertEqual(sensor.metric("port_dropped_packets_total"), 0)
        self.assertEqual(sensor.stop(), 0, sensor.said())
        return sensor.calls()

    @unittest.skipUnless(importlib.util.find_spec("grpc"), "python3-grpcio is not installed")
    def test_grpc_calls_of_all_kinds(self):
        self.lab()
        self.server(GRPC_PORT, "/usr/bin/python3", str(ENDS), "server", f"{SERVER}:{GRPC_PORT}")
        sensor = self.sensor("slspan0")
        logged = [json.loads(l) for l in self.client("/usr/bin/python3", str(ENDS), "client", f"{SERVER}:{GRPC_PORT}", str(ROUNDS)).splitlines()]
        records = self.records(sensor, len(logged))
        self.assertEqual(collections.Counter((r["protocol"], r["version"], r["state"]) for r in records),
                         {("grpc", "2", "complete"): len(logged)})
        seen = sorted(records, key=lambda r: r["timestamp"])
        for ours, theirs in zip(seen, logged):
            asked, answered = ours["request"]["fields"], ours["response"]["fields"]
            self.assertEqual(ours.get("flags", []), ["truncated_body"] if theirs["method"] == "Talk" else [])
            self.assertEqual((asked["grpc_service"], asked["grpc_method"]), (theirs["service"], theirs["method"]))
            self.assertEqual((answered["grpc_status"], answered.get("grpc_message", "")), (theirs["status"], theirs["message"]))
            self.assertEqual([asked["grpc_messages"], asked["grpc_message_bytes"]], theirs["asked"], ours["summary"])
            self.assertEqual([answered["grpc_messages"], answered["grpc_message_bytes"]], theirs["answered"], ours["summary"])
            if theirs["status"] == 0:
                self.assertEqual(asked["grpc_type"], theirs["type"])
            self.assertIn(["x-lab", theirs["method"]], ours["request"]["headers"])

    @unittest.skipUnless(installed("nghttpd", "h2load", "nghttp"), "nghttp2's programs are not installed")
    def test_many_streams_at_once(self):
        self.lab()
        self.server(PLAIN_PORT, "nghttpd", "--no-tls", "-a", SERVER, "-d", "/tmp/spanlight-lab/www", str(PLAIN_PORT))
        sensor = self.sensor("slspan0")
        url = f"http://{SERVER}:{PLAIN_PORT}/items.json"
        said = self.client("h2load", "-n", str(CALLS), "-c", "4", "-m", "20", url + "?by=h2load")
        self.assertIn(f"{CALLS} succeeded", said)
        self.client("nghttp", "-n", url + "?by=nghttp")
        self.client("curl", "-s", "--http2-prior-knowledge", url + "?by=curl")
        records = self.records(sensor, CALLS + 2)
        by = collections.Counter((r.get("query_string", ""), r["version"], r.get("status_code")) for r in records)
        self.assertEqual(by, {("by=h2load", "2", 200): CALLS, ("by=nghttp", "2", 200): 1, ("by=curl", "2", 200): 1})
        self.assertEqual({r["state"] for r in records}, {"complete"})
        self.assertEqual({tuple(r.get("flags", [])) for r in records}, {()})
        self.assertEqual({r["protocol"] for r in records}, {"http"})


if __name__ == "__main__":
    unittest.main()
