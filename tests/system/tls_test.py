"""TLS and QUIC as a user sees them: handshakes of OpenSSL in captures made here, behind CONNECT, and in the lab between real ends."""
import collections
import importlib.util
import json
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import dns_test
import live_test
import spanlight

sys.path.insert(0, str(spanlight.ROOT / "tests" / "support"))
import tls_ends  # noqa: E402

ENDS = str(spanlight.ROOT / "tests" / "support" / "tls_ends.py")
SERVER = "10.99.0.2"
ROUNDS = 100
# OpenSSL's name of a cipher suite, IANA's.
SUITES = {"TLS_AES_256_GCM_SHA384": "TLS_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}


class Made(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.cert, cls.key = tls_ends.make_certificate(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def dissect(self, frames):
        capture = spanlight.write_pcap(pathlib.Path(self.folder.name, "made.pcap"), frames)
        counts = spanlight.counters(capture)
        self.assertEqual(spanlight.unaccounted(counts), 0)
        self.assertEqual(counts["memory_bytes{state}"], 0)
        return spanlight.dissect(capture), counts

    def frames(self, flights, port=443, mss=1448):
        tcp = spanlight.Tcp(server=("10.0.0.2", port))
        frames = tcp.handshake()
        for sender, data in flights:
            frames += tcp.data(sender, data, mss)
        return frames + tcp.close()

    def call(self, memory, **options):
        (call,), counts = self.dissect(self.frames(memory.flights, **options))
        self.assertEqual(call["protocol"], "tls")
        return call, counts

    def memory(self, version=None, server=None, **options):
        return tls_ends.Memory(tls_ends.client_context(self.cert, version), server or tls_ends.server_context(self.cert, self.key), **options)

    def test_both_versions_on_any_port_in_any_segments(self):
        for version, port, mss in ((ssl.TLSVersion.TLSv1_2, 443, 1448), (ssl.TLSVersion.TLSv1_3, 443, 1448),
                                   (ssl.TLSVersion.TLSv1_2, 12345, 100), (ssl.TLSVersion.TLSv1_3, 80, 7)):
            memory = self.memory(version)
            call, counts = self.call(memory, port=port, mss=mss)
            agreed, asked, answered = memory.agreed(), call["request"]["fields"], call["response"]["fields"]
            self.assertEqual((call["state"], call["flags"], call.get("error", "")), ("complete", [], ""))
            self.assertEqual((asked["sni"], asked["alpn"], asked["version"]), (tls_ends.NAME, tls_ends.PROTOCOLS, agreed["version"]))
            self.assertEqual((answered["version"], answered["cipher_suite"]), (agreed["version"], SUITES[agreed["cipher"]]))
            # TLS 1.3 enciphers what the server chose.
            self.assertEqual(answered.get("alpn"), ["h2"] if version == ssl.TLSVersion.TLSv1_2 else None)
            self.assertEqual(counts["inspect_total{encrypted}"], 1)
            self.assertEqual(counts["inspect_total{identified}"], 1)
            self.assertEqual(counts["encrypted_bytes_total"], sum(len(d) for _, d in memory.flights))
            if version == ssl.TLSVersion.TLSv1_2:
                self.assertEqual((answered["certificate_subject"], answered["certificate_issuer"]), (tls_ends.NAME, tls_ends.NAME))
                self.assertEqual(answered["certificate_names"], [tls_ends.NAME, "*.example.org", SERVER])
                self.assertLess(answered["certificate_not_before"], answered["certificate_not_after"])

    def test_a_hello_is_asked_for_again(self):
        server = tls_ends.server_context(self.cert, self.key)
        server.set_ecdh_curve("secp384r1")
        call, _ = self.call(self.memory(ssl.TLSVersion.TLSv1_3, server))
        answered = call["response"]["fields"]
        self.assertEqual((answered["hello_retry"], answered["retry_group"], answered["group"]), (True, "secp384r1", "secp384r1"))

    def test_a_session_is_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            client, server = tls_ends.client_context(self.cert, version), tls_ends.server_context(self.cert, self.key)
            first = tls_ends.Memory(client, server)
            second = tls_ends.Memory(client, server, session=first.ends[0].session)
            self.assertTrue(second.ends[0].session_reused)
            call, _ = self.call(second)
            self.assertTrue(call["request"]["fields"]["offers_resumption"])
            self.assertTrue(call["response"]["fields"]["resumed"])

    def test_a_client_certificate_is_asked_for(self):
        server = tls_ends.server_context(self.cert, self.key)
        server.verify_mode = ssl.CERT_OPTIONAL
        server.load_verify_locations(self.cert)
        call, _ = self.call(self.memory(ssl.TLSVersion.TLSv1_2, server))
        self.assertTrue(call["response"]["fields"]["client_certificate_requested"])

    def test_refusals_are_errors(self):
        server = tls_ends.server_context(self.cert, self.key)
        server.minimum_version = ssl.TLSVersion.TLSv1_3
        call, _ = self.call(self.memory(ssl.TLSVersion.TLSv1_2, server))
        self.assertEqual((call["state"], call["is_error"], call["error"]), ("complete", True, "alert: protocol_version"))
        other = tempfile.TemporaryDirectory()
        self.addCleanup(other.cleanup)
        distrusted = tls_ends.server_context(*tls_ends.make_certificate(other.name))
        call, _ = self.call(self.memory(ssl.TLSVersion.TLSv1_2, distrusted))
        self.assertEqual((call["state"], call["error"]), ("complete", "alert: unknown_ca"))
        self.assertEqual(call["request"]["fields"]["alert"], "unknown_ca")

    def test_no_answer_and_a_reset(self):
        hello = self.memory().flights[0][1]
        tcp = spanlight.Tcp(server=("10.0.0.2", 443))
        opened = tcp.handshake() + tcp.data(0, hello)
        (call,), _ = self.dissect(opened)
        self.assertEqual((call["state"], call["reason"], call.get("error", "")), ("no_response", "capture_ended", ""))
        (call,), _ = self.dissect(opened + [tcp.frame(1, tcp.RST | tcp.ACK)])
        self.assertEqual((call["state"], call["reason"], call["error"]), ("no_response", "reset", "no response: connection reset"))

    def test_behind_connect(self):
        memory = self.memory(ssl.TLSVersion.TLSv1_3)
        ask = b"CONNECT shop.example.org:443 HTTP/1.1\r\nHost: shop.example.org:443\r\n\r\n"
        calls, counts = self.dissect(self.frames([(0, ask), (1, b"HTTP/1.1 200 Connection established\r\n\r\n"), *memory.flights], port=3128))
        self.assertEqual([(c["protocol"], c["method"], c["state"]) for c in calls],
                         [("http", "CONNECT", "complete"), ("tls", "ClientHello", "complete")])
        self.assertEqual(counts["inspect_total{encrypted}"], 1)

    def joined(self, flights, mss=1448):
        tcp = spanlight.Tcp(server=("10.0.0.2", 443))
        return self.dissect([f for sender, data in flights for f in tcp.data(sender, data, mss)])[0]

    def test_joined_midstream_behind_the_hellos_nothing_is_told(self):
        self.assertEqual(self.joined(self.memory().flights[2:]), [])

    def test_joined_midstream_in_front_of_a_hello_it_is_told(self):
        for mss in (1448, 7):
            flights = self.memory().flights
            (call,) = self.joined(flights, mss)
            self.assertEqual((call["state"], call["flags"], call["src"]["port"]), ("complete", ["midstream"], 40000))
            self.assertEqual((call["request"]["fields"]["sni"], call["response"]["fields"]["version"]), (tls_ends.NAME, "TLSv1.3"))
            (call,) = self.joined(flights[:1], mss)
            self.assertEqual((call["state"], call["reason"]), ("no_response", "lost_in_mirror"))
            (call,) = self.joined(flights[1:2], mss)
            self.assertEqual((call["state"], call["reason"]), ("no_request", "lost_in_mirror"))

    def test_left_out_where_it_is_not_enabled(self):
        capture = spanlight.write_pcap(pathlib.Path(self.folder.name, "out.pcap"), self.frames(self.memory().flights))
        settings = pathlib.Path(self.folder.name, "sensor.yaml")
        settings.write_text("enabledDissectors: [http]\n")
        self.assertEqual(spanlight.dissect(capture, "-c", settings), [])
        counts = spanlight.counters(capture, "-c", settings)
        self.assertEqual((counts["inspect_total{encrypted}"], counts["inspect_total{unknown}"]), (1, 0))

    def test_filters_know_the_fields(self):
        capture = spanlight.write_pcap(pathlib.Path(self.folder.name, "filter.pcap"), self.frames(self.memory().flights))
        ja4 = spanlight.dissect(capture)[0]["request"]["fields"]["ja4"]
        for text, count in ((f'tls && tlsx_sni == "{tls_ends.NAME}"', 1), ('tlsx_sni == "other"', 0), ('tlsx_version == "TLSv1.3"', 1),
                            ('tlsx_cipher_suite == "TLS_AES_256_GCM_SHA384"', 1), (f'tls_ja4 == "{ja4}"', 1), ("quic", 0)):
            with self.subTest(filter=text):
                self.assertEqual(len(spanlight.dissect(capture, "--filter", text)), count)


@unittest.skipUnless(importlib.util.find_spec("cryptography"), "python3-cryptography is not installed")
class QuicMade(Made):
    # Made's own tests are of TLS.
    for inherited in [name for name in dir(Made) if name.startswith("test_")]:
        locals()[inherited] = None

    def test_a_handshake_on_any_port(self):
        for number, port in enumerate((443, 443, 4433, 12345)):
            ident, version, datagrams, answer, agreed = tls_ends.quic_exchange(self.cert, self.cert, self.key, number)
            say = dns_test.Udp(server=("10.0.0.53", port))
            frames = [say(0, d) for d in datagrams]
            frames.append(say(1, tls_ends.initial("server", ident, b"", b"12345678", tls_ends.crypto(0, answer), version)))
            frames += [say(n % 2, b"\x40" + bytes(900)) for n in range(6)]
            (call,), counts = self.dissect(frames)
            self.assertEqual((call["protocol"], call["version"], call["state"]), ("quic", "1" if version == 1 else "2", "complete"))
            asked, answered = call["request"]["fields"], call["response"]["fields"]
            self.assertEqual((asked["sni"], asked["alpn"], asked["dcid"]), (tls_ends.NAME, ["h3"], ident.hex()))
            self.assertTrue(asked["ja4"].startswith("q13d"))
            self.assertEqual((answered["version"], answered["cipher_suite"]), (agreed["version"], SUITES[agreed["cipher"]]))
            self.assertEqual(counts["inspect_total{identified}"], 1)

    def test_one_socket_for_one_connection_after_the_other(self):
        say = dns_test.Udp(server=("10.0.0.53", 443))
        frames, idents = [], []
        for number in range(5):
            ident, version, datagrams, answer, _ = tls_ends.quic_exchange(self.cert, self.cert, self.key, number)
            idents.append(ident.hex())
            frames += [say(0, d) for d in datagrams] + [say(1, tls_ends.initial("server", ident, b"", b"12345678", tls_ends.crypto(0, answer), version))]
            frames += [say(0, datagrams[0])]  # sent again before the answer had come
            frames += [say(n % 2, b"\x40" + bytes(900)) for n in range(20)]
        calls, counts = self.dissect(frames)
        self.assertEqual([(c["request"]["fields"]["dcid"], c["state"]) for c in calls], [(ident, "complete") for ident in idents])
        self.assertEqual(counts["inspect_total{identified}"], 1)


@unittest.skipUnless(live_test.lab_works() and shutil.which("openssl"), "needs root, namespaces, nginx and openssl")
class Live(live_test.Lab):
    def background(self, where, *command):
        process = subprocess.Popen([live_test.LAB, where, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

    def wait_for_port(self, port, kind="t"):
        listening = f"until ss -Hln{kind} | grep -q ':{port} '; do sleep 0.1; done"
        subprocess.run([live_test.LAB, "server", "timeout", "20", "bash", "-c", listening], check=True)

    def client(self, *command):
        return subprocess.run([live_test.LAB, "client", *command], check=True, capture_output=True, text=True).stdout

    def certificate(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name, *tls_ends.make_certificate(folder.name)

    def records(self, sensor, count, protocol):
        found = lambda: [r for r in sensor.calls() if r["protocol"] == protocol]
        sensor.wait_for(lambda: len(found()) >= count)
        time.sleep(1.5)
        self.assertEqual(sensor.metric("port_dropped_packets_total"), 0)
        self.assertEqual(sensor.stop(), 0, sensor.said())
        return sorted(found(), key=lambda r: r["timestamp"])

    def test_as_many_records_as_handshakes(self):
        folder, cert, key = self.certificate()
        self.lab()
        self.background("server", "openssl", "s_server", "-accept", "4433", "-cert", cert, "-key", key, "-alpn", "h2", "-www", "-quiet")
        nginx = pathlib.Path(folder, "nginx.conf")
        nginx.write_text(f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/log; events {{}}\n"
                         f"http {{ access_log off; server {{ listen {SERVER}:8444 ssl http2; ssl_certificate {cert}; ssl_certificate_key {key};\n"
                         "ssl_protocols TLSv1.2 TLSv1.3; location / { return 200 here; } } }\n")
        self.background("server", "nginx", "-c", str(nginx), "-e", f"{folder}/log")
        for port in (4433, 8444):
            self.wait_for_port(port)
        sensor = self.sensor("slspan0")
        logged = [json.loads(l) for l in self.client("/usr/bin/python3", ENDS, "client", SERVER, "4433", str(ROUNDS), cert).splitlines()]
        for version in ("1.2", "1.3"):
            for number in range(5):
                self.client("curl", "-s", "--cacert", cert, f"--tlsv{version}", "--tls-max", version, "--connect-to", f"::{SERVER}:8444",
                            f"https://{tls_ends.NAME}:8444/{number}")
        self.client("bash", "-c", f"openssl s_client -connect {SERVER}:8444 -servername a.example.org -alpn http/1.1 </dev/null")
        records = self.records(sensor, len(logged) + 11, "tls")
        self.assertEqual(len(records), ROUNDS + 11)
        self.assertEqual({(r["state"], tuple(r.get("flags", [])), r.get("error", "")) for r in records}, {("complete", (), "")})
        for ours, theirs in zip(records, logged):
            asked, answered = ours["request"]["fields"], ours["response"]["fields"]
            self.assertEqual((asked["sni"], asked["alpn"]), (tls_ends.NAME, tls_ends.PROTOCOLS))
            old = theirs["version"] == "TLSv1.2"
            self.assertEqual((answered["version"], answered["cipher_suite"], answered.get("alpn")),
                             (theirs["version"], SUITES[theirs["cipher"]], [theirs["alpn"]] if old else None))
            self.assertEqual(answered.get("certificate_subject"), tls_ends.NAME if old else None)
        others = collections.Counter((r["request"]["fields"]["sni"], r["response"]["fields"]["version"], r["request"]["fields"]["alpn"][0])
                                     for r in records[ROUNDS:])
        self.assertEqual(others, {(tls_ends.NAME, "TLSv1.2", "h2"): 5, (tls_ends.NAME, "TLSv1.3", "h2"): 5, ("a.example.org", "TLSv1.3", "http/1.1"): 1})

    @unittest.skipUnless(importlib.util.find_spec("cryptography"), "python3-cryptography is not installed")
    def test_as_many_records_as_quic_handshakes(self):
        folder, cert, key = self.certificate()
        said, answers, agreed = [], {}, []
        for number in range(ROUNDS):
            ident, _, datagrams, answer, result = tls_ends.quic_exchange(cert, cert, key, number)
            said.append(json.dumps([d.hex() for d in datagrams]))
            answers[ident.hex()] = [answer.hex(), len(datagrams)]
            agreed.append((ident.hex(), SUITES[result["cipher"]]))
        pathlib.Path(folder, "said.jsonl").write_text("\n".join(said))
        pathlib.Path(folder, "answers.json").write_text(json.dumps(answers))
        self.lab()
        self.background("server", "/usr/bin/python3", ENDS, "quic-server", SERVER, "4434", cert, key)
        self.wait_for_port(4434, "u")
        sensor = self.sensor("slspan0")
        self.client("/usr/bin/python3", ENDS, "quic-client", SERVER, "4434", f"{folder}/said.jsonl")
        records = self.records(sensor, ROUNDS, "quic")
        self.assertEqual({(r["state"], r["request"]["fields"]["sni"]) for r in records}, {("complete", tls_ends.NAME)})
        self.assertEqual([(r["request"]["fields"]["dcid"], r["response"]["fields"]["cipher_suite"]) for r in records], agreed)


if __name__ == "__main__":
    unittest.main()
