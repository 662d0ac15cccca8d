#!/usr/bin/env python3
"""Writes the seeds of dns_fuzz: dns_seeds.py DIRECTORY. The format is told in dns_fuzz.cpp."""
import pathlib
import struct
import sys

C, S, LOST, LONG, SENSOR, BARE = 0, 1, 6, 8, 16, 32
DNS, MULTICAST, LOCAL, STREAM, RESET, IDLE, SHED, SMALL, SLOW, RANDOM = 0, 2, 3, 4, 8, 16, 24, 32, 64, 128
PAGE_1, NO_SLABS, FIN = 0x100, 0x400, 0x800  # the second byte


def segment(control, data):
    if len(data) > 255:
        data += bytes(-len(data) % 8)
        return bytes([control | LONG, len(data) // 8]) + data
    return bytes([control, len(data)]) + data


def name(text):
    return b"".join(bytes([len(l)]) + l.encode("latin-1") for l in text.split(".") if l) + b"\0"


def string(data):
    return bytes([len(data)]) + data


def u16(*values):
    return struct.pack(f">{len(values)}H", *values)


def u32(*values):
    return struct.pack(f">{len(values)}I", *values)


def message(ident, flags, questions=(), answers=(), authorities=(), additional=()):
    return (u16(ident, flags, len(questions), len(answers), len(authorities), len(additional))
            + b"".join([*questions, *answers, *authorities, *additional]))


def question(of="www.a.org", kind=1, klass=1):
    return name(of) + u16(kind, klass)


def record(kind, rdata, owner=b"\xc0\x0c", ttl=60, klass=1):
    return owner + u16(kind, klass) + u32(ttl) + u16(len(rdata)) + rdata


def opt(*options, size=1232, ttl=0):
    rdata = b"".join(u16(code, len(data)) + data for code, data in options)
    return b"\0" + u16(41, size) + u32(ttl) + u16(len(rdata)) + rdata


def query(ident=1, of="www.a.org", kind=1, flags=0x0100, **more):
    return message(ident, flags, [question(of, kind)], **more)


def answer(*records, ident=1, of="www.a.org", kind=1, flags=0x8180, **more):
    return message(ident, flags, [question(of, kind)], records, **more)


A = record(1, b"\xc0\0\2\1")
SOA = name("ns") + name("h") + u32(7, 1, 2, 3, 4)
OLD_SOA = name("ns") + name("h") + u32(6, 1, 2, 3, 4)
SVCB = (u16(1) + b"\0" + u16(0, 2, 1) + u16(1, 6) + string(b"h2") + string(b"h3") + u16(2, 0) + u16(3, 2, 443) + u16(4, 4) + b"\1\2\3\4"
        + u16(5, 1) + b"e" + u16(6, 16) + bytes(15) + b"\1" + u16(7, 2) + b"/q" + u16(99, 1) + b'"')
TYPES = [
    (1, b"\xc0\0\2\1"), (28, bytes(15) + b"\1"), (5, name("b.org")), (2, b"\2ns\xc0\x0c"), (12, name("p")), (39, name("d")),
    (15, u16(10) + name("mx")), (33, u16(1, 2, 3) + name("s")), (16, string(b'v="1"') + string(b"\\\x7f")), (6, SOA),
    (257, b"\0" + string(b"issue") + b"ca.org"), (35, u16(1, 2) + string(b"U") + string(b"s") + string(b"!x!") + name("")),
    (43, u16(1) + b"\x0d\2\xab"), (48, u16(257) + b"\3\x0dkey"), (46, u16(1) + b"\x0d\2" + u32(300, 1700000000, 951782400) + u16(1) + name("a") + b"sig"),
    (47, name("b") + b"\0\1\x62\1\1\x40"), (50, b"\1\0\0\5\1\xaa\5\1\2\3\4\5\0\1\x40"), (51, b"\1\0\0\0\0"), (52, b"\3\1\1\1"),
    (44, b"\4\2\1"), (65, SVCB), (64, u16(0) + name("b")), (256, u16(1, 2) + b"https://a"), (13, string(b"x") + string(b"y")), (65280, b"abc"), (1, b""),
]
BAD = [(1, b"abc"), (28, b"abc"), (5, name("b") + b"x"), (5, b"\3b"), (5, b"\xc0\xff"), (15, b"\1"), (16, b"\x09x"), (6, SOA[:9]), (6, SOA + b"x"), (47, name("b") + b"\0\x21" + bytes(33)),
       (64, u16(1) + b"\0" + u16(4, 5) + b"abcde"), (64, u16(1) + b"\0" + u16(3, 3) + b"abc"), (64, u16(1) + b"\0" + u16(3, 9) + b"a"), (64, u16(1) + b"\0" + u16(1, 2) + b"\x09x")]
MANY = [(C, query(1)), (C, query(2, kind=28)), (S, answer(ident=2, kind=28, flags=0x8183)), (S, answer(A))]
ZONE = [(C, query(5, "a", 252)), (S, answer(record(6, SOA), ident=5, of="a", kind=252, flags=0x8400)),
        (S, message(5, 0x8400, [], [record(1, b"\1\2\3\4", name("x.a"))])), (S, message(5, 0x8400, [], [record(6, SOA, name("a"))])), (S, message(5, 0x8400, [], []))]
IXFR = [(C, query(5, "a", 251, authorities=[record(6, OLD_SOA)])),
        (S, answer(record(6, SOA), record(6, OLD_SOA), record(1, b"\1\2\3\4"), record(6, SOA), ident=5, of="a", kind=251, flags=0x8400)),
        (S, message(5, 0x8400, [], [record(6, SOA, name("a"))]))]

SEEDS = {
    "pair": (DNS, [(C, query()), (S, answer(A))]),
    "many": (DNS | RANDOM, MANY),
    "stream": (STREAM | RANDOM, MANY),
    "again": (DNS, [(C, query()), (C, query()), (S, answer(A)), (S, answer(A)), (C, query()), (S, answer(A))]),
    "types": (DNS, [(C, query(kind=255)), (S, answer(*(record(k, v) for k, v in TYPES), kind=255))]),
    "types_bad": (DNS, [(C, query(kind=255)), (S, answer(*(record(k, v) for k, v in BAD), kind=255))]),
    "edns": (DNS, [(C, query(additional=[opt((8, u16(1) + b"\x18\0\xc0\0\2"), (10, b"cookie01"), ttl=0x8000)])),
                   (S, answer(flags=0x8182, additional=[opt((15, u16(22) + b"ns1"), (8, u16(2) + b"\x20\0\x20\1\x0d\xb8"), ttl=0x01010000)]))]),
    "edns_bad": (DNS, [(C, query(additional=[opt((8, b"x"), (15, b"x"))])), (S, answer(additional=[opt((15, u16(4711))), opt((8, bytes(30)))]))]),
    "odd_names": (DNS, [(C, query(of='a"b\\c d\x01\xff.@(;)$')), (S, answer(A, of='a"b\\c d\x01\xff.@(;)$'))]),
    "one_id": (DNS, [(C, query(of="a")), (C, query(of="b")), (C, message(1, 0x0100, [question("c"), question("d")])), (C, query(of="a", flags=0x2400)), (S, answer(A, of="C")), (S, answer(A, of="b")), (S, message(1, 0x8181))]),
    "other_question": (DNS, [(C, query()), (S, answer(A, of="b")), (S, answer(A, ident=2)), (S, message(1, 0x8181))]),
    "only_answers": (DNS | IDLE, [(S, answer(A)), (S, message(9, 0x8181))]),
    "unanswered": (DNS | SLOW, [(C, query(1)), (C, query(2)), (C, query(3)), (C, query(4))]),
    "small": (DNS | SMALL | SHED, [(C, query(1)), (C, query(2)), (C, query(3)), (S, answer(A, ident=3))]),
    "no_slabs": (STREAM | NO_SLABS, MANY),
    "notify": (DNS | RESET, [(C, query(kind=6, flags=0x2400)), (S, answer(kind=6, flags=0xa400))]),
    "update": (DNS, [(C, message(4, 0x2800, [question("a", 6)], [], [record(1, b"\1\2\3\4"), record(255, b"", klass=255)])), (S, message(4, 0xa805))]),
    "both_ask": (DNS, [(C, query()), (S, query()), (C, answer(A)), (S, answer(A))]),
    "unknown_codes": (DNS, [(C, message(1, 0x1800, [question(kind=65280, klass=7)])), (S, message(1, 0x980c, [question(kind=65280, klass=7)]))]),
    "reserved": (DNS, [(C, query(flags=0x0140)), (S, answer(A))]),
    "header_alone": (STREAM, [(C, message(1, 0x0100)), (S, message(1, 0x8181))]),
    "inverse": (DNS, [(C, message(1, 0x0800, [], [record(1, b"\1\2\3\4", name("a"))])), (S, message(1, 0x8800, [question("a")], [A]))]),
    "stateful": (STREAM, [(C, message(1, 0x3000) + u16(1, 8) + u32(15000, 60000)), (S, message(1, 0xb000) + u16(1, 8) + u32(9, 9)), (S, message(0, 0x3000) + u16(2, 9))]),
    "pointer_loop": (DNS, [(C, message(1, 0x0100, [b"\xc0\x0c" + u16(1, 1)])), (S, answer(A))]),
    "cut": (DNS, [(C, query()[:-2]), (C, query()), (S, answer(A)[:-2]), (S, answer(A) + b"x")]),
    "netbios": (DNS, [(C, query(of="CK" + "A" * 30, kind=33))]),
    "zone": (STREAM | RANDOM, ZONE),
    "zone_hole": (STREAM, [ZONE[0], (ZONE[1][0] | LOST, ZONE[1][1]), *ZONE[2:]]),
    "zone_cut": (STREAM | FIN, ZONE[:3]),
    "zone_refused": (STREAM | PAGE_1, [ZONE[0], (S, answer(ident=5, of="a", kind=252, flags=0x8405))]),
    "zone_no_slab": (STREAM | PAGE_1, [(C, query(5, ".".join(["a" * 60] * 4), 252)), (S, answer(record(6, SOA), ident=5, of=".".join(["a" * 60] * 4), kind=252))]),
    "zone_differences": (STREAM, IXFR),
    "zone_same": (STREAM, [IXFR[0], (S, answer(record(6, SOA), ident=5, of="a", kind=251, flags=0x8400))]),
    "hole_query": (STREAM, [(C, query(1)), (C | LOST | SENSOR, query(2)), (S, answer(A)), (S, answer(A, ident=2)), (C, query(3)), (S, answer(A, ident=3))]),
    "hole_answer": (STREAM | RANDOM, [(C, query(1)), (S | LOST, answer(A)), (C, query(2)), (S, answer(A, ident=2))]),
    "hole_inside": (STREAM, [(C, query(1)), (S, answer(A)), (C | LOST | BARE, b"gone"), (C | BARE, query(2)[7:]), (C, query(3)), (S, answer(A, ident=3))]),
    "rubbish": (STREAM, [(C, query(1)), (S | BARE, b"\0\3abc"), (S, b"this is no message"), (S, answer(A))]),
    "long": (STREAM | RANDOM, [(C, query(1, kind=16)), (S, answer(record(16, string(b"x" * 200) * 4), kind=16))]),
    "multicast": (MULTICAST, [(C, message(0, 0, [question("_ipp._tcp.local", 12), question("b.local", 1, 0x8001)], [record(12, b"\5P (1)\xc0\x0c")])),
                              (C, message(0, 0x8400, [], [record(1, b"\1\2\3\4", name("a.local"), 120, 0x8001)])), (S, message(0, 0x8600))]),
    "link_local": (LOCAL, [(C, query()), (C, query()), (C, query(2)), (S, answer(A, ident=2))]),
    "link_local_stream": (LOCAL | STREAM, MANY),
}


def main():
    directory = pathlib.Path(sys.argv[1])
    for seed, (setup, segments) in SEEDS.items():
        directory.joinpath(seed).write_bytes(setup.to_bytes(2, "little") + b"".join(segment(*s) for s in segments))


if __name__ == "__main__":
    main()
