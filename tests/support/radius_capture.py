#!/usr/bin/env python3
"""Writes tests/captures/made-radius.pcap: what FreeRADIUS's client does not say by itself. A challenge, MS-CHAP, requests sent again and an identifier
used again, changes of authorization, silence. radius_capture.py FILE"""
import itertools
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
import spanlight  # noqa: E402

NAS, SERVER = ("10.0.0.1", 40000), ("10.0.0.2", 1812)
IP_IDS = itertools.count(1)  # the same ones twice would be a mirror's doing


def datagram(src, dst, payload):
    udp = struct.pack(">HHHH", src[1], dst[1], 8 + len(payload), 0) + payload
    address = lambda end: bytes(map(int, end[0].split(".")))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), next(IP_IDS), 0x4000, 64, 17, 0) + address(src) + address(dst)
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + ip[:10] + struct.pack(">H", spanlight.checksum(ip)) + ip[12:] + udp


def attribute(kind, value):
    value = value.encode() if isinstance(value, str) else value
    return bytes([kind, 2 + len(value)]) + value


def vendor(ident, kind, value):
    return attribute(26, struct.pack(">I", ident) + attribute(kind, value))


def packet(code, ident, *attributes, authenticator=b"a"):
    body = b"".join(attributes)
    return struct.pack(">BBH", code, ident, 20 + len(body)) + authenticator * 16 + body


def main(path):
    bob, nas = attribute(1, "bob"), attribute(32, "access-1")
    dynamic = ("10.0.0.2", 50000), ("10.0.0.1", 3799)
    asked, accepted = packet(1, 3, bob, nas, authenticator=b"c"), packet(2, 3, attribute(18, "Welcome"))
    ask, say = lambda data: datagram(NAS, SERVER, data), lambda data: datagram(SERVER, NAS, data)
    frames = [
        # EAP, in two steps.
        ask(packet(1, 1, bob, nas, attribute(79, b"\2\1\0\x08\1bob"))), say(packet(11, 1, attribute(24, b"\1\2"), attribute(79, b"\1\2\0\6\x19\x20"))),
        ask(packet(1, 2, bob, nas, attribute(24, b"\1\2"), attribute(79, b"\2\2\0\6\x19\0"), authenticator=b"b")),
        say(packet(2, 2, vendor(311, 16, b"key" * 10), vendor(311, 17, b"key" * 10), attribute(27, b"\0\0\x0e\x10"))),
        # Sent again, before the answer and behind it.
        ask(asked), ask(asked), say(accepted), ask(asked), say(accepted),
        # MS-CHAP; the identifier of a request that was given up is used again.
        ask(packet(1, 4, bob, vendor(311, 11, b"c" * 16), vendor(311, 25, b"r" * 50), authenticator=b"d")),
        ask(packet(1, 4, attribute(1, "alice"), nas, attribute(61, b"\0\0\0\x13"), attribute(64, b"\1\0\0\x0d"), attribute(97, b"\0\x40\x20\1\x0d\xb8\0\0\0\0"), authenticator=b"e")),
        say(packet(3, 4, attribute(18, "No such user"))),
        # The server changes its mind.
        datagram(*dynamic, packet(43, 1, bob, vendor(9, 1, "subscriber:command=reauthenticate"))), datagram(*reversed(dynamic), packet(44, 1)),
        datagram(*dynamic, packet(40, 2, bob, attribute(44, "s-9"))), datagram(*reversed(dynamic), packet(42, 2, attribute(101, struct.pack(">I", 503)))),
        ask(packet(12, 5, nas, attribute(80, b"m" * 16), authenticator=b"f")),
        (120 * 10**9, datagram(("10.0.0.3", 40000), SERVER, packet(4, 6, bob, attribute(40, b"\0\0\0\x07")))),
    ]
    spanlight.write_pcap(path, frames)


if __name__ == "__main__":
    main(sys.argv[1])
