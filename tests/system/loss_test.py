"""Loss, disorder, duplication and skew, made by rewriting conversations: what survived is complete and right, what was
touched says so, and no request is ever paired with another's answer."""
import pathlib
import random
import tempfile
import unittest

import spanlight
from spanlight import Tcp

CONNECTIONS = 60
CALLS = 12


def request(number):
    body = b"x" * (number % 3 * 900)
    return (b"POST /call/%d HTTP/1.1\r\nHost: test\r\nX-Id: %d\r\nContent-Length: %d\r\n\r\n" % (number, number, len(body))
            + body)


def response(number):
    body = b"y" * (number % 5 * 1500)
    if number % 4 == 1:  # chunked
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 1000]), body[i:i + 1000]) for i in range(0, len(body), 1000))
        return b"HTTP/1.1 200 OK\r\nX-Id: %d\r\nTransfer-Encoding: chunked\r\n\r\n%s0\r\n\r\n" % (number, chunks)
    return b"HTTP/1.1 200 OK\r\nX-Id: %d\r\nContent-Length: %d\r\n\r\n%s" % (number, len(body), body)


def conversations(pipelined=False):
    """[(call numbers that a frame carries data of, frame)] of interleaved keep-alive connections."""
    streams = []
    for c in range(CONNECTIONS):
        tcp = Tcp(client=("10.1.%d.%d" % (c // 250, c % 250 + 1), 40000 + c), seq=(0xffffff00 + c * 7, 0xfffff000 + c * 11))
        numbers = [c * CALLS + i for i in range(CALLS)]
        frames = [(None, f) for f in tcp.handshake()]
        for i in range(0, CALLS, 3 if pipelined else 1):
            batch = numbers[i:i + 3] if pipelined else [numbers[i]]
            for n in batch:
                frames += [(n, f) for f in tcp.data(0, request(n))]
            for n in batch:
                frames += [(n, f) for f in tcp.data(1, response(n))]
            frames.append((None, tcp.frame(0, Tcp.ACK)))
        frames += [(None, f) for f in tcp.close()]
        streams.append(frames)
    order = random.Random(1)
    out = []
    while streams:
        stream = order.choice(streams)
        out.append(stream.pop(0))
        if not stream:
            streams.remove(stream)
    return out


def number_of(headers):
    return next((int(v) for k, v in headers if k == "X-Id"), None)


class Loss(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "trace.pcap"

    def dissect(self, frames, **options):
        spanlight.write_pcap(self.path, frames, step_ns=50_000, **options)
        counts = spanlight.counters(self.path)
        self.assertEqual(spanlight.unaccounted(counts), 0)
        self.assertEqual((counts["memory_bytes{state}"], counts["memory_bytes{preview}"]), (0, 0), "slabs were not given back")
        records = spanlight.dissect(self.path)
        for record in records:
            if record["state"] == "complete":
                ids = number_of(record["request"]["headers"]), number_of(record["response"]["headers"])
                self.assertEqual(ids[0], ids[1], "a request was paired with another's answer")
                self.assertEqual(record["path"], f"/call/{ids[0]}")
            else:
                self.assertIn("reason", record)
        return records

    def complete(self, records):
        return {number_of(r["request"]["headers"]): r for r in records if r["state"] == "complete"}

    def test_undisturbed(self):
        records = self.dissect([f for _, f in conversations()])
        self.assertEqual(len(self.complete(records)), CONNECTIONS * CALLS)
        self.assertFalse([r for r in records if r["flags"]])

    def test_ten_percent_of_segments_swapped(self):
        for seed in range(3):
            chance = random.Random(seed)
            frames = [f for _, f in conversations()]
            for i in range(0, len(frames) - 1):
                if chance.random() < 0.1:
                    frames[i], frames[i + 1] = frames[i + 1], frames[i]
            records = self.dissect(frames)
            self.assertEqual(len(self.complete(records)), CONNECTIONS * CALLS)
            self.assertEqual(len(records), CONNECTIONS * CALLS)

    def test_segments_swapped_within_their_connection(self):
        """Neighbours in a connection, which in an interleaved trace lie far apart."""
        chance = random.Random(5)
        frames = conversations()
        last = {}
        for i, (_, frame) in enumerate(frames):
            ends = frozenset((frame[26:30] + frame[34:36], frame[30:34] + frame[36:38]))
            if ends in last and chance.random() < 0.1:
                j = last.pop(ends)
                frames[i], frames[j] = frames[j], frames[i]
            else:
                last[ends] = i
        records = self.dissect([f for _, f in frames])
        self.assertEqual(len(self.complete(records)), CONNECTIONS * CALLS)

    def test_one_percent_lost_with_one_request_outstanding(self):
        touched_complete = 0
        for seed in range(5):
            chance = random.Random(seed)
            lost, kept = set(), []
            for number, frame in conversations():
                if chance.random() < 0.01:
                    lost.add(number)
                else:
                    kept.append(frame)
            records = self.dissect(kept)
            complete = self.complete(records)
            for number in range(CONNECTIONS * CALLS):
                if number not in lost:
                    self.assertIn(number, complete, f"seed {seed}: call {number} survived whole")
                elif number in complete:
                    touched_complete += 1
                    self.assertIn("gap", complete[number]["flags"], f"seed {seed}: call {number} was touched")
        self.assertGreater(touched_complete, 0, "bodies with holes still make calls")

    def test_one_percent_lost_of_pipelined_calls(self):
        for seed in range(5):
            chance = random.Random(100 + seed)
            kept = [f for _, f in conversations(pipelined=True) if chance.random() >= 0.01]
            self.assertGreater(len(self.complete(self.dissect(kept))), CONNECTIONS * CALLS // 2)

    def test_every_packet_twice(self):
        frames = [f for _, f in conversations() for f in (f, f[:22] + bytes([f[22] - 1]) + f[23:])]  # TTL decremented
        records = self.dissect(frames)
        self.assertEqual(len(self.complete(records)), CONNECTIONS * CALLS)
        self.assertEqual(len(records), CONNECTIONS * CALLS)
        self.assertEqual(spanlight.counters(self.path)["packets_total{duplicate}"], len(frames) // 2)

    def test_every_packet_twice_with_another_vlan(self):
        frames = [g for _, f in conversations() for g in (f[:12] + b"\x81\x00\x00\x0a" + f[12:], f[:12] + b"\x81\x00\x00\x14" + f[12:])]
        self.assertEqual(len(self.complete(self.dissect(frames))), CONNECTIONS * CALLS)

    def test_directions_skewed(self):
        """A TAP whose client-to-server half arrives 10 ms late: answers before requests, SYN-ACK before SYN."""
        timed = []
        for i, (_, frame) in enumerate(conversations()):
            to_server = frame[36:38] == b"\x00\x50"
            timed.append((i * 50_000 + (10_000_000 if to_server else 0), frame))
        timed.sort(key=lambda t: t[0])
        records = self.dissect(timed)
        self.assertEqual(len(self.complete(records)), CONNECTIONS * CALLS)
        self.assertEqual(len(records), CONNECTIONS * CALLS)

    def test_a_large_answer_arrives_before_its_request(self):
        """The client's half of a TAP is late by less than the allowance, and the answer is more than a few segments."""
        for size in (100_000, 1_000_000, 6_000_000):
            tcp = Tcp()
            frames = tcp.handshake()
            for n, body in ((1, b"x" * size), (2, b"two"), (3, b"three")):
                frames += tcp.data(0, b"GET /call/%d HTTP/1.1\r\nX-Id: %d\r\n\r\n" % (n, n))
                frames += tcp.data(1, b"HTTP/1.1 200 OK\r\nX-Id: %d\r\nContent-Length: %d\r\n\r\n%s" % (n, len(body), body))
            timed = [(i * 2_000 + (15_000_000 if f[36:38] == b"\x00\x50" else 0), f) for i, f in enumerate(frames + tcp.close())]
            records = self.dissect(sorted(timed, key=lambda t: t[0]))
            self.assertEqual([(r["state"], r["flags"]) for r in records if r["path"] != "/call/1"], [("complete", [])] * 2)
            self.assertEqual(len(self.complete(records)), 3, size)

    def test_an_answer_that_overtakes_its_request_beyond_every_limit_is_not_paired_wrongly(self):
        tcp = Tcp()
        frames = tcp.handshake()
        for n, size in ((1, 400_000), (2, 3), (3, 5)):
            frames += tcp.data(0, b"GET /call/%d HTTP/1.1\r\nX-Id: %d\r\n\r\n" % (n, n))
            frames += tcp.data(1, b"HTTP/1.1 200 OK\r\nX-Id: %d\r\nContent-Length: %d\r\n\r\n%s" % (n, size, b"x" * size))
        timed = [(i * 2_000 + (15_000_000 if f[36:38] == b"\x00\x50" else 0), f) for i, f in enumerate(frames + tcp.close())]
        settings = self.path.with_name("small.yaml")
        settings.write_text("reassembly: {heldBytes: 64KiB, heldSegments: 8}\n")
        spanlight.write_pcap(self.path, sorted(timed, key=lambda t: t[0]))
        records = spanlight.dissect(self.path, "-c", settings)
        for record in records:
            if record["state"] == "complete":
                self.assertEqual(number_of(record["request"]["headers"]), number_of(record["response"]["headers"]))
        self.assertGreater(sum(r["state"] == "no_request" for r in records), 0)

    def test_one_direction_only(self):
        for port_at, state in ((36, "no_response"), (34, "no_request")):
            frames = [f for _, f in conversations() if f[port_at:port_at + 2] == b"\x00\x50"]
            records = self.dissect(frames)
            self.assertEqual({r["state"] for r in records}, {state})
            self.assertEqual(len(records), CONNECTIONS * CALLS)

    def test_joined_midstream(self):
        frames = conversations()
        records = self.dissect([f for _, f in frames[len(frames) // 2:]])
        seen = {n for n, _ in frames[len(frames) // 2:]} - {n for n, _ in frames[:len(frames) // 2]} - {None}
        self.assertEqual(seen - set(self.complete(records)), set())

    def test_times_that_are_all_zero(self):
        frames = [(0, f) for _, f in conversations()]
        records = self.dissect(frames, start=0)
        self.assertEqual(len(self.complete(records)), CONNECTIONS * CALLS)

    def test_one_packet_from_the_future(self):
        frames = [(i * 50_000, f) for i, (_, f) in enumerate(conversations())]
        at = len(frames) // 2
        frames[at] = (frames[at][0] + 46 * 86_400 * 1_000_000_000, frames[at][1])
        records = self.dissect(frames)
        self.assertEqual(len(self.complete(records)), CONNECTIONS * CALLS)

    def test_two_captures_joined_the_wrong_way_round(self):
        frames = [f for _, f in conversations()]
        timed = [(5 * 86_400 * 1_000_000_000 + i * 50_000, f) for i, f in enumerate(frames)]
        timed += [(i * 50_000, f) for i, f in enumerate(frames)]
        records = self.dissect(timed)
        self.assertEqual(len([r for r in records if r["state"] == "complete"]), 2 * CONNECTIONS * CALLS)

    def test_an_end_behind_bytes_that_are_held(self):
        """An Upgrade that is declined while half a further request and the FIN wait behind it."""
        frames = []
        for port in range(30_000, 30_100):
            tcp = Tcp(client=("10.3.0.1", port))
            frames += tcp.handshake()
            frames += tcp.data(0, b"GET /call/1 HTTP/1.1\r\nHost: h\r\nX-Id: 1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
            frames += tcp.data(0, b"GET /call/2 HTTP/1.1\r\nHo")
            frames.append(tcp.frame(0, Tcp.FIN | Tcp.ACK))
            frames += tcp.data(1, b"HTTP/1.1 200 OK\r\nX-Id: 1\r\nContent-Length: 0\r\n\r\n")
            frames.append(tcp.frame(1, Tcp.FIN | Tcp.ACK))
        records = self.dissect(frames)
        self.assertEqual(sum(r["state"] == "complete" for r in records), 100)

    def test_two_workers_find_the_same(self):
        frames = [f for _, f in conversations()]
        spanlight.write_pcap(self.path, frames, step_ns=50_000)
        counts = spanlight.counters(self.path, "--workers", "2")
        self.assertEqual(spanlight.unaccounted(counts), 0)
        self.assertGreater(counts["packets_total{handed_over}"], 0)
        self.assertEqual(counts["packets_total{handed_over}"], counts["handed_in_packets_total"])
        records = spanlight.dissect(self.path, "--workers", "2")
        self.assertEqual(len(self.complete(records)), CONNECTIONS * CALLS)
        self.assertEqual(len(records), CONNECTIONS * CALLS)


if __name__ == "__main__":
    unittest.main()
