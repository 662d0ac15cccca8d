#!/usr/bin/env python3
"""Writes tests/captures/made-diameter.pcap: what freeDiameter does not say by itself. Credit control, S6a and Gx over TCP, with errors, requests of the
server, a request sent again and one without an answer; S6a over SCTP. diameter_capture.py FILE"""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
import spanlight  # noqa: E402

CREDIT, GX, S6A, TGPP = 4, 16777238, 16777251, 10415
CLIENT, SERVER = ("10.0.0.1", 40000), ("10.0.0.2", 3868)


def u32(value):
    return struct.pack(">I", value)


def avp(code, data, vendor=0):
    data = data.encode() if isinstance(data, str) else data
    head = struct.pack(">II", code, (0xc0 if vendor else 0x40) << 24 | len(data) + (12 if vendor else 8))
    return head + (u32(vendor) if vendor else b"") + data + bytes(-len(data) % 4)


def message(flags, command, application, number, *avps):
    body = b"".join(avps)
    return struct.pack(">IIIII", 1 << 24 | 20 + len(body), flags << 24 | command, application, number, 0x1000 + number) + body


def said_by(host):
    return avp(264, f"{host}.example.org") + avp(296, "example.org")


MME, HSS = said_by("mme"), said_by("hss")


def session(name):
    return avp(263, f"{name}.example.org;1;{len(name)}")


def units(code, seconds):
    return avp(456, avp(code, avp(420, u32(seconds)) + avp(421, struct.pack(">Q", 10_000_000))) + avp(432, u32(7)))


def over_tcp(tcp):
    """(sender, bytes) in the order in which they are sent."""
    credit, ask, answer = session("credit"), 0xc0, 0x40
    vector = avp(1413, avp(1414, avp(1447, b"r" * 16, TGPP) + avp(1448, b"x" * 8, TGPP) + avp(1449, b"a" * 16, TGPP) + avp(1450, b"k" * 32, TGPP), TGPP), TGPP)
    unknown = avp(297, avp(266, u32(TGPP)) + avp(298, u32(5420)))
    initial = message(ask, 272, CREDIT, 2, credit, MME, avp(283, "example.org"), avp(461, "data@example.org"), avp(416, u32(1)), avp(415, u32(0)),
                      avp(443, avp(450, u32(0)) + avp(444, "491700000001")), units(437, 60))
    talk = [
        (0, message(0x80, 257, 0, 1, MME, avp(257, b"\0\1\x0a\0\0\1"), avp(266, u32(0)), avp(269, "made"), avp(258, u32(CREDIT)))),
        (1, message(0, 257, 0, 1, avp(268, u32(2001)), HSS, avp(257, b"\0\1\x0a\0\0\2"), avp(266, u32(0)), avp(269, "made"))),
        (0, initial),
        (1, message(answer, 272, CREDIT, 2, credit, avp(268, u32(2001)), HSS, avp(416, u32(1)), avp(415, u32(0)), units(431, 60))),
        # Two at once, answered in the other order; one of them is refused.
        (0, message(ask, 272, CREDIT, 3, credit, MME, avp(416, u32(2)), avp(415, u32(1)), units(446, 60))
         + message(ask, 318, S6A, 4, session("s6a"), MME, avp(1, "262010000000001"), avp(1407, b"\x62\xf2\x10", TGPP))),
        (1, message(answer, 318, S6A, 4, session("s6a"), avp(268, u32(2001)), HSS, vector)
         + message(answer, 272, CREDIT, 3, credit, avp(268, u32(4012)), avp(281, "no credit left"), HSS)),
        (0, message(ask, 316, S6A, 5, session("s6a"), MME, avp(1, "262019999999999"))),
        (1, message(answer, 316, S6A, 5, session("s6a"), unknown, HSS)),
        # The server asks: identifiers are its own.
        (1, message(ask, 258, GX, 2, session("gx"), HSS, avp(293, "mme.example.org"), avp(1001, avp(1005, "video", TGPP), TGPP))),
        (0, message(answer, 258, GX, 2, session("gx"), avp(268, u32(2001)), MME)),
        (1, message(0x80, 280, 0, 3, HSS)),
        (0, message(0, 280, 0, 3, avp(268, u32(2001)), MME)),
        # Sent again, then said to be undeliverable.
        (0, message(ask, 275, CREDIT, 6, credit, MME, avp(295, u32(1)))),
        (0, message(0xd0, 275, CREDIT, 6, credit, MME, avp(295, u32(1)))),
        (1, message(0x60, 275, CREDIT, 6, credit, avp(268, u32(3002)), HSS)),
        (0, message(ask, 265, 1, 7, session("nas"), MME, avp(1, "bob"), avp(2, "a password"))),
    ]
    return [frame for sender, data in talk for frame in tcp.data(sender, data)]


def sctp(sender, *chunks):
    """A packet of one association; nobody here checks its checksum."""
    ends = (CLIENT[0], 36412), (SERVER[0], 3868)
    (src, src_port), (dst, dst_port) = ends[sender], ends[1 - sender]
    data = struct.pack(">HHII", src_port, dst_port, 1, 0) + b"".join(chunks)
    address = lambda text: bytes(map(int, text.split(".")))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), 1, 0x4000, 64, 132, 0) + address(src) + address(dst)
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + ip[:10] + struct.pack(">H", spanlight.checksum(ip)) + ip[12:] + data


def chunk(kind, flags, value):
    return struct.pack(">BBH", kind, flags, 4 + len(value)) + value + bytes(-len(value) % 4)


def data(number, payload):
    return chunk(0, 3, struct.pack(">IHHI", number, 0, 0, 46) + payload)


def main(path):
    tcp = spanlight.Tcp(CLIENT, SERVER)
    opening = struct.pack(">IIHHI", 1, 65536, 10, 10, 1000)
    request = message(0xc0, 321, S6A, 8, session("sctp"), MME, avp(1, "262010000000001"))
    response = message(0x40, 321, S6A, 8, session("sctp"), avp(268, u32(2001)), HSS)
    frames = tcp.handshake() + over_tcp(tcp) + tcp.close()
    frames += [sctp(0, chunk(1, 0, opening)), sctp(1, chunk(2, 0, opening)), sctp(0, data(1000, request)), sctp(1, data(1000, response))]
    spanlight.write_pcap(path, frames)


if __name__ == "__main__":
    main(sys.argv[1])
