"""The control process with a real sensor and a real store, as a user runs them: calls from wire to store and live stream, names,
targets, packets, imports, and everything killed in turn."""
import json
import os
import signal
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

import spanlight

sys.path.insert(0, str(spanlight.ROOT / "tests" / "support"))
from control_process import LIBCHDB, Control, Stream, Wires, wait_for, wires_work  # noqa: E402

CAPTURE = spanlight.CAPTURES / "lab-nginx.pcap"


@unittest.skipUnless(LIBCHDB, "libchdb is not installed: scripts/setup does it")
class Kept(unittest.TestCase):
    """The store behind the API, with captures."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.control = Control(folder.name)
        self.addCleanup(self.control.end, signal.SIGKILL)
        self.control.start()

    def test_an_imported_call_is_what_dissect_says_with_names(self):
        done = self.control.run("import", CAPTURE)
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = spanlight.dissect(CAPTURE)
        found = self.control.calls(payloads="true", order="oldest", source=CAPTURE.name)
        self.assertEqual(len(found), len(expected))
        apart = lambda call: {k: v for k, v in call.items() if k not in ("id", "sensor", "conn_id")}
        self.assertEqual(sorted(map(json.dumps, map(apart, found))), sorted(map(json.dumps, map(apart, expected))))
        # The command line says the same, byte for byte.
        done = self.control.run("query", "--since", "1970-01-01T00:00:00Z", "--json", "--oldest-first", "--limit", "0")
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()], found)
        self.assertTrue(done.stdout.startswith(b'{"id":"'))
        one = self.control.get("/api/calls/" + found[0]["id"])
        self.assertEqual(one["call"], found[0])
        self.assertEqual(one["source"], CAPTURE.name)

    def test_a_source_is_not_imported_twice_by_mistake(self):
        self.assertEqual(self.control.run("import", CAPTURE).returncode, 0)
        done = self.control.run("import", CAPTURE)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"--again", done.stderr)
        self.assertEqual(len(self.control.calls()), len(spanlight.dissect(CAPTURE)))

    def test_what_is_no_capture_and_what_is_no_stream_is_refused(self):
        broken = self.control.folder / "broken.pcap"
        broken.write_bytes(CAPTURE.read_bytes()[:-9])
        done = self.control.run("import", broken)
        self.assertEqual(done.returncode, 1)
        self.assertGreater(len(self.control.calls(source="broken.pcap")), 0)
        request = urllib.request.Request(self.control.url + "/api/import?source=x", method="POST", data=b"SLSTRM01" + b"\xff" * 99,
                                         headers={"Content-Type": "application/octet-stream"})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=60)
        self.assertEqual(refused.exception.code, 400)
        self.assertIsNone(self.control.process.poll())

    def test_calls_that_the_store_refuses_are_not_called_stored(self):
        wait_for(lambda: self.control.ask_store("ALTER TABLE calls RENAME COLUMN error TO fault"), "the store has its tables")
        done = self.control.run("import", CAPTURE, "--again")
        self.assertEqual(done.returncode, 1)
        self.assertNotIn(b"are stored", done.stderr)
        self.assertIn(b"The store did not take", done.stderr)

    def test_filters_by_name_find_what_they_say_and_faults_have_a_place(self):
        self.control.run("import", CAPTURE)
        every = self.control.calls()
        failed = self.control.calls("http && status_code >= 400")
        self.assertEqual({c["id"] for c in failed}, {c["id"] for c in every if c.get("status_code", 0) >= 400})
        done = self.control.run("query", "http && status_cod > 1")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"at byte 8", done.stderr)
        self.assertIn(b"status_code", done.stderr)

    def test_a_kept_call_survives_whoever_is_killed(self):
        self.control.run("import", CAPTURE)
        kept = {c["id"] for c in self.control.calls()}
        os.kill(self.control.store_pid(), signal.SIGKILL)
        wait_for(lambda: self.asked() == kept, "the store comes back by itself")
        self.control.end(signal.SIGKILL)
        self.control.start()
        wait_for(lambda: self.asked() == kept, "the calls are there after a restart")
        self.assertEqual(self.control.end(), 0)

    def asked(self):
        try:
            return {c["id"] for c in self.control.calls()}
        except (urllib.error.URLError, OSError):
            return None

    def test_targets_chosen_at_run_time_outlive_a_restart_until_the_settings_say_something_new(self):
        self.assertEqual(self.control.run("targets", "set", "--namespace", "chosen").returncode, 0)
        kept = self.control.folder / "data" / "targets.json"
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.control.end(signal.SIGKILL)
        self.control.start()
        targets = self.control.get("/api/targets")
        self.assertEqual((targets["settings"]["namespaces"], targets["chosen"], targets["kept"]), (["chosen"], True, True))
        self.assertIn("chosen at run time are in force again", self.control.said())
        self.control.end()
        self.control.write({"namespaces": ["settings"]})
        self.control.start()
        targets = self.control.get("/api/targets")
        self.assertEqual((targets["settings"]["namespaces"], targets["chosen"]), (["settings"], False))
        self.assertFalse(kept.exists())

    def test_hup_takes_what_can_change_and_names_what_cannot(self):
        self.control.write({"namespaces": ["shop"]})
        self.control.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.control.get("/api/targets")["settings"]["namespaces"] == ["shop"], "new targets")
        self.control.more = {"logging": {"level": "debug"}, "store": {"directory": str(self.control.folder / "data"), "keepHours": 5}}
        self.control.write({"namespaces": ["shop"]})
        self.control.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "store.keepHours has changed: it takes effect after a restart" in self.control.said(), "what needs a restart")
        (self.control.folder / "control.yaml").write_text("tap: {namespace: [x]}")
        self.control.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "the settings stay as they were" in self.control.said(), "a wrong file is refused")
        self.assertEqual(self.control.get("/api/targets")["settings"]["namespaces"], ["shop"])


@unittest.skipUnless(LIBCHDB, "libchdb is not installed: scripts/setup does it")
@unittest.skipUnless(wires_work(), "needs root and ip link")
class Wired(Wires, unittest.TestCase):
    """Sensor and control process, with packets on a pair of interfaces."""

    def setUp(self):
        self.set_up_wires()

    def test_a_call_goes_from_the_wire_to_store_stream_map_and_metrics(self):
        everything = Stream(self.control.url, {"filter": "", "payloads": True})
        errors = Stream(self.control.url, {"filter": "status_code >= 500 && dst.service.name == \"cart\""})
        self.addCleanup(everything.close)
        self.addCleanup(errors.close)
        for stream in (everything, errors):
            self.assertIn("ready", stream.hear())
        self.send(*(b"/ok/%d" % n for n in range(20)))
        self.send(b"/broken", status=b"503 Service Unavailable")
        heard = []
        while len(heard) < 21:
            message = everything.hear()
            self.assertEqual(message.get("missed", 0), 0)
            heard += message["calls"]
        alarm = errors.hear()["calls"]
        self.assertEqual([c["path"] for c in alarm], ["/broken"])
        self.assertEqual(alarm[0]["src"]["name"], "web-1")
        self.assertEqual(alarm[0]["dst"]["service"], {"name": "cart", "namespace": "shop", "labels": {}})
        self.assertNotIn("headers", alarm[0]["request"])
        kept = wait_for(lambda: len(self.control.calls()) == 21 and self.control.calls(payloads="true"), "all are stored")
        by_id = {c["id"]: c for c in kept}
        self.assertEqual({c["id"]: c for c in heard}, by_id)
        self.assertEqual(len(self.control.calls("src.labels[\"app\"] == \"web\" && status_code == 503")), 1)

        edges = self.control.get("/api/map", since="5m")["edges"]
        self.assertEqual([(e["src"]["name"], e["dst"]["name"], e["calls"], e["errors"]) for e in edges], [("web", "cart", 21, 1)])
        metrics = self.control.raw("/metrics").decode()
        self.assertIn('spanlight_calls_total{namespace="shop",service="cart",protocol="http"} 21', metrics)
        self.assertIn('spanlight_call_errors_total{namespace="shop",service="cart",protocol="http"} 1', metrics)
        self.assertRegex(metrics, r'spanlight_sensor_packets_total\{sensor="rack12",worker="0",of="[a-z_]+"\} \d+')
        done = self.control.run("resolve", "10.0.0.2")
        self.assertIn(b"cart-1", done.stdout)

    def test_targets_are_chosen_at_run_time_and_told_to_a_sensor_that_starts_anew(self):
        done = self.control.run("targets", "set", "--namespace", "nobody")
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for(lambda: self.control.get("/api/targets")["sensors_in_force"] == 1, "in force")
        self.send(b"/not-seen")
        wait_for(lambda: self.control.get("/api/targets")["dropped_packets"] > 0, "packets are passed over, and counted")
        self.control.run("targets", "set", "--namespace", "shop")
        wait_for(lambda: self.control.get("/api/targets")["sensors_in_force"] == 1, "in force")
        self.send(b"/seen", client="10.9.9.9")  # one end is a target
        self.send(b"/others", client="10.9.9.9", server="10.9.9.8")
        wait_for(lambda: [c["path"] for c in self.control.calls()] == ["/seen"], "only the target's call")
        self.end_sensor()
        self.start_sensor()
        self.send(b"/others-again", client="10.9.9.9", server="10.9.9.8")
        self.send(b"/seen-again")
        wait_for(lambda: sorted(c["path"] for c in self.control.calls()) == ["/seen", "/seen-again"], "the new sensor was told")
        done = self.control.run("targets", "set", "--bpf", "this is no filter")
        self.assertEqual((done.returncode, b"bpf" in done.stderr.lower() or b"filter" in done.stderr), (1, True), done.stderr)

    def test_the_packets_behind_a_call_are_given(self):
        self.send(b"/with-packets")
        self.send(b"/others")
        kept = wait_for(lambda: self.control.calls("path == \"/with-packets\""), "stored")
        import wire
        packets = wire.pcapng_packets(self.control.raw(f"/api/calls/{kept[0]['id']}/pcap"))
        self.assertEqual(len(packets), 3 + 2 + 3)
        self.assertEqual(sum(b"GET /with-packets" in data for _, _, data in packets), 1)
        self.assertFalse(any(b"/others" in data for _, _, data in packets))

    def test_everything_killed_in_turn_recovers_and_says_what_was_missed(self):
        self.send(b"/1")
        wait_for(lambda: len(self.control.calls()) == 1, "stored")
        self.end_sensor()
        wait_for(lambda: self.control.get("/api/sensors")["sensors"][0]["link"] == "connecting", "its end is noticed")
        self.start_sensor()
        self.send(b"/2")
        wait_for(lambda: len(self.control.calls()) == 2, "the new sensor's calls")
        self.assertEqual(self.control.get("/api/sensors")["sensors"][0]["restarts"], 1)
        self.control.end(signal.SIGKILL)
        self.control.start()
        wait_for(lambda: self.control.get("/api/sensors")["sensors"][0]["link"] == "connected", "connected again")
        self.send(b"/3")
        wait_for(lambda: sorted(c["path"] for c in self.control.calls()) == ["/1", "/2", "/3"], "what was and what is")


if __name__ == "__main__":
    unittest.main()
