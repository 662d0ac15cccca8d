"""What the system tests share: where the programs are, how to run them, captures built in Python."""
import json
import os
import pathlib
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("SPANLIGHT_BUILD", ROOT / "build"))
CAPTURES = ROOT / "tests" / "captures"
SHARED = ROOT.parent / "shared"
PROGRAM = str(BUILD / "spanlight")


def run(*arguments, stdin=None, timeout=120, env=None):
    """The program with these arguments, run to its end."""
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=timeout,
                          env={**os.environ, **(env or {})})


def dissect(capture, *more):
    """The records of a capture, as dictionaries; `more`: options, and other captures."""
    done = run("dissect", "--json", "--quiet", *more, capture)
    return [json.loads(line) for line in done.stdout.splitlines()]


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Tcp:
    """Both ends of one IPv4 connection; each method returns a frame."""

    FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

    def __init__(self, client=("10.0.0.1", 40000), server=("10.0.0.2", 80), seq=(1000, 9000)):
        self.ends = (client, server)
        self.seq = list(seq)
        self.ip_id = [100, 5000]

    def frame(self, sender, flags, payload=b""):
        peer = 1 - sender
        src, dst = self.ends[sender], self.ends[peer]
        ack = self.seq[peer] if flags & self.ACK else 0
        tcp = struct.pack(">HHIIBBHHH", src[1], dst[1], self.seq[sender] & 0xffffffff, ack & 0xffffffff, 5 << 4, flags,
                          65535, 0, 0) + payload
        address = lambda e: bytes(map(int, e[0].split(".")))
        pseudo = address(src) + address(dst) + struct.pack(">BBH", 0, 6, len(tcp))
        tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
        self.ip_id[sender] = self.ip_id[sender] + 1 & 0xffff
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), self.ip_id[sender], 0x4000, 64, 6, 0) + address(src) + address(dst)
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        self.seq[sender] += len(payload) + bool(flags & self.SYN) + bool(flags & self.FIN)
        return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + ip + tcp

    def handshake(self):
        return [self.frame(0, self.SYN), self.frame(1, self.SYN | self.ACK), self.frame(0, self.ACK)]

    def data(self, sender, payload, mss=1448):
        return [self.frame(sender, self.ACK | self.PSH, payload[i:i + mss]) for i in range(0, len(payload), mss)]

    def close(self):
        return [self.frame(0, self.FIN | self.ACK), self.frame(1, self.FIN | self.ACK), self.frame(0, self.ACK)]


def write_pcap(path, frames, start=1_700_000_000, step_ns=1_000_000, link=1, nanoseconds=True):
    """`frames`: bytes, or (time in ns since start, bytes)."""
    with open(path, "wb") as out:
        magic = 0xa1b23c4d if nanoseconds else 0xa1b2c3d4
        out.write(struct.pack("<IHHiIII", magic, 2, 4, 0, 0, 262144, link))
        now = 0
        for frame in frames:
            if isinstance(frame, tuple):
                now, frame = frame
            else:
                now += step_ns
            seconds, rest = divmod(now, 1_000_000_000)
            out.write(struct.pack("<IIII", start + seconds, rest if nanoseconds else rest // 1000, len(frame), len(frame)))
            out.write(frame)
    return path


def counters(capture, *more):
    """What the workers counted of a capture: "name" or "name{label}" -> value; `more`: options, and other captures."""
    done = run("dissect", "--format", "none", "--quiet", "--counters", *more, capture)
    return json.loads(done.stderr.splitlines()[-1])


def unaccounted(counts):
    """Frames without an outcome: always 0."""
    outcomes = sum(v for k, v in counts.items() if k.startswith("packets_total{"))
    return counts["received_packets_total"] + counts["handed_in_packets_total"] - outcomes
