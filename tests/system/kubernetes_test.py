"""Names from a Kubernetes API server: the client and the map against a server that behaves, and misbehaves, like a real one."""
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

import spanlight

sys.path.insert(0, str(spanlight.ROOT / "tests" / "support"))
import kubernetes_server as k8s  # noqa: E402

PROGRAM = spanlight.BUILD / "control" / "targets" / "cluster_follow"
PATIENCE_S = 60


def kubeconfig(folder, server, user=None, cluster=None):
    path = pathlib.Path(folder) / "kubeconfig"
    scheme = "https" if server.context else "http"
    path.write_text(json.dumps({  # JSON is YAML
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"{scheme}://127.0.0.1:{server.port}", **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {}}]}))
    return path


class Follower:
    """cluster_follow, asked line by line."""

    def __init__(self, config, *options):
        self.process = subprocess.Popen([PROGRAM, config, "backoff_ms=20", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.said = []
        self.listener = threading.Thread(target=lambda: self.said.extend(iter(self.process.stderr.readline, "")), daemon=True)
        self.listener.start()

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("cluster_follow ended: " + "".join(self.said))
        return json.loads(line)

    def name(self, ip, port=0, at=None):
        party = self.ask("find", ip, port, time.time_ns() if at is None else at)
        return party and party["name"]

    def kind(self, kind):
        return self.ask("status")["kinds"][kind]

    def wait(self, condition, what="it"):
        until = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f"{what} does not come: {self.ask('status')} {''.join(self.said)}")
            time.sleep(0.01)

    def wait_name(self, ip, name, port=0):
        self.wait(lambda: self.name(ip, port) == name, f"{ip} as {name}")

    def wait_synced(self, *kinds):
        self.wait(lambda: all(self.kind(k)["synced"] for k in kinds or k8s.KINDS), "the first list")

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        self.listener.join(PATIENCE_S)
        self.process.stderr.close()


class Kubernetes(unittest.TestCase):
    def server(self, context=None):
        server = k8s.Server(context)
        self.addCleanup(server.close)
        return server

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name)

    def follow(self, server, *options, user=None, cluster=None):
        follower = Follower(kubeconfig(self.folder(), server, user, cluster), *options)
        self.addCleanup(follower.close)
        return follower

    def check_everything(self, server, *options):
        """A cluster with one of each; every kind of address has its name."""
        server.put("nodes", k8s.node("node-1", ["192.168.0.1", "fd00:1::1"], ["10.1.0.0/24"]))
        server.put("namespaces", k8s.plain("shop"))
        deployment = str(uuid.uuid4())
        rs = server.put("replicasets", k8s.plain("web-7d9f", "shop", ("Deployment", "web", deployment)))
        cron = server.put("jobs", k8s.plain("sweep-29", "shop", ("CronJob", "sweep", str(uuid.uuid4()))))
        server.put("services", k8s.service("web", "shop", ["172.16.0.9", "fd00:2::9"], {"app": "web"}, (80,), (30080,), (), ["203.0.113.7"]))
        server.put("services", k8s.service("legacy", "shop", ["172.16.0.10"], None, (5432,)))
        server.put("endpointslices", k8s.endpoint_slice("legacy-1", "legacy", "shop", [("198.51.100.4", None)], (5432,)))
        server.put("services", k8s.service("outside", "shop", external_name="DB.example.com."))
        server.put("pods", k8s.pod("web-7d9f-a", "shop", ["10.1.0.5", "fd00:3::5"], labels={"app": "web"},
                                   owner=("ReplicaSet", "web-7d9f", rs["metadata"]["uid"])))
        server.put("pods", k8s.pod("sweep-29-x", "shop", ["10.1.0.6"], owner=("Job", "sweep-29", cron["metadata"]["uid"])))
        server.put("pods", k8s.pod("exporter", "kube-system", ["192.168.0.1"], host_network=True, ports=[(9100, 9100)],
                                   owner=("DaemonSet", "exporter", str(uuid.uuid4()))))
        server.put("pods", k8s.pod("proxy", "shop", ["10.1.0.7"], ports=[(8443, 443)]))
        follower = self.follow(server, *options)
        follower.wait_synced()
        # What came with a kind's list is published a moment after the kind is synced.
        follower.wait(lambda: (follower.ask("find", "10.1.0.5", 0, time.time_ns()) or {}).get("kind") == "Deployment", "the workload")
        follower.wait(lambda: (follower.ask("find", "10.1.0.6", 0, time.time_ns()) or {}).get("kind") == "CronJob", "the workload")
        for ip, port, name in (("172.16.0.9", 80, "web"), ("192.168.0.1", 9100, "exporter"), ("192.168.0.1", 22, "node-1"),
                               ("198.51.100.4", 5432, "legacy")):
            follower.wait_name(ip, name, port)
        follower.wait(lambda: follower.ask("external", "db.example.com"), "the external name")
        follower.wait(lambda: (follower.ask("find", "10.1.0.5", 0, time.time_ns()) or {}).get("service") == "web", "the service")
        self.assertEqual(follower.ask("find", "10.1.0.5", 8080, time.time_ns()),
                         {"name": "web-7d9f-a", "namespace": "shop", "pod": "web-7d9f-a", "service": "web", "kind": "Deployment", "workload": "web",
                          "node": "node-1", "labels": {"app": "web"}})
        job = follower.ask("find", "10.1.0.6", 0, time.time_ns())
        self.assertEqual((job["kind"], job["workload"]), ("CronJob", "sweep"))
        for ip, port, name in (("fd00:3::5", 1, "web-7d9f-a"), ("172.16.0.9", 80, "web"), ("fd00:2::9", 80, "web"), ("203.0.113.7", 80, "web"),
                               ("192.168.0.1", 22, "node-1"), ("fd00:1::1", 0, "node-1"), ("192.168.0.1", 9100, "exporter"),
                               ("192.168.0.1", 30080, "web"), ("192.168.0.1", 443, "proxy"), ("10.1.0.7", 443, "proxy"),
                               ("198.51.100.4", 5432, "legacy"), ("198.51.100.4", 22, None), ("10.9.9.9", 80, None)):
            self.assertEqual(follower.name(ip, port), name, (ip, port))
        for name in ("db.example.com", "outside.shop.svc.cluster.local"):
            self.assertEqual(follower.ask("external", name)["name"], "outside", name)
        now = time.time_ns()
        self.assertTrue(follower.ask("may", "10.1.0.99", 0, now))
        self.assertFalse(follower.ask("may", "8.8.8.8", 0, now))
        return follower

    def test_watch_list_names_every_kind_of_address(self):
        server = self.server()
        follower = self.check_everything(server)
        self.assertEqual(follower.kind("pods")["watches"], 1)
        self.assertTrue(all("limit=" not in line for line, _ in server.requests))

    def test_pages_where_watch_list_is_off(self):
        server = self.server()
        server.watch_list = False
        self.check_everything(server, "page=2")
        self.assertTrue(any("continue=" in line for line, _ in server.requests))

    def test_pages_where_the_store_behind_is_too_old_for_watch_list(self):
        server = self.server()
        server.watch_list = "error"
        self.check_everything(server)

    def test_speaks_for_itself(self):
        server = self.server()
        follower = self.follow(server)
        follower.wait_synced()
        self.assertTrue(all(h["user-agent"].startswith("spanlight") for _, h in server.requests))

    def test_a_stale_page_begins_the_list_anew(self):
        server = self.server()
        server.watch_list, server.stale_tokens = False, 2
        for i in range(20):
            server.put("pods", k8s.pod(f"p{i}", ips=[f"10.0.0.{i + 1}"]))
        follower = self.follow(server, "page=5")
        follower.wait_synced()
        follower.wait(lambda: [follower.name(f"10.0.0.{i + 1}") for i in range(20)] == [f"p{i}" for i in range(20)], "each of the pods")
        self.assertGreaterEqual(follower.kind("pods")["gone"], 1)

    def test_large_lists_come_packed(self):
        server = self.server()
        server.watch_list = False
        k8s.fill(server, 400, 10, 4)
        follower = self.follow(server)
        follower.wait_synced()
        self.assertEqual(follower.kind("pods")["objects"], 400)
        self.assertLess(follower.kind("pods")["bytes"], 200_000)

    def test_changes_are_followed(self):
        server = self.server()
        follower = self.follow(server)
        follower.wait_synced()
        server.put("pods", k8s.pod("a", ips=["10.0.0.1"]))
        follower.wait_name("10.0.0.1", "a")
        pending = k8s.pod("b")
        server.put("pods", pending)
        pending["status"] = k8s.pod("b", ips=["10.0.0.2"])["status"]
        server.put("pods", pending)
        follower.wait_name("10.0.0.2", "b")
        server.delete("pods", "a")
        follower.wait_name("10.0.0.1", None)
        self.assertEqual([i["name"] for i in follower.ask("history", "10.0.0.1")], ["a"])
        # A ReplicaSet that comes after its pods.
        rs = k8s.plain("web-5f", "default", ("Deployment", "web", "x"))
        server.put("pods", k8s.pod("web-5f-1", ips=["10.0.0.3"], owner=("ReplicaSet", "web-5f", rs["metadata"]["uid"])))
        follower.wait_name("10.0.0.3", "web-5f-1")
        self.assertEqual(follower.ask("find", "10.0.0.3", 0, time.time_ns())["kind"], "ReplicaSet")
        server.put("replicasets", rs)
        follower.wait(lambda: follower.ask("find", "10.0.0.3", 0, time.time_ns())["kind"] == "Deployment")
        # A service that comes after its pods.
        labelled = k8s.pod("c", ips=["10.0.0.4"], labels={"app": "c"})
        server.put("pods", labelled)
        server.put("services", k8s.service("headless", selector={"app": "c"}))
        follower.wait(lambda: (follower.ask("find", "10.0.0.4", 0, time.time_ns()) or {}).get("service") == "headless")
        server.put("services", k8s.service("c", cluster_ips=["172.16.0.1"], selector={"app": "c"}))
        follower.wait(lambda: follower.ask("find", "10.0.0.4", 0, time.time_ns())["service"] == "c")

    def check_relist(self, as_status):
        server = self.server()
        server.gone_as_status = as_status
        server.put("pods", k8s.pod("stays", ips=["10.0.0.1"]))
        server.put("pods", k8s.pod("goes", ips=["10.0.0.2"]))
        follower = self.follow(server)
        follower.wait_synced()
        follower.wait_name("10.0.0.2", "goes")
        before = time.time_ns()
        server.mute = True   # what comes now is not answered
        server.kill()
        server.delete("pods", "goes")
        server.put("pods", k8s.pod("comes", ips=["10.0.0.3"]))
        server.forget()
        server.mute = False
        server.kill()
        follower.wait_name("10.0.0.3", "comes")
        follower.wait(lambda: follower.name("10.0.0.2") is None)
        self.assertEqual(follower.name("10.0.0.1"), "stays")
        self.assertEqual(follower.name("10.0.0.2", at=before), "goes")
        self.assertGreaterEqual(follower.kind("pods")["gone"], 1)

    def test_410_as_an_event_lists_anew_and_compares(self):
        self.check_relist(False)

    def test_410_as_a_status_lists_anew_and_compares(self):
        self.check_relist(True)

    def test_a_server_that_forgets_us_after_each_list_is_listed_less_and_less_often(self):
        server = self.server()
        server.watch_list = False
        server.oldest["pods"] = 10 ** 9
        follower = self.follow(server, "backoff_ms=30000")
        follower.wait(lambda: follower.kind("pods")["state"] == "waiting")
        self.assertEqual((follower.kind("pods")["lists"], follower.kind("pods")["gone"]), (2, 2))

    def test_a_watch_that_is_cut_goes_on_where_it_was(self):
        server = self.server()
        server.put("pods", k8s.pod("a", ips=["10.0.0.1"]))
        follower = self.follow(server)
        follower.wait_synced()
        for turn in range(5):
            server.kill()
            server.put("pods", k8s.pod(f"p{turn}", ips=[f"10.0.1.{turn + 1}"]))
            follower.wait_name(f"10.0.1.{turn + 1}", f"p{turn}")
        self.assertEqual(follower.kind("pods")["lists"], 1)

    def test_watches_that_end_are_renewed_without_a_list(self):
        server = self.server()
        server.watch_s = 1.1
        follower = self.follow(server)
        follower.wait(lambda: server.watches("pods") >= 4)
        self.assertEqual(follower.kind("pods")["lists"], 1)
        self.assertEqual(follower.kind("pods")["faults"], 0)

    def test_bookmarks_keep_a_quiet_watch_young(self):
        server = self.server()
        server.bookmark_s = 0.05
        follower = self.follow(server)
        follower.wait(lambda: follower.kind("nodes")["bookmarks"] > 3)
        for _ in range(10):
            server.put("pods", k8s.pod("a", ips=["10.0.0.1"]))
        seen = follower.kind("nodes")["bookmarks"]
        follower.wait(lambda: follower.kind("nodes")["bookmarks"] > seen + 2)  # told of versions beyond the pods'
        server.forget()
        with server.changed:
            server.oldest["nodes"] -= 1  # a bookmark later than this is young enough
        server.kill()
        server.put("nodes", k8s.node("n", ["192.168.0.1"]))
        follower.wait_name("192.168.0.1", "n")

    def test_silence_is_noticed(self):
        server = self.server()
        follower = self.follow(server, "silence_ms=300")
        follower.wait_synced()
        follower.wait(lambda: follower.kind("pods")["faults"] > 0)
        self.assertIn("Nothing comes from", follower.kind("pods")["fault"])
        server.bookmark_s = 0.05
        server.put("pods", k8s.pod("a", ips=["10.0.0.1"]))
        follower.wait_name("10.0.0.1", "a")

    def test_a_watch_list_that_has_become_a_watch_may_be_as_quiet_as_one(self):
        server = self.server()
        server.bookmark_s = 4
        follower = self.follow(server, "list_silence_ms=3000")
        follower.wait(lambda: follower.kind("pods")["bookmarks"] >= 2)  # the first ends the list
        self.assertEqual((follower.kind("pods")["watches"], follower.kind("pods")["faults"]), (1, 0))

    def test_a_fault_is_over_when_the_watch_goes_on(self):
        server = self.server()
        follower = self.follow(server)
        follower.wait_synced()
        for turn in range(2):
            server.broken = 7 * 3
            server.kill()
            follower.wait(lambda: server.broken == 0)
            server.put("pods", k8s.pod(f"p{turn}", ips=[f"10.0.1.{turn + 1}"]))
            follower.wait_name(f"10.0.1.{turn + 1}", f"p{turn}")
            self.assertEqual(follower.kind("pods")["fault"], "")
        self.assertEqual(follower.kind("pods")["lists"], 1)

    def test_429_waits_as_told(self):
        server = self.server()
        server.busy = 7
        began = time.monotonic()
        follower = self.follow(server)
        follower.wait_synced()
        self.assertGreaterEqual(time.monotonic() - began, 1.0)
        self.assertTrue(any("429" in line for line in follower.said))

    def test_5xx_is_told_and_survived(self):
        server = self.server()
        server.broken = 12
        follower = self.follow(server)
        follower.wait_synced()
        self.assertTrue(any("etcdserver: request timed out" in line for line in follower.said))

    def test_a_kind_that_is_forbidden_or_not_served_stops_no_other(self):
        server = self.server()
        server.forbidden, server.missing = {"replicasets", "nodes"}, {"jobs"}
        server.put("pods", k8s.pod("web-7d9f-a", ips=["10.0.0.1"], labels={"pod-template-hash": "7d9f"},
                                   owner=("ReplicaSet", "web-7d9f", str(uuid.uuid4()))))
        follower = self.follow(server, "denied_ms=100")
        follower.wait_name("10.0.0.1", "web-7d9f-a")
        follower.wait(lambda: all(follower.kind(k)["state"] == "denied" for k in ("replicasets", "nodes", "jobs")))
        party = follower.ask("find", "10.0.0.1", 0, time.time_ns())
        self.assertEqual((party["kind"], party["workload"]), ("Deployment", "web"))
        self.assertIn("403", follower.kind("nodes")["fault"])
        self.assertIn("404", follower.kind("jobs")["fault"])
        server.put("nodes", k8s.node("n", ["192.168.0.1"]))
        server.forbidden = set()
        follower.wait_name("192.168.0.1", "n")

    def test_tokens_are_read_again(self):
        server = self.server()
        server.tokens = {"first"}
        folder = self.folder()
        token = folder / "token"
        token.write_text("first\n")
        follower = self.follow(server, user={"tokenFile": str(token)})
        follower.wait_synced()
        server.tokens = {"second"}
        server.put("pods", k8s.pod("a", ips=["10.0.0.1"]))
        follower.wait_name("10.0.0.1", "a")  # a running watch outlives its token
        server.kill()
        follower.wait(lambda: "401" in follower.kind("pods")["fault"])
        token.write_text("second")
        server.put("pods", k8s.pod("b", ips=["10.0.0.2"]))
        follower.wait_name("10.0.0.2", "b")

    def test_a_token_in_the_kubeconfig_is_read_again(self):
        server = self.server()
        server.tokens = {"first"}
        folder = self.folder()
        follower = Follower(kubeconfig(folder, server, {"token": "first"}))
        self.addCleanup(follower.close)
        follower.wait_synced()
        server.tokens = {"second"}
        server.kill()
        follower.wait(lambda: "401" in follower.kind("pods")["fault"])
        kubeconfig(folder, server, {"token": "second"})
        server.put("pods", k8s.pod("a", ips=["10.0.0.1"]))
        follower.wait_name("10.0.0.1", "a")

    def test_a_line_that_is_too_long_is_left_out(self):
        server = self.server()
        follower = self.follow(server, "line_bytes=100000")
        follower.wait_synced()
        huge = k8s.pod("huge", ips=["10.0.0.1"])
        huge["metadata"]["annotations"] = {"x": "y" * 200_000}
        server.put("pods", huge)
        server.put("pods", k8s.pod("a", ips=["10.0.0.2"]))
        follower.wait_name("10.0.0.2", "a")
        self.assertEqual(follower.name("10.0.0.1"), None)
        self.assertEqual(follower.kind("pods")["too_long"], 1)

    def test_rubbish_leads_to_a_new_list(self):
        for rubbish in (b"{\"type\":\"ADDED\",\"object\":{\"metadata\":\n", b"\x00\xff\n", b"[]\n", b"{\"type\":\"ADDED\",\"object\":{}}\n",
                        b"{\"type\":\"ADDED\",\"object\":" + b"[" * 5000 + b"\n", b"{\"type\":7,\"object\":{}}\n"):
            with self.subTest(rubbish[:40]):
                server = self.server()
                server.raw_lines = [rubbish]
                server.put("pods", k8s.pod("a", ips=["10.0.0.1"]))
                follower = self.follow(server)
                follower.wait_name("10.0.0.1", "a")
                self.assertEqual(follower.kind("pods")["malformed"], 1)

    def test_an_object_without_uid_or_name_is_left_out(self):
        for watch_list in (True, False):
            with self.subTest(watch_list=watch_list):
                server = self.server()
                server.watch_list = watch_list
                nameless = k8s.pod("first", ips=["10.0.0.1"])
                del nameless["metadata"]["uid"]
                server.put("pods", nameless)
                follower = self.follow(server)
                follower.wait_synced()
                server.put("pods", k8s.pod("", ips=["10.0.0.2"]))
                server.put("pods", k8s.pod("a", ips=["10.0.0.3"]))
                follower.wait_name("10.0.0.3", "a")
                status = follower.kind("pods")
                self.assertEqual((status["malformed"], status["lists"]), (2, 1))
                self.assertEqual(follower.name("10.0.0.1"), None)

    def test_unknown_events_and_empty_lines_are_passed_over(self):
        server = self.server()
        server.raw_lines = [b"\n", b"{\"type\":\"NEWS\",\"object\":{\"a\":[1,{\"b\":null}]}}\n"]
        server.put("pods", k8s.pod("a", ips=["10.0.0.1"]))
        follower = self.follow(server)
        follower.wait_name("10.0.0.1", "a")
        self.assertEqual((follower.kind("pods")["malformed"], follower.kind("pods")["watches"]), (0, 1))

    def test_the_servers_clock_is_compared(self):
        server = self.server()
        server.clock_offset_s = -300
        follower = self.follow(server)
        follower.wait(lambda: follower.ask("status")["clock_known"])
        self.assertAlmostEqual(follower.ask("status")["clock_offset_ns"] / 1e9, -300, delta=1.5)

    def test_api_server_gone_and_back(self):
        server = self.server()
        server.put("pods", k8s.pod("a", ips=["10.0.0.1"]))
        follower = self.follow(server)
        follower.wait_synced()
        port = server.port
        server.close()
        follower.wait(lambda: follower.kind("pods")["faults"] >= 3)
        self.assertEqual(follower.name("10.0.0.1"), "a")  # what is known stays known
        again = k8s.Server(listen=("127.0.0.1", port))
        self.addCleanup(again.close)
        again.put("pods", k8s.pod("b", ips=["10.0.0.2"]))
        again.forget()  # a new server knows nothing of the old one's versions
        follower.wait_name("10.0.0.2", "b")
        follower.wait_name("10.0.0.1", None)


