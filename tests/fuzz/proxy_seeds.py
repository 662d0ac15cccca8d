#!/usr/bin/env python3
"""Writes the seeds of proxy_fuzz: proxy_seeds.py DIRECTORY."""
from seeds import C, FIN, IDLE, LOST, NO_SLABS, RANDOM, RESET, S, seed, write

LINE = b"PROXY TCP4 203.0.113.7 10.0.0.2 40000 80\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
IPV4 = bytes([203, 0, 113, 7, 10, 0, 0, 2, 0x9c, 0x40, 0, 80])
ASKED, ANSWERED = b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n"


def binary(command, ends, addresses, length=None):
    return SIGNATURE + bytes([command, ends]) + (len(addresses) if length is None else length).to_bytes(2, "big") + addresses


write({
    "line": seed(FIN, (C, LINE + ASKED), (S, ANSWERED)),
    "line_alone": seed(RANDOM, (C, LINE), (C, ASKED), (S, ANSWERED)),
    "line_of_six": seed(0, (C, b"PROXY TCP6 2001:db8::1 ::ffff:10.0.0.2 1 65535\r\n"), (S, b"220 hello\r\n"), (C, b"EHLO\r\n")),
    "unknown": seed(RESET, (C, b"PROXY UNKNOWN " + b"a" * 91 + b"\r\n" + ASKED)),
    "no_line": seed(0, (C, b"PROXY TCP4 nobody\r\n"), (C, b"PROXY UNKNOWN " + b"a" * 120)),
    "binary": seed(FIN, (C, binary(0x21, 0x11, IPV4) + ASKED), (S, ANSWERED)),
    "extended": seed(0, (C, binary(0x21, 0x11, IPV4 + b"\x20\0\7\1\0\0\0\0" + b"\4\0\2hi")), (S, b"early"), (C, ASKED)),
    "local": seed(IDLE, (C, binary(0x20, 0, b"")), (C, ASKED)),
    "long": seed(0, (C, binary(0x21, 0x31, b"a" * 2000)), (C, ASKED)),
    "hole_inside": seed(0, (C, binary(0x21, 0x21, b"a" * 20, 300)), (C | LOST, b"a" * 200), (C, b"a" * 80 + ASKED), (S, ANSWERED)),
    "hole_beyond": seed(0, (C, binary(0x21, 0x21, b"a" * 20, 100)), (S | LOST, b"gone"), (S, b"here"), (C | LOST, b"a" * 200), (C, ASKED)),
    "no_binary": seed(0, (C, binary(0x21, 0x41, IPV4)), (C, binary(0x31, 0x11, IPV4)), (C, binary(0x21, 0x11, b""))),
    "no_memory": seed(NO_SLABS, (C, binary(0x21, 0x11, b"a" * 100)), (S, b"waits"), (C, ASKED)),
})
