#!/usr/bin/env python3
"""Writes the seeds of radius_fuzz: radius_seeds.py DIRECTORY. The format is told in conversation.h."""
from seeds import C, FEW, IDLE, NO_SLABS, S, SHOWN, SLOW, seed, write


def attribute(kind, value):
    return bytes([kind, 2 + len(value)]) + value


def vendor(ident, kind, value):
    return attribute(26, ident.to_bytes(4, "big") + attribute(kind, value))


def packet(code, ident, attributes=b"", authenticator=b"a" * 16):
    return bytes([code, ident]) + (20 + len(attributes)).to_bytes(2, "big") + authenticator + attributes


BOB = attribute(1, b"bob")
MANY = (BOB + attribute(2, b"secret") + attribute(4, b"\x0a\0\0\1") + attribute(6, b"\0\0\0\2") + attribute(24, b"\0\1") + attribute(40, b"\0\0\0\1") + attribute(44, b"s")
        + attribute(64, b"\1\0\0\x0d") + attribute(79, b"\2\1\0\4") + attribute(95, bytes(16)) + attribute(97, b"\0\x40\x20\1\x0d\xb8") + attribute(101, b"\0\0\1\xf7")
        + attribute(200, b"x") + vendor(311, 25, b"secret") + vendor(9, 1, b"tunnel-password=x") + vendor(9, 1, b"WPA-PSK=x") + vendor(9, 1, b"psk*x") + vendor(9, 1, b"a=b") + vendor(10415, 1, b"001") + vendor(4711, 3, b"x")
        + attribute(26, b"\1\2") + attribute(5, b"\1") + attribute(8, b"\1"))
ASKED, ACCEPTED = packet(1, 7, BOB), packet(2, 7, attribute(18, b"hello"))

write({
    "pair": seed(0, (C, packet(1, 7, MANY)), (S, packet(2, 7, MANY))),
    "shown": seed(SHOWN, (C, packet(1, 7, MANY)), (S, packet(3, 7, MANY))),
    "accounting": seed(0, (C, packet(4, 1, attribute(40, b"\0\0\0\2") + attribute(49, b"\0\0\0\1"))), (S, packet(5, 1)), (C, packet(12, 2, BOB)), (S, packet(2, 2))),
    "changes": seed(0, (S, packet(43, 1, BOB)), (C, packet(45, 1, attribute(101, b"\0\0\1\xf7"))), (S, packet(40, 2, BOB)), (C, packet(41, 2)), (S, packet(40, 3, BOB)), (C, packet(42, 3))),
    "again": seed(0, (C, ASKED), (C, ASKED), (S, ACCEPTED), (C, ASKED), (S, ACCEPTED), (C, packet(1, 7, BOB, b"b" * 16)), (C, packet(1, 7, BOB, b"c" * 16)), (S, packet(11, 7))),
    "no_pair": seed(IDLE, (S, ACCEPTED), (C, ASKED), (S, packet(5, 7)), (S, packet(2, 9))),
    "unanswered": seed(SLOW, (C, packet(1, 1, BOB)), (C, packet(1, 2, BOB)), (C, packet(1, 3, BOB)), (C, packet(1, 4, BOB))),
    "few": seed(FEW, (C, packet(1, 1, BOB)), (C, packet(1, 2, BOB)), (C, packet(1, 3, BOB)), (S, packet(2, 3))),
    "no_slabs": seed(NO_SLABS, (C, ASKED), (S, ACCEPTED)),
    "broken": seed(0, (C, packet(1, 1, BOB + b"\2\1")), (C, ASKED[:15]), (C, b"\x63" + ASKED[1:]), (C, ASKED + b"padding"), (S, ACCEPTED)),
})
