"""WebSocket and GraphQL as real ends speak them, on a mirror port: as many records as messages and calls, and in them what the
clients logged."""
import collections
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import live_test
import spanlight

SUPPORT = spanlight.ROOT / "tests" / "support"
SERVER = "10.99.0.2"
SOCKET_PORT, PROXY_PORT, GRAPHQL_PORT, TUNNEL_PORT = 8_765, 8_083, 8_766, 8_767
TUNNELS = 3  # of ws_tunnel.mjs
ROUNDS = 30
PREVIEW_BYTES = 16_384
NODE_WS = pathlib.Path("/usr/share/nodejs/ws")

PROXY = """
pid {folder}/proxy.pid; error_log {folder}/proxy.log; daemon off;
events {{ worker_connections 64; }}
http {{
  access_log off;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen {server}:{port};
    location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
                  proxy_set_header Connection $connection_upgrade; }}
  }}
}}
"""


def has(*modules):
    """Debian's python3, not the one that runs this, has them."""
    found = subprocess.run(["/usr/bin/python3", "-c", "import " + ", ".join(modules)], capture_output=True)
    return found.returncode == 0


@unittest.skipUnless(live_test.lab_works(), "needs root, namespaces and nginx")
class WebSocketLive(live_test.Lab):
    def server(self, port, *command):
        process = subprocess.Popen([live_test.LAB, "server", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        listening = f"until ss -Hltn | grep -q ':{port} '; do sleep 0.1; done"
        subprocess.run([live_test.LAB, "server", "timeout", "20", "bash", "-c", listening], check=True)

    def client(self, *command, by="/usr/bin/python3"):
        done = subprocess.run([live_test.LAB, "client", by, *map(str, command)], check=True, capture_output=True, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def records(self, sensor, count):
        sensor.wait_for(lambda: len(sensor.calls()) >= count)
        time.sleep(1.5)
        self.assertEqual(sensor.metric("port_dropped_packets_total"), 0)
        self.assertEqual(sensor.stop(), 0, sensor.said())
        return sensor.calls()

    def check_messages(self, records, logged, compressed, handshakes=(("GET", 101),)):
        self.assertEqual(collections.Counter(r["protocol"] for r in records), {"http": len(handshakes), "ws": len(logged)})
        seen = [r for r in records if r["protocol"] == "http"]
        self.assertEqual(tuple((r["method"], r["status_code"]) for r in seen), handshakes)
        self.assertEqual({r["state"] for r in seen}, {"complete"})
        for direction in ("c2s", "s2c"):
            ours = sorted((r for r in records if r["protocol"] == "ws" and r["request"]["fields"]["direction"] == direction),
                          key=lambda r: (r["timestamp"], r["id"]))
            theirs = [one for one in logged if one["direction"] == direction]
            self.assertEqual(len(ours), len(theirs))
            for record, one in zip(ours, theirs):
                fields = record["request"]["fields"]
                self.assertEqual((fields["type"], fields["length"], fields["fin"]), (one["type"], one["length"], True))
                self.assertEqual(fields["subprotocol"], "chat")
                self.assertEqual(record["flags"], ["truncated_body"] if one["length"] > PREVIEW_BYTES else [])
                if "text" in one:
                    self.assertEqual(record["request"]["body"].get("data", ""), one["text"][:PREVIEW_BYTES])
                    self.assertEqual(fields.get("compressed", False), compressed)
                if one.get("fragmented"):
                    self.assertGreater(fields["fragments"], 1)
                self.assertEqual((fields.get("close_code"), fields.get("close_reason")), (one.get("close_code"), one.get("close_reason")))

    def check_mode(self, mode, compressed, port, *server):
        self.lab()
        self.server(port, *server)
        sensor = self.sensor("slspan0")
        logged = self.client(SUPPORT / "ws_ends.py", "client", f"ws://{SERVER}:{port}/chat", ROUNDS, mode)
        self.check_messages(self.records(sensor, len(logged) + 1), logged, compressed)

    @unittest.skipUnless(has("websockets"), "python3-websockets is not installed")
    def test_plain_messages(self):
        self.check_mode("plain", False, SOCKET_PORT, "/usr/bin/python3", str(SUPPORT / "ws_ends.py"), "server", f"{SERVER}:{SOCKET_PORT}", "plain")

    @unittest.skipUnless(has("websockets"), "python3-websockets is not installed")
    def test_messages_that_quote_those_before_them(self):
        self.check_mode("deflate", True, SOCKET_PORT, "/usr/bin/python3", str(SUPPORT / "ws_ends.py"), "server", f"{SERVER}:{SOCKET_PORT}", "deflate")

    @unittest.skipUnless(has("websockets") and shutil.which("node") and NODE_WS.exists(), "python3-websockets and node-ws are not installed")
    def test_messages_that_stand_alone_from_another_hand(self):
        self.check_mode("fresh", True, SOCKET_PORT, "node", str(SUPPORT / "ws_echo.mjs"), SERVER, str(SOCKET_PORT), "fresh")

    @unittest.skipUnless(has("websockets"), "python3-websockets is not installed")
    def test_through_a_proxy(self):
        self.lab()
        folder = tempfile.mkdtemp(prefix="spanlight-proxy-")
        self.addCleanup(shutil.rmtree, folder, True)
        settings = pathlib.Path(folder) / "nginx.conf"
        settings.write_text(PROXY.format(folder=folder, server=SERVER, port=PROXY_PORT, behind=SOCKET_PORT))
        self.server(SOCKET_PORT, "/usr/bin/python3", str(SUPPORT / "ws_ends.py"), "server", f"127.0.0.1:{SOCKET_PORT}", "deflate")
        self.server(PROXY_PORT, "nginx", "-c", str(settings), "-p", folder)
        sensor = self.sensor("slspan0")
        logged = self.client(SUPPORT / "ws_ends.py", "client", f"ws://{SERVER}:{PROXY_PORT}/chat", ROUNDS, "deflate")
        self.check_messages(self.records(sensor, len(logged) + 1), logged, True)

    @unittest.skipUnless(shutil.which("node") and NODE_WS.exists(), "node-ws is not installed")
    def test_in_streams_of_http2(self):
        self.lab()
        ends = SUPPORT / "ws_tunnel.mjs"
        self.server(TUNNEL_PORT, "node", str(ends), "server", SERVER, str(TUNNEL_PORT))
        sensor = self.sensor("slspan0")
        logged = self.client(ends, "client", SERVER, TUNNEL_PORT, ROUNDS, by="node")
        records = self.records(sensor, len(logged) + TUNNELS)
        streams = {one["stream"] for one in logged}
        self.assertEqual(len(streams), TUNNELS)
        for stream in streams:
            self.check_messages([r for r in records if r["request"]["fields"]["stream_id"] == stream],
                                [one for one in logged if one["stream"] == stream], False, (("CONNECT", 200),))

    @unittest.skipUnless(has("aiohttp", "graphql"), "python3-aiohttp and python3-graphql-core are not installed")
    def test_graphql_over_http_and_websocket(self):
        self.lab()
        self.server(GRAPHQL_PORT, "/usr/bin/python3", str(SUPPORT / "gql_ends.py"), "server", SERVER, str(GRAPHQL_PORT))
        sensor = self.sensor("slspan0")
        logged = self.client(SUPPORT / "gql_ends.py", "client", f"http://{SERVER}:{GRAPHQL_PORT}", ROUNDS)
        records = sorted(self.records(sensor, len(logged) + 2), key=lambda r: (r["timestamp"], r["id"]))
        # Two handshakes, and two closes of each side.
        self.assertEqual(collections.Counter(r["protocol"] for r in records), {"gql": len(logged), "http": 2, "ws": 4})
        calls = [r for r in records if r["protocol"] == "gql"]
        self.assertEqual({tuple(r["flags"]) for r in calls}, {()})
        for ours, theirs in zip((r for r in calls if r["state"] == "complete"), (one for one in logged if "status" in one)):
            asked, answered = ours["request"]["fields"], ours["response"]["fields"]
            self.assertEqual((asked["operation"], asked.get("operation_name", ""), asked.get("batch")),
                             (theirs["operation"], theirs["operation_name"], theirs.get("batch")))
            self.assertEqual((ours["status_code"], answered.get("errors", 0)), (theirs["status"], len(theirs["errors"])))
            self.assertEqual(([ours["error"]] if ours.get("is_error") else []), theirs["errors"])
        for direction in ("c2s", "s2c"):
            ours = [r for r in calls if r["state"] == "one_way" and r["request"]["fields"]["direction"] == direction]
            theirs = [one for one in logged if one.get("direction") == direction]
            self.assertEqual(len(ours), len(theirs))
            for record, one in zip(ours, theirs):
                fields = record["request"]["fields"]
                self.assertEqual((fields["message_type"], fields.get("id", "")), (one["message_type"], one["id"]))
                self.assertEqual(fields.get("operation_name"), one.get("operation_name"))
                self.assertEqual(record.get("is_error", False), one.get("failed", False))


if __name__ == "__main__":
    unittest.main()
