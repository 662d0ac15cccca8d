"""AMQP 0-9-1 between RabbitMQ and its clients: as many records as methods that the client sent and was answered, and in them what it said."""
import collections
import json
import pathlib
import shutil
import subprocess
import unittest

import real_server

PORT = 5672
ENDS = real_server.SUPPORT / "amqp_ends.py"
SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
FIELDS = ("queue", "exchange", "routing_key")


def has_pika():
    return subprocess.run(["/usr/bin/python3", "-c", "import pika"], capture_output=True).returncode == 0


@unittest.skipUnless(real_server.works("runuser") and pathlib.Path(SERVER).exists() and has_pika(),
                     "needs root, ip, tcpdump, rabbitmq-server and python3-pika")
class Live(real_server.Space):
    def setUp(self):
        super().setUp()
        shutil.chown(self.folder, "rabbitmq")
        (self.folder / "r.conf").write_text(f"listeners.tcp.1 = {real_server.ADDRESS}:{PORT}\nlog.file.level = error\n")
        (self.folder / "plugins").write_text("[].")
        self.start("runuser", "-u", "rabbitmq", "--", "env", f"HOME={self.folder}", "RABBITMQ_NODENAME=test@localhost",
                   f"RABBITMQ_CONFIG_FILE={self.folder}/r.conf", f"RABBITMQ_ENABLED_PLUGINS_FILE={self.folder}/plugins",
                   f"RABBITMQ_MNESIA_BASE={self.folder}/m", f"RABBITMQ_LOG_BASE={self.folder}/l",
                   "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1 +sbwt none", SERVER)
        self.wait_for_port(PORT, seconds=240)

    def talk(self):
        said = self.run_inside("/usr/bin/python3", ENDS, real_server.ADDRESS, PORT).stdout
        return [json.loads(line) for line in said.splitlines()]

    def test_as_many_records_as_methods(self):
        logged, records = self.captured(self.talk, f"port {PORT}")
        self.assertEqual({r["protocol"] for r in records}, {"amqp"})
        # The refused one: start, and the server's close with 403; the other: start, tune, open.
        opening = ("connection.start", "connection.tune", "connection.open")
        ours = [r for r in records if r["method"] not in opening]
        refused = [r for r in ours if r["method"] == "connection.close" and r.get("status_code") == 403]
        self.assertEqual(len(refused), 1)
        self.assertTrue(refused[0]["is_error"])
        ours.remove(refused[0])
        logged = [one for one in logged if one["method"] != "refused"]
        self.assertEqual(collections.Counter(r["method"] for r in ours), collections.Counter(one["method"] for one in logged))
        for method in {one["method"] for one in logged}:
            for record, one in zip((r for r in ours if r["method"] == method), (o for o in logged if o["method"] == method)):
                fields = record["request"]["fields"]
                with self.subTest(record=record):
                    for name in FIELDS:
                        if name in one and not one.get("failed"):
                            self.assertEqual(fields.get(name, ""), one[name])
                    half = record["response"] if method == "basic.get" else record["request"]
                    if "body" in one:
                        self.assertEqual(half["body"]["data"], one["body"])
                    if "size" in one:
                        self.assertEqual(half["fields"]["body_size"], one["size"])
                    if "failed" in one:
                        self.assertEqual((record["state"], record["status_code"], record["is_error"]), ("no_response", one["failed"], True))
                    if "code" in one:
                        self.assertEqual((record["status_code"], record.get("is_error", False)), (one["code"], one["code"] >= 300))
        published = next(r for r in records if r["method"] == "basic.publish")
        headers = dict(map(tuple, published["request"]["headers"]))
        self.assertEqual((headers["content-type"], headers["headers.retry"], headers["headers.source.region"], headers["headers.tags.1"]),
                         ("application/json", "2", "eu", "b"))
        self.assertNotIn("wrong", json.dumps(records))
        starts = [r for r in records if r["method"] == "connection.start"]
        self.assertEqual({r["response"]["fields"]["response"] for r in starts}, {"[redacted]"})


if __name__ == "__main__":
    unittest.main()
