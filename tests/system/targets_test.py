"""Capture targets: from an API server's pods to a real sensor's command socket, and back again after whatever happens to either."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import kubernetes_test
import spanlight

sys.path.insert(0, str(spanlight.ROOT / "tests" / "support"))
import kubernetes_server as k8s  # noqa: E402


class Sensor:
    """A sensor on a device that receives nothing."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.commands = f"ipc://{folder}/command.sock"
        self.settings = self.folder / "sensor.yaml"
        self.settings.write_text(f"publishing: {{records: 'ipc://{folder}/records.sock', commands: '{self.commands}', metrics: ''}}\n"
                                 "flows: {max: 1024}\nsensor: {runAs: ''}\n")
        self.log = open(self.folder / "sensor.log", "a+")
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([spanlight.PROGRAM, "sensor", "-c", self.settings, "net_null0,no-rx=1"], stderr=self.log)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        self.kill()
        self.log.close()

    def said(self):
        return (self.folder / "sensor.log").read_text()


class TargetsOfASensor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.server = k8s.Server()
        self.addCleanup(self.server.close)
        for n in range(3):
            self.server.put("pods", k8s.pod(f"web-{n}", "shop", [f"10.0.0.{n + 1}", f"fd00::{n + 1}"], f"node-{n % 2}", labels={"app": "web"}))
        self.server.put("pods", k8s.pod("db-0", "data", ["10.0.1.1"]))
        self.server.put("pods", k8s.pod("exporter", "shop", ["192.168.0.1"], host_network=True, ports=[(9100, 9100)]))
        finished = k8s.pod("sweep", "shop", ["10.0.0.99"], phase="Succeeded")
        self.server.put("pods", finished)
        self.server.put("services", k8s.service("web", "shop", ["172.16.0.1"], {"app": "web"}))
        self.sensor = Sensor(folder.name)
        self.addCleanup(self.sensor.close)
        config = kubernetes_test.kubeconfig(folder.name, self.server)
        self.follower = kubernetes_test.Follower(config, f"sensor={self.sensor.commands}")
        self.addCleanup(self.follower.close)
        self.follower.wait_synced()

    def pushed(self):
        return self.follower.ask("pushed")[0]

    def wait(self, condition, what):
        until = time.monotonic() + kubernetes_test.PATIENCE_S
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f"{what} does not come: {self.follower.ask('targets')} {self.pushed()} {self.follower.said} {self.sensor.said()}")
            time.sleep(0.005)

    def wait_in_force(self, addresses):
        self.wait(lambda: (self.follower.ask("targets") or {}).get("addresses") == addresses, "the addresses")
        self.wait(lambda: self.pushed()["acknowledged"] == self.pushed()["sent"] > 0, "the acknowledgement")

    def test_what_is_wanted_comes_to_the_sensor(self):
        web = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "172.16.0.1", "fd00::1", "fd00::2", "fd00::3"]
        for words, addresses, sentence in (
                ([], [], "targeting everything"),
                (["namespaces=shop"], web, "targeting 3 pods in 1 namespace across 2 nodes; 1 pod in the host's network left out"),
                (["excluded=shop"], ["10.0.1.1"], "targeting 1 pod in 1 namespace across 1 node"),
                (["namespaces=shop", "excluded=shop"], [], "targeting 0 pods in 0 namespaces across 0 nodes"),
                (["regex=^db"], ["10.0.1.1"], None), (["labels=app=web;app=x"], [a for a in web if not a.startswith("172")], None),
                (["services=shop/web"], web, None), (["services=data/web"], [], None)):
            with self.subTest(words):
                self.assertIs(self.follower.ask("tap", *words), True)
                self.wait_in_force(addresses)
                targets = self.follower.ask("targets")
                self.assertEqual(targets["only"], bool(words))
                if sentence:
                    self.assertEqual(targets["sentence"], sentence)
        for words in (["regex=("], ["labels=a=b=c"], ["services=a/b/c"]):
            self.assertIn("error", self.follower.ask("tap", *words))

    def test_a_new_pod_a_new_sensor_and_another_master(self):
        self.follower.ask("tap", "namespaces=data")
        self.wait_in_force(["10.0.1.1"])
        before = time.time_ns()
        self.server.put("pods", k8s.pod("db-1", "data", ["10.0.1.2"]))
        self.wait_in_force(["10.0.1.1", "10.0.1.2"])
        print(f"\na pod's appearance to the sensor's acknowledgement: {(self.pushed()['acknowledged_ns'] - before) / 1e6:.0f} ms", file=sys.stderr)
        epoch, generation = self.pushed()["epoch"], self.pushed()["generation"]
        self.assertGreater(generation, 0)
        self.sensor.kill()
        self.wait(lambda: not self.pushed()["reachable"], "the sensor's absence")
        self.server.delete("pods", "db-1", "data")
        self.sensor.start()
        self.wait(lambda: self.pushed()["epoch"] != epoch, "the new sensor")
        self.wait_in_force(["10.0.1.1"])
        self.wait(lambda: self.pushed()["generation"] > 0, "its targets")
        # A second control process that wants something else.
        other = kubernetes_test.Follower(kubernetes_test.kubeconfig(self.sensor.folder, self.server), f"sensor={self.sensor.commands}")
        self.addCleanup(other.close)
        self.wait(lambda: self.pushed()["overruled"] > 0, "notice of the other")
        self.wait(lambda: any("Somebody else" in line for line in self.follower.said), "the sentence about the other")

    def test_a_refusal_is_told(self):
        self.follower.ask("tap", "bpf=((")
        self.wait(lambda: self.pushed()["refused"] > 0, "the refusal")
        self.assertIn("refuses", self.pushed()["fault"])
        self.follower.ask("tap", "namespaces=data")
        self.wait_in_force(["10.0.1.1"])
        self.assertEqual(self.pushed()["fault"], "")


if __name__ == "__main__":
    unittest.main()
