#!/usr/bin/env python3
"""Writes the seeds of memcached_binary_fuzz: memcached_binary_seeds.py DIRECTORY."""
import struct

from seeds import C, FIN, LOST, PAGE_1, PREVIEW_5, RANDOM, S, SLOW, seed, write


def packet(op, key=b"", value=b"", extras=b"", opaque=0, status=0, magic=0x80):
    return struct.pack(">BBHBBHIIQ", magic, op, len(key), len(extras), 0, status, len(key) + len(value) + len(extras), opaque, 1) + extras + key + value


def says(*arguments, **named):
    return packet(*arguments, magic=0x81, **named)


SET = struct.pack(">II", 0, 60)
write({
    "pairs": seed(0, (C, packet(1, b"k", b"v", SET, 1) + packet(0, b"k", opaque=2)), (S, says(1, opaque=1) + says(0, b"", b"v", bytes(4), 2))),
    "quiet": seed(RANDOM, (C, packet(0x0d, b"a", opaque=1) + packet(0x0d, b"b", opaque=2) + packet(0x11, b"c", b"v", SET, 3) + packet(0x0a, opaque=4)),
                  (S, says(0x0d, b"b", b"v", bytes(4), 2) + says(0x0a, opaque=4))),
    "stat": seed(FIN, (C, packet(0x10, opaque=1)), (S, says(0x10, b"pid", b"1", opaque=1) + says(0x10, opaque=1))),
    "sasl": seed(0, (C, packet(0x21, b"PLAIN", b"\0u\0p", opaque=1) + packet(0x20, opaque=2)), (S, says(0x21, status=0x20, opaque=1) + says(0x20, b"", b"PLAIN", opaque=2))),
    "same_opaque": seed(0, (C, packet(0, b"a") + packet(0, b"b")), (S | LOST, says(0, status=1)), (S, says(0, b"", b"v", bytes(4)))),
    "hole_in_value": seed(PREVIEW_5, (C, packet(1, b"k", b"v" * 200, SET)[:100]), (C | LOST, bytes(50)), (C, bytes(83)), (S, says(1))),
    "slow": seed(SLOW | PAGE_1, (C, packet(0, b"a")), (C, packet(9, b"b")), (C, packet(7)), (S, says(7))),
    "garbage": seed(0, (C, packet(0, b"a")), (S, b"\x81\xff" + bytes(30) + says(0, status=1)), (S, says(4, opaque=9))),
})
