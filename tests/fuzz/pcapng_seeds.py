#!/usr/bin/env python3
"""Writes the seeds of pcapng_fuzz: pcapng_seeds.py DIRECTORY. They are pcapng files."""
import pathlib
import struct
import sys


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order, link, snapshot, *options):
    body = struct.pack(order + "HHI", link, 0, snapshot)
    for code, value in options:
        body += struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)
    return block(order, 1, body + (bytes(4) if options else b""))


def packet(order, of, ticks, data, wire=None):
    return block(order, 6, struct.pack(order + "IIIII", of, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire or len(data)) + data)


def old_packet(order, of, ticks, data):
    return block(order, 2, struct.pack(order + "HHIIII", of, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data)) + data)


def simple_packet(order, data, wire):
    return block(order, 3, struct.pack(order + "I", wire) + data)


def several(order):
    return (section(order) + interface(order, 1, 262144, (2, b"eth0"), (9, b"\x09"), (14, struct.pack(order + "q", 5)))
            + interface(order, 113, 65535, (9, b"\x8a")) + interface(order, 101, 0) + block(order, 4, b"names")
            + packet(order, 0, 7 << 32, b"ether") + packet(order, 1, 1, b"cooked", 90) + old_packet(order, 2, 3, b"ip") + simple_packet(order, b"abcd", 4))


SEEDS = {
    "little": several("<"),
    "big": several(">"),
    "sections": several("<") + several(">") + section("<") + interface("<", 1, 96) + packet("<", 0, 1, b"last"),
    "simple": section(">") + interface(">", 1, 4) + simple_packet(">", b"abcd", 60),
    "cut": several("<")[:-9],
    "no_interface": section("<") + packet("<", 0, 1, b"x"),
    "unknown_interface": section("<") + interface("<", 1, 0) + packet("<", 1, 1, b"x"),
    "bad_option": section("<") + interface("<", 1, 0, (9, b"\x09\x09")),
    "large": section("<") + interface("<", 1, 0) + struct.pack("<II", 6, 1 << 25),
    "lengths": section("<") + interface("<", 1, 0)[:-4] + b"\x18\0\0\0",
    "large_packet": section(">") + interface(">", 1, 0) + block(">", 6, struct.pack(">IIIII", 0, 0, 0, 262145, 262145)),
    "short": section("<") + interface("<", 1, 0, (9, b"\x0c")) + packet("<", 0, 1 << 40, b"x") + block("<", 6, bytes(12)),
    "skipped": section("<") + struct.pack("<II", 5, 0xFFFFFFFC) + bytes(40),
    "letter": b"\na letter and no capture",
}

directory = pathlib.Path(sys.argv[1])
directory.mkdir(parents=True, exist_ok=True)
for name, data in SEEDS.items():
    (directory / name).write_bytes(data)