class Tls(Kubernetes):
    """Certificates as kubeadm makes them."""

    @classmethod
    def setUpClass(cls):
        cls.files = tempfile.TemporaryDirectory()
        folder = cls.files.name
        cls.ca = k8s.authority(folder)
        cls.other = k8s.authority(folder, "other")
        cls.served = k8s.certificate(folder, cls.ca, "apiserver", "IP:127.0.0.1,DNS:kubernetes")
        cls.misnamed = k8s.certificate(folder, cls.ca, "misnamed", "DNS:elsewhere")
        cls.client = k8s.certificate(folder, cls.ca, "ann")

    @classmethod
    def tearDownClass(cls):
        cls.files.cleanup()

    def secured(self, served=None, clients=None):
        server = self.server(k8s.tls_context(*(served or self.served), clients))
        server.put("pods", k8s.pod("a", ips=["10.0.0.1"]))
        return server

    def test_client_certificates(self):
        server = self.secured(clients=self.ca[1])
        follower = self.follow(server, cluster={"certificate-authority": str(self.ca[1])},
                               user={"client-certificate": str(self.client[1]), "client-key": str(self.client[0])})
        follower.wait_name("10.0.0.1", "a")

    def test_an_unknown_authority_is_refused(self):
        server = self.secured()
        follower = self.follow(server, cluster={"certificate-authority": str(self.other[1])})
        follower.wait(lambda: "is not accepted" in follower.kind("pods")["fault"])
        self.assertEqual(server.requests, [])

    def test_another_name_is_refused(self):
        server = self.secured(self.misnamed)
        follower = self.follow(server, cluster={"certificate-authority": str(self.ca[1])})
        follower.wait(lambda: follower.kind("pods")["faults"] > 0)
        self.assertIn("certificate of 127.0.0.1", follower.kind("pods")["fault"])
        self.assertEqual(server.requests, [])

    def test_the_name_may_be_told(self):
        server = self.secured(self.misnamed)
        follower = self.follow(server, cluster={"certificate-authority": str(self.ca[1]), "tls-server-name": "elsewhere"})
        follower.wait_name("10.0.0.1", "a")

    def test_insecure_is_obeyed_and_warned_of(self):
        server = self.secured(self.misnamed)
        follower = self.follow(server, cluster={"insecure-skip-tls-verify": True})
        follower.wait_name("10.0.0.1", "a")
        follower.wait(lambda: any("insecure-skip-tls-verify" in line for line in follower.said))


