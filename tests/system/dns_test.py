"""DNS as a user sees it: captures made here, a real server asked by a real resolver, and the names that answers give to others' calls."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

import control_test
import spanlight

PATIENCE_S = 60


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def message(ident, flags, question, answers=(), kind=1):
    return struct.pack(">6H", ident, flags, 1, len(answers), 0, 0) + name(question) + struct.pack(">HH", kind, 1) + b"".join(answers)


def record(kind, data, owner=b"\xc0\x0c", ttl=60):
    return owner + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def query(ident, question, kind=1):
    return message(ident, 0x0100, question, kind=kind)


def answer(ident, question, address="192.0.2.7", flags=0x8180):
    return message(ident, flags, question, [record(1, bytes(map(int, address.split("."))))])


class Udp:
    """Both ends of one IPv4 flow; each call returns a frame."""

    def __init__(self, client=("10.0.0.1", 40000), server=("10.0.0.53", 53)):
        self.ends = (client, server)
        self.ip_id = 0

    def __call__(self, sender, payload):
        (src, src_port), (dst, dst_port) = self.ends[sender], self.ends[1 - sender]
        udp = struct.pack(">HHHH", src_port, dst_port, 8 + len(payload), 0) + payload
        self.ip_id += 1
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), self.ip_id, 0x4000, 64, 17, 0)
        ip += b"".join(bytes(map(int, end.split("."))) for end in (src, dst))
        ip = ip[:10] + struct.pack(">H", spanlight.checksum(ip)) + ip[12:]
        return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + ip + udp


class Captured(unittest.TestCase):
    def dissect(self, frames):
        with tempfile.TemporaryDirectory() as folder:
            capture = spanlight.write_pcap(pathlib.Path(folder, "dns.pcap"), frames)
            counts = spanlight.counters(capture)
            self.assertEqual(spanlight.unaccounted(counts), 0)
            self.assertEqual(counts["memory_bytes{state}"], 0)
            return spanlight.dissect(capture), counts

    def test_a_pair_over_udp_on_any_port(self):
        for port in (53, 12345):
            say = Udp(server=("10.0.0.53", port))
            (call,), counts = self.dissect([say(0, query(7, "www.example.org")), say(1, answer(7, "www.example.org"))])
            self.assertEqual((call["protocol"], call["state"], call["transport"]), ("dns", "complete", "udp"))
            self.assertEqual((call["method"], call["summary"], call["status_code"]), ("A", "A www.example.org", 0))
            self.assertEqual((call["src"], call["dst"]["port"]), ({"ip": "10.0.0.1", "port": 40000}, port))
            self.assertEqual(call["elapsed_time"], 1000)
            self.assertEqual(call["request"]["fields"]["questions"], ["www.example.org"])
            self.assertEqual(call["response"]["fields"]["answers"],
                             [{"name": "www.example.org", "type": "A", "ttl": 60, "data": "192.0.2.7"}])
            self.assertEqual(counts["packets_total{datagram}"], 2)
            self.assertEqual(counts["inspect_total{identified}"], 1)

    def test_a_query_that_is_sent_again_is_one_call(self):
        say = Udp()
        frames = [say(0, query(7, "a.org")), say(0, query(7, "a.org")), say(1, answer(7, "a.org")), say(1, answer(7, "a.org"))]
        (call,), counts = self.dissect(frames)
        self.assertEqual(call["request"]["fields"]["retransmissions"], 1)
        self.assertEqual(call["elapsed_time"], 2000)
        self.assertEqual(counts["dissect_total{repeats}"], 2)

    def test_failures_and_silence_are_errors(self):
        say = Udp()
        calls, _ = self.dissect([say(0, query(1, "no.org")), say(1, message(1, 0x8183, "no.org")), say(0, query(2, "silent.org")),
                                 (120 * 10**9, Udp(client=("10.0.0.9", 1024))(0, query(3, "later.org")))])
        self.assertEqual(calls[0]["error"], "NXDOMAIN")
        self.assertEqual((calls[1]["state"], calls[1]["reason"], calls[1]["error"]),
                         ("no_response", "unanswered", "no response: unanswered"))
        self.assertEqual(calls[2]["reason"], "capture_ended")

    def test_datagrams_that_the_capture_cut(self):
        say = Udp()
        long = "a-name-of-some-length.in-a-namespace.svc.cluster.local"
        with_edns = struct.pack(">6H", 1, 0x0100, 1, 0, 0, 1) + query(1, long)[12:] + struct.pack(">BHHIH", 0, 41, 1232, 0, 0)
        captured = len(say(0, query(1, long)))
        (call,), _ = self.dissect([say(0, with_edns)[:captured], say(1, answer(1, long))[:captured]])
        self.assertEqual((call["state"], call["status_code"], call["flags"]), ("complete", 0, ["gap"]))
        self.assertEqual((call["request"]["size"], call["response"]["size"]), (len(with_edns), len(answer(1, long))))

    def test_over_tcp_in_small_segments(self):
        tcp = spanlight.Tcp(server=("10.0.0.53", 53))
        framed = lambda m: struct.pack(">H", len(m)) + m
        frames = tcp.handshake() + tcp.data(0, framed(query(1, "a.org")) + framed(query(2, "b.org")), mss=7)
        frames += tcp.data(1, framed(answer(2, "b.org")) + framed(answer(1, "a.org")), mss=11) + tcp.close()
        calls, _ = self.dissect(frames)
        self.assertEqual([(c["summary"], c["state"], c["transport"], c["flags"]) for c in calls],
                         [("A b.org", "complete", "tcp", []), ("A a.org", "complete", "tcp", [])])

    def test_multicast_is_told_from_its_port(self):
        say = Udp(client=("10.0.0.1", 5353), server=("224.0.0.251", 5353))
        said = struct.pack(">6H", 0, 0x8400, 0, 1, 0, 0) + record(1, b"\x0a\0\0\1", name("box.local"))
        calls, _ = self.dissect([say(0, query(0, "box.local")), say(0, said)])
        self.assertEqual([(c["protocol"], c["state"], c["summary"]) for c in calls],
                         [("mdns", "one_way", "A box.local"), ("mdns", "one_way", "A box.local (answer)")])
        asked = Udp(client=("10.0.0.1", 50000), server=("224.0.0.252", 5355))
        (call,), _ = self.dissect([asked(0, query(9, "box")), asked(0, query(9, "box"))])
        self.assertEqual((call["protocol"], call["state"], call.get("error")), ("llmnr", "one_way", None))

    def test_a_member_of_a_group_answers_from_its_own_address(self):
        client = ("10.0.0.1", 50000)
        asked, other = Udp(client=client, server=("224.0.0.252", 5355)), Udp(client=("10.0.0.2", 50000), server=("224.0.0.252", 5355))
        said = Udp(client=client, server=("10.0.0.9", 5355))
        calls, _ = self.dissect([other(0, query(9, "box")), asked(0, query(9, "box")), said(1, answer(9, "box", flags=0x8000))])
        self.assertEqual([(c["protocol"], c["state"], c["src"]["ip"], c["dst"]["ip"], c["elapsed_time"]) for c in calls],
                         [("llmnr", "complete", "10.0.0.1", "10.0.0.9", 1000), ("llmnr", "one_way", "10.0.0.2", "224.0.0.252", None)])

    def test_filters_know_the_fields(self):
        say = Udp()
        with tempfile.TemporaryDirectory() as folder:
            capture = spanlight.write_pcap(pathlib.Path(folder, "dns.pcap"), [say(0, query(7, "a.org")), say(1, answer(7, "a.org"))])
            for filter, found in (('dns && "a.org" in dns_questions', 1), ("dns && status_code == 3", 0),
                                  ('dns_answers.exists(a, a.contains("192.0.2.7"))', 1), ('"AAAA" in dns_question_types', 0)):
                self.assertEqual(len(spanlight.dissect(capture, "--filter", filter)), found, filter)


def works():
    return os.geteuid() == 0 and all(map(shutil.which, ("ip", "dnsmasq", "dig")))


class Network:
    """A name server in a namespace of its own, at the other end of a pair of interfaces of which one is ours."""

    def __init__(self, folder):
        number = os.getpid() % 60_000
        self.space, self.ours, self.theirs = f"sldns{number}", f"sld{number}a", f"sld{number}b"
        net = f"10.{100 + number % 100}.{number // 100 % 250}"
        self.client, self.server = f"{net}.1", f"{net}.2"
        for command in (f"ip netns add {self.space}", f"ip link add {self.ours} type veth peer name {self.theirs} netns {self.space}",
                        f"ip addr add {self.client}/30 dev {self.ours}", f"ip link set {self.ours} up",
                        f"ip -n {self.space} addr add {self.server}/30 dev {self.theirs}", f"ip -n {self.space} link set {self.theirs} up",
                        f"ip -n {self.space} link set lo up"):
            subprocess.run(command.split(), check=True)
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", self.space, "dnsmasq", "-k", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", f"--pid-file={folder}/pid",
             "--user=root", f"--listen-address={self.server}", "--bind-interfaces", f"--address=/web.test/{self.server}", "--address=/lab.test/fd00::3",
             "--cname=www.lab.test,h.test", "--host-record=h.test,10.1.2.4", "--txt-record=t.test,hello", "--srv-host=_h._tcp.test,h.test,80",
             "--mx-host=m.test,h.test,10", "--local=/test/", "--auth-ttl=60", "--local-ttl=60"], stderr=subprocess.DEVNULL)

    def dig(self, *arguments):
        done = subprocess.run(["dig", "+tries=1", "+time=5", f"@{self.server}", *arguments], capture_output=True, text=True, timeout=30)
        return done.stdout

    def close(self):
        self.process.kill()
        self.process.wait()
        subprocess.run(["ip", "link", "del", self.ours], capture_output=True)
        subprocess.run(["ip", "netns", "del", self.space], capture_output=True)


@unittest.skipUnless(works(), "needs root, ip, dnsmasq and dig")
class Live(unittest.TestCase):
    """dnsmasq asked by dig, with a sensor beside."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.folder = pathlib.Path(folder.name)
        self.network = Network(folder.name)
        self.addCleanup(self.network.close)
        until = time.monotonic() + PATIENCE_S
        while "status: NOERROR" not in self.network.dig("h.test"):
            self.assertLess(time.monotonic(), until, "dnsmasq does not answer")
            time.sleep(0.1)

    def start(self, *command, file):
        out = open(self.folder / file, "w")
        self.addCleanup(out.close)
        process = subprocess.Popen([spanlight.PROGRAM, *command], stdout=out if file.endswith("jsonl") else subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL if file.endswith("jsonl") else out)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def sensor(self):
        (self.folder / "sensor.yaml").write_text(
            f"publishing:\n  records: ipc://{self.folder}/records.sock\n  commands: ipc://{self.folder}/command.sock\n"
            "  metrics: ''\n" f"dpdk:\n  hugepages: never\n")
        self.start("sensor", "-c", str(self.folder / "sensor.yaml"), self.network.ours, file="sensor.log")
        control_test.wait_for(lambda: "records at" in (self.folder / "sensor.log").read_text(), "the sensor runs")

    def test_as_many_calls_as_dig_made_and_what_it_was_told(self):
        self.sensor()
        self.start("tail", "--json", "--connect", f"ipc://{self.folder}/records.sock", file="calls.jsonl")
        calls = lambda: [json.loads(l) for l in (self.folder / "calls.jsonl").read_text().splitlines() if l.endswith("}")]
        # What the subscriber is sent begins some moments after it came.
        control_test.wait_for(lambda: self.network.dig("first.web.test") and calls(), "the first record")
        asked = [("h.test", "A"), ("web.test", "A"), ("lab.test", "AAAA"), ("www.lab.test", "A"), ("t.test", "TXT"), ("_h._tcp.test", "SRV"),
                 ("m.test", "MX"), ("4.2.1.10.in-addr.arpa", "PTR"), ("none.test", "A"), ("elsewhere.example", "A")]
        said = {}
        for over in ("+notcp", "+tcp"):
            for question in asked:
                said[question, over] = self.network.dig(over, *question)
        found = lambda: [c for c in calls() if c["protocol"] == "dns" and c["request"]["fields"]["name"] != "first.web.test"]
        control_test.wait_for(lambda: len(found()) >= len(said), "all calls")
        time.sleep(1)
        self.assertEqual(len(found()), len(said))
        for call in found():
            fields = call["request"]["fields"]
            told = said[(fields["name"], fields["type"]), "+tcp" if call["transport"] == "tcp" else "+notcp"]
            self.assertEqual(call["state"], "complete")
            self.assertEqual(call["response"]["fields"]["rcode_name"], re.search(r"status: (\w+)", told)[1])
            self.assertEqual(fields["id"], int(re.search(r"id: (\d+)", told)[1]))
            self.assertEqual(call["response"]["fields"]["answer_count"], int(re.search(r"ANSWER: (\d+)", told)[1]))
            for shown in call["response"]["fields"]["answers"]:
                self.assertRegex(told, rf"(?m)^{re.escape(shown['name'])}\.\s+{shown['ttl']}\s+IN\s+{shown['type']}\s+.*{re.escape(shown['data'])}")

    @unittest.skipUnless(control_test.LIBCHDB, "libchdb is not installed: scripts/setup does it")
    def test_the_next_call_to_the_address_has_its_name(self):
        control = control_test.Control(self.folder)
        self.addCleanup(control.end, signal.SIGKILL)
        self.sensor()
        control.start()
        control_test.wait_for(lambda: self.network.dig("first.web.test") and control.calls("dns"), "the first record is kept")
        self.network.dig("www.lab.test", "A")
        self.network.dig("shop.web.test", "A")
        control_test.wait_for(lambda: control.calls('dns && "shop.web.test" in dns_questions'), "the answer is kept")
        listener = subprocess.Popen(["ip", "netns", "exec", self.network.space, "/usr/bin/python3", "-c",
                                     "import http.server; http.server.test(http.server.BaseHTTPRequestHandler, port=8080)"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(listener.wait)
        self.addCleanup(listener.kill)

        def called():
            try:
                with socket.create_connection((self.network.server, 8080), timeout=2) as connection:
                    connection.sendall(b"GET /named HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    return connection.recv(4096)
            except OSError:
                return b""

        control_test.wait_for(called, "the web server answers")
        call = control_test.wait_for(lambda: control.calls('http && path == "/named"'), "the call is kept")[-1]
        self.assertEqual(call["dst"]["dns"], "shop.web.test")
        self.assertEqual(len(control.calls('dst.dns == "shop.web.test" && http')), 1)
        metrics = control.raw("/metrics").decode()
        self.assertRegex(metrics, r"spanlight_control_dns_addresses [1-9]")


@unittest.skipUnless(control_test.LIBCHDB, "libchdb is not installed: scripts/setup does it")
class Imported(unittest.TestCase):
    def test_answers_in_a_capture_name_its_calls(self):
        with tempfile.TemporaryDirectory() as folder:
            control = control_test.Control(folder)
            self.addCleanup(control.end, signal.SIGKILL)
            control.start()
            say, tcp = Udp(client=("10.9.0.1", 40000)), spanlight.Tcp(client=("10.9.0.1", 50000), server=("192.0.2.7", 80))
            frames = [say(0, query(1, "shop.example.org")), say(1, answer(1, "shop.example.org"))] + tcp.handshake()
            frames += tcp.data(0, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") + tcp.data(1, b"HTTP/1.1 204 No Content\r\n\r\n") + tcp.close()
            capture = spanlight.write_pcap(pathlib.Path(folder, "named.pcap"), frames)
            done = control.run("import", capture)
            self.assertEqual(done.returncode, 0, done.stderr)
            call, = control.calls("http", source="named.pcap")
            self.assertEqual(call["dst"]["dns"], "shop.example.org")
            self.assertNotIn("dns", call["src"])
            control.end()


if __name__ == "__main__":
    unittest.main()
