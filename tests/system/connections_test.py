"""Records of connections and flows: captures made here, in which every packet's time and fate is known."""
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

import spanlight
from spanlight import Tcp

MS = 1_000_000


def ipv4(src, dst, protocol, payload, ip_id=1):
    address = lambda a: bytes(map(int, a.split(".")))
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ip_id, 0x4000, 64, protocol, 0) + address(src) + address(dst)
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + head + payload


def udp(src, dst, payload, ip_id=1):
    return ipv4(src[0], dst[0], 17, struct.pack(">HHHH", src[1], dst[1], 8 + len(payload), 0) + payload, ip_id)


class Connections(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, frames, name="c.pcap"):
        """`frames`: (milliseconds, frame)."""
        path = pathlib.Path(self.folder.name) / name
        return spanlight.write_pcap(path, [(int(ms * MS), frame) for ms, frame in frames])

    def records(self, frames, *options):
        path = self.write(frames)
        counts = spanlight.counters(path, "--connections")
        self.assertEqual(spanlight.unaccounted(counts), 0)
        self.assertEqual(counts["memory_bytes{state}"], 0)
        return spanlight.dissect(path, "--connections", *options)

    def one(self, frames, protocol="conn"):
        found = [r for r in self.records(frames) if r["protocol"] == protocol]
        self.assertEqual(len(found), 1, found)
        return found[0]

    def fields(self, frames, protocol="conn"):
        record = self.one(frames, protocol)
        return record.get("request", record.get("response"))["fields"]

    def opened(self, tcp):
        """10 ms from the sensor to the server and back, 20 ms to the client."""
        syn, syn_ack, ack = tcp.handshake()
        return [(0, syn), (10, syn_ack), (30, ack)]

    def test_off_unless_asked_for(self):
        tcp = Tcp()
        path = self.write(self.opened(tcp))
        self.assertEqual(spanlight.dissect(path), [])

    def test_a_call_and_its_connection(self):
        tcp = Tcp()
        request = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
        response = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000
        frames = self.opened(tcp)
        frames += [(40, f) for f in tcp.data(0, request)]
        frames += [(90, f) for f in tcp.data(1, response)]
        frames += [(110, tcp.frame(0, Tcp.ACK))]
        frames += zip((120, 130, 150), tcp.close())
        records = self.records(frames)
        call, conn = sorted(records, key=lambda r: r["protocol"] != "http")
        self.assertEqual(call["conn_id"], conn["conn_id"])
        self.assertEqual((call["src"], call["dst"]), (conn["src"], conn["dst"]))
        self.assertEqual(conn["state"], "complete")
        self.assertEqual(conn["elapsed_time"], 10_000)
        self.assertEqual(conn["request"]["size"], len(request))
        self.assertEqual(conn["response"]["size"], len(response))
        fields = conn["request"]["fields"]
        expected = {"state": "closed", "zeek_state": "SF", "ended_by": "fin", "local_pkts": 6, "local_bytes": len(request),
                    "remote_pkts": 5, "remote_bytes": len(response), "duration": 150_000, "first_byte_time": 50_000,
                    "l7_detected": ["http"], "calls": 1, "handshake_time": 30_000, "rtt_min": 30_000,
                    "local_rtt_min": 20_000, "remote_rtt_min": 10_000, "local_retransmissions": 0,
                    "remote_retransmissions": 0, "local_missing_bytes": 0}
        self.assertEqual({k: fields.get(k) for k in expected}, expected)

    def test_states(self):
        tcp = Tcp
        refused = Tcp()
        syn = refused.frame(0, tcp.SYN)
        cases = {"S0": [(0, syn)],
                 "REJ": [(0, syn), (5, refused.frame(1, tcp.RST | tcp.ACK))]}
        for name, script in {"S1": [], "S2": [(0, tcp.FIN | tcp.ACK)], "S3": [(1, tcp.FIN | tcp.ACK)],
                             "RSTO": [(0, tcp.RST)], "RSTR": [(1, tcp.RST | tcp.ACK)],
                             "SF": [(0, tcp.FIN | tcp.ACK), (1, tcp.FIN | tcp.ACK)]}.items():
            talk = Tcp()
            cases[name] = self.opened(talk) + [(40 + i, talk.frame(*step)) for i, step in enumerate(script)]
        half = Tcp()
        half.frame(0, tcp.SYN)
        syn_ack = half.frame(1, tcp.SYN | tcp.ACK)
        cases["SHR"] = [(0, syn_ack), (5, half.frame(1, tcp.FIN | tcp.ACK))]
        middle = Tcp()
        cases["OTH"] = [(0, f) for f in middle.data(0, b"middle of something")] + [(1, middle.frame(1, tcp.ACK))]
        for state, frames in cases.items():
            with self.subTest(state=state):
                self.assertEqual(self.fields(frames)["zeek_state"], state)
                ended = self.fields(frames)["state"]
                self.assertEqual(ended, "closed" if state in ("REJ", "RSTO", "RSTR", "SF") else "in_progress")
        refusal = self.one(cases["REJ"])
        self.assertEqual(refusal["error"], "connection refused")
        alone = self.one(cases["S0"])
        self.assertEqual((alone["state"], alone["reason"]), ("no_response", "capture_ended"))
        self.assertIn("midstream", self.one(cases["OTH"])["flags"])
        self.assertEqual(self.one(cases["SHR"])["state"], "no_request")

    def test_silence_ends_a_connection(self):
        tcp, other = Tcp(), Tcp(client=("10.0.0.3", 41000))
        frames = self.opened(tcp) + [(400_000, other.frame(0, Tcp.SYN)), (400_001, other.frame(1, Tcp.RST | Tcp.ACK))]
        first = [r for r in self.records(frames) if r["src"]["port"] == 40000][0]["request"]["fields"]
        self.assertEqual((first["state"], first["ended_by"], first["zeek_state"]), ("closed", "idle", "S1"))

    def test_ports_used_again_end_what_nobody_saw_end(self):
        first, second = Tcp(), Tcp(seq=(77777777, 9000))
        opened = self.opened(first) + [(40, f) for f in first.data(0, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")]
        attempt = [(0, first.frame(0, Tcp.SYN))]
        again = (3000, second.frame(0, Tcp.SYN))
        records = self.records(opened + [again])
        conn = [r["request"]["fields"] for r in records if r["protocol"] == "conn"][0]
        self.assertEqual((conn["state"], conn["ended_by"], conn["zeek_state"]), ("closed", "idle", "S1"))
        call = [r for r in records if r["protocol"] == "http"][0]
        self.assertEqual((call["state"], call["reason"]), ("no_response", "unanswered"))
        record = self.records(attempt + [again])[0]
        self.assertEqual((record["reason"], record["error"]), ("unanswered", "no answer to the connection attempt"))
        self.assertEqual(record["request"]["fields"]["ended_by"], "idle")

    def test_what_was_sent_again_and_what_was_overtaken(self):
        tcp = Tcp()
        frames = self.opened(tcp)
        a, b, c, d = (tcp.data(1, bytes([65 + i]) * 1000)[0] for i in range(4))
        frames += [(40, a), (41, b), (300, b)]          # b again, late
        frames += [(310, d), (315, c)]                  # c overtaken by d
        frames += [(320, tcp.frame(0, Tcp.ACK))]
        fields = self.fields(frames)
        self.assertEqual(fields["remote_retransmissions"], 1)
        self.assertEqual(fields["remote_out_of_order"], 1)
        self.assertEqual(fields["local_retransmissions"], 0)

    def test_no_window(self):
        tcp = Tcp()
        frames = self.opened(tcp) + [(40, f) for f in tcp.data(0, b"x" * 1000)]
        full = bytearray(tcp.frame(1, Tcp.ACK))
        full[14 + 20 + 14:14 + 20 + 16] = b"\0\0"
        frames += [(45, bytes(full)), (50, tcp.frame(1, Tcp.ACK))]
        self.assertEqual(self.fields(frames)["remote_zero_windows"], 1)

    def test_a_hole_is_told(self):
        tcp = Tcp()
        frames = self.opened(tcp)
        first, lost, third = tcp.data(0, b"GET / HTTP/1.1\r\nX: " + b"a" * 2900, mss=1000)[:3]
        frames += [(40, first), (42, third), (60, tcp.frame(1, Tcp.ACK)), (400, tcp.frame(1, Tcp.ACK))]
        record = self.one(frames)
        self.assertEqual(record["request"]["fields"]["local_missing_bytes"], 1000)
        self.assertIn("gap", record["flags"])

    def test_reports_while_it_lasts(self):
        tcp = Tcp()
        frames = self.opened(tcp)
        for second in range(1, 10):
            frames += [(second * 1000, f) for f in tcp.data(second % 2, b"y" * 100)]
        settings = pathlib.Path(self.folder.name) / "s.yaml"
        settings.write_text("connections: {records: all, interval: 3}\n")
        path = self.write(frames)
        records = [r["request"]["fields"] for r in spanlight.dissect(path, "-c", settings)]
        self.assertEqual([f["state"] for f in records], ["open", "open", "in_progress"])
        self.assertEqual(sorted(f["local_bytes"] + f["remote_bytes"] for f in records),
                         [f["local_bytes"] + f["remote_bytes"] for f in records])
        self.assertNotIn("ended_by", records[0])
        self.assertEqual(records[-1]["ended_by"], "capture_ended")

    def test_who_makes_room_is_not_closed(self):
        frames = []
        for n in range(1100):
            tcp = Tcp(client=("10.0.1.%d" % (n % 250), 30000 + n))
            frames += [(n, frame) for _, frame in self.opened(tcp)]
        settings = pathlib.Path(self.folder.name) / "s.yaml"
        settings.write_text("flows: {max: 1024}\nconnections: {records: all}\n")
        records = spanlight.dissect(self.write(frames), "-c", settings)
        self.assertEqual(len(records), 1100)
        ends = [(r["request"]["fields"]["ended_by"], r["request"]["fields"]["state"]) for r in records]
        self.assertGreaterEqual(ends.count(("evicted", "in_progress")), 76)
        self.assertEqual(ends.count(("evicted", "in_progress")) + ends.count(("capture_ended", "in_progress")), 1100)

    def test_sampled_ones_are_whole_and_the_same(self):
        frames = []
        for n in range(200):
            tcp = Tcp(client=("10.0.1.%d" % (n % 250), 40000 + n))
            frames += [(n + at / 100, frame) for at, frame in self.opened(tcp)]
        frames.sort(key=lambda f: f[0])
        settings = pathlib.Path(self.folder.name) / "s.yaml"
        settings.write_text("connections: {records: sampled, oneOf: 4}\n")
        path = self.write(frames)
        chosen = [sorted(r["src"]["port"] for r in spanlight.dissect(path, "-c", settings)) for _ in range(2)]
        self.assertEqual(chosen[0], chosen[1])
        self.assertTrue(20 < len(chosen[0]) < 90, len(chosen[0]))

    def test_a_udp_flow_and_the_error_about_it(self):
        client, server = ("10.0.0.1", 5000), ("10.0.0.2", 9)
        asked = udp(client, server, b"hello", 1)
        error = ipv4("10.0.0.2", "10.0.0.1", 1, struct.pack(">BBHI", 3, 3, 0, 0) + asked[14:14 + 28])
        frames = [(0, asked), (5, error), (1000, udp(client, server, b"hello again", 2))]
        records = {r["protocol"]: r for r in self.records(frames)}
        flow, icmp = records["flow"], records["icmp"]
        fields = flow["request"]["fields"]
        self.assertEqual((fields["zeek_state"], fields["local_pkts"], fields["local_bytes"], fields["icmp_errors"]), ("S0", 2, 16, 1))
        self.assertEqual(icmp["transport"], "icmp")
        self.assertEqual(icmp["src"], {"ip": "10.0.0.2"})
        self.assertEqual(icmp["error"], "Destination unreachable: port")
        quoted = icmp["request"]["fields"]
        self.assertEqual(quoted["quoted_conn_id"], flow["conn_id"])
        self.assertEqual((quoted["quoted_protocol"], quoted["quoted_src"], quoted["quoted_src_port"], quoted["quoted_dst_port"]),
                         ("udp", "10.0.0.1", 5000, 9))

    def test_filters_know_the_fields(self):
        tcp = Tcp()
        frames = self.opened(tcp) + [(40, f) for f in tcp.data(0, b"z" * 500)]
        for expression, count in (("conn && conn_local_bytes > 400", 1), ("conn && conn_local_bytes > 600", 0),
                                  ('conn_zeek_state == "S1"', 1), ("conn_handshake_time >= 30000", 1), ("flow", 0),
                                  ("tcp_conn", 1)):
            with self.subTest(expression=expression):
                self.assertEqual(len(self.records(frames, "--filter", expression)), count)

    def test_an_association(self):
        chunk = lambda kind, flags, value: struct.pack(">BBH", kind, flags, 4 + len(value)) + value + b"\0" * (-len(value) % 4)
        a, b = "10.0.0.1", "10.0.0.2"
        ports = {a: 32768, b: 36412}
        packet = lambda src, dst, chunks: ipv4(src, dst, 132, struct.pack(">HHII", ports[src], ports[dst], 7, 0) + chunks)
        init = struct.pack(">IIHHI", 77, 65536, 10, 10, 1000)
        data = struct.pack(">IHHI", 1000, 1, 0, 3) + b"payload"
        frames = [(0, packet(a, b, chunk(1, 0, init))), (5, packet(b, a, chunk(2, 0, init))),
                  (10, packet(a, b, chunk(0, 3, data))), (15, packet(b, a, chunk(6, 0, struct.pack(">HH", 12, 4))))]
        opened, sent, aborted = self.records(frames)
        self.assertEqual(opened["transport"], "sctp")
        self.assertEqual(opened["elapsed_time"], 5000)
        self.assertEqual(sent["request"]["body"]["data"], "payload")
        self.assertEqual((sent["request"]["fields"]["tsn"], sent["request"]["fields"]["direction"]), (1000, "c2s"))
        self.assertEqual(sent["src"], {"ip": a, "port": 32768})
        self.assertEqual((aborted["error"], aborted["request"]["fields"]["direction"]), ("user initiated abort", "s2c"))
        self.assertEqual((aborted["src"]["ip"], aborted["dst"]["ip"]), (b, a))


if __name__ == "__main__":
    unittest.main()