# The tests of plain HTTP are not run a second time under TLS.
for inherited in [n for n in dir(Kubernetes) if n.startswith("test_")]:
    setattr(Tls, inherited, None)


class AddressesUsedAgain(Kubernetes):
    """Addresses go from pod to pod while calls flow; no call may be named after a pod that it was not."""

    def test_no_wrong_name(self):
        server = self.server()
        server.put("nodes", k8s.node("node-1", ["192.168.0.1"], ["10.0.0.0/24"]))
        follower = self.follow(server)
        follower.wait_synced()
        calls = []  # (time, address, who it was)
        holders = {}
        for turn in range(400):
            ip = f"10.0.0.{turn % 5 + 1}"
            if ip in holders:
                name, finished = holders.pop(ip)
                calls.append((time.time_ns(), ip, name))
                if turn % 3 == 0:
                    # It finishes and keeps its status.podIP while the address is another's.
                    finished["status"]["phase"] = "Succeeded"
                    terminated = {"startedAt": finished["status"]["startTime"], "finishedAt": k8s.timestamp()}
                    finished["status"]["containerStatuses"][0]["state"] = {"terminated": terminated}
                    server.put("pods", finished)
                else:
                    server.delete("pods", name)
                if turn % 4 == 0:
                    server.kill()
                if turn % 40 == 0:
                    server.forget()
                    server.kill()
                follower.wait(lambda: follower.name(ip) is None, "the end of " + name)
            if turn % 7 == 0:
                continue
            name = f"p{turn}"
            made = server.put("pods", k8s.pod(name, ips=[ip]))
            holders[ip] = (name, made)
            calls.append((time.time_ns(), ip, name))
            follower.wait_name(ip, name)
            calls.append((time.time_ns(), ip, name))
        wrong, nameless = [], 0
        for at, ip, name in calls:
            found = follower.name(ip, at=at)
            nameless += found is None
            if found not in (name, None):
                wrong.append((at, ip, name, found, follower.ask("history", ip)[:6]))
        self.assertEqual(wrong, [])
        self.assertLess(nameless, len(calls) * 0.02)


for inherited in [n for n in dir(Kubernetes) if n.startswith("test_")]:
    setattr(AddressesUsedAgain, inherited, None)

if __name__ == "__main__":
    unittest.main()
