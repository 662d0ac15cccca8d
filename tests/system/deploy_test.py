"""The files that run Spanlight for good: units that systemd understands, manifests with no more rights than are needed."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

try:
    import yaml
except ImportError:
    yaml = None

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "config" / "deploy"
BUILD = pathlib.Path(os.environ["SPANLIGHT_BUILD"])
# What names need, and nothing besides: (group, resource).
KINDS = {("", "pods"), ("", "services"), ("", "nodes"), ("", "namespaces"), ("discovery.k8s.io", "endpointslices"),
         ("apps", "replicasets"), ("batch", "jobs")}


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class Units(unittest.TestCase):
    def test_systemd_understands_every_line(self):
        with tempfile.TemporaryDirectory() as folder:
            for unit in DEPLOY.glob("*.service"):
                # Where the program is installed is not this machine's business.
                text = unit.read_text().replace("/usr/local/bin/spanlight", "/bin/true")
                copy = pathlib.Path(folder) / unit.name
                copy.write_text(text)
                done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True)
                said = [line for line in done.stderr.splitlines() if unit.name in line]
                self.assertEqual((said, done.returncode), ([], 0), unit.name)

    def test_they_run_what_the_front_knows(self):
        for unit in DEPLOY.glob("*.service"):
            commands = re.findall(r"^Exec\w+=/usr/local/bin/spanlight (\w+)", unit.read_text(), re.M)
            self.assertTrue(commands, unit.name)
            for command in commands:
                done = subprocess.run([BUILD / "spanlight", command, "--help"], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, f"{unit.name}: spanlight {command}")


@unittest.skipIf(yaml is None, "python3-yaml is not installed")
class Manifests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.objects = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))

    def one(self, kind):
        found = [o for o in self.objects if o["kind"] == kind]
        self.assertEqual(len(found), 1, kind)
        return found[0]

    def test_rights_are_the_least(self):
        granted = set()
        for rule in self.one("ClusterRole")["rules"]:
            self.assertEqual(set(rule["verbs"]), {"list", "watch"})
            granted |= {(group, resource) for group in rule["apiGroups"] for resource in rule["resources"]}
        self.assertEqual(granted, KINDS)
        self.assertEqual(self.one("ClusterRoleBinding")["roleRef"]["name"], self.one("ClusterRole")["metadata"]["name"])

    def test_the_pod_may_do_nothing_that_it_need_not(self):
        pod = self.one("Deployment")["spec"]["template"]["spec"]
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        for container in pod["containers"]:
            security = container["securityContext"]
            self.assertFalse(security["allowPrivilegeEscalation"])
            self.assertTrue(security["readOnlyRootFilesystem"])
            self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
            self.assertIn("memory", container["resources"]["limits"])

    def test_everything_named_is_there(self):
        deployment, service, policy = self.one("Deployment"), self.one("Service"), self.one("NetworkPolicy")
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        for selector in (deployment["spec"]["selector"]["matchLabels"], service["spec"]["selector"],
                         policy["spec"]["podSelector"]["matchLabels"]):
            self.assertLessEqual(selector.items(), labels.items())
        pod = deployment["spec"]["template"]["spec"]
        self.assertEqual(pod["serviceAccountName"], self.one("ServiceAccount")["metadata"]["name"])
        volumes = {v["name"] for v in pod["volumes"]}
        mounts = {m["name"] for c in pod["containers"] for m in c["volumeMounts"]}
        self.assertEqual(volumes, mounts)
        self.assertEqual(set(policy["spec"]["policyTypes"]), {"Ingress", "Egress"})

    def test_the_settings_are_right(self):
        settings = self.one("ConfigMap")["data"]["control.yaml"]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(settings)
            file.flush()
            done = subprocess.run([BUILD / "spanlight", "check", "control", "--no-machine", "-c", file.name],
                                  capture_output=True, text=True)
            self.assertEqual((done.stderr, done.returncode), ("", 0))


if __name__ == "__main__":
    unittest.main()
