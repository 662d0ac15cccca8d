#!/usr/bin/env python3
"""Writes the seeds of quic_fuzz: quic_seeds.py DIRECTORY. The format is told in quic_fuzz.cpp."""
import pathlib
import struct
import sys

C, S, LOST, BARE, V2, OTHER, TOKEN, BEHIND = 0, 1, 6, 8, 16, 32, 64, 128
RESET, IDLE, SHED, SLOW, PAGE_1, NO_SLABS = 1, 2, 3, 4, 8, 24
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
ID = b"to-the-server"


def u16(*values):
    return struct.pack(f">{len(values)}H", *values)


def counted(size, data):
    return len(data).to_bytes(size, "big") + data


def varint(value):
    return bytes([value]) if value < 64 else u16(0x4000 | value) if value < 16384 else struct.pack(">I", 0x80000000 | value)


def ext(kind, body):
    return u16(kind) + counted(2, body)


def client(share=32):
    extensions = (ext(0, counted(2, b"\0" + counted(2, b"a.org"))) + ext(16, b"\0\3\2h3") + ext(13, b"\0\2\4\3") + ext(10, b"\0\2\0\x1d")
                  + ext(43, b"\2\3\4") + ext(51, counted(2, u16(29) + counted(2, bytes(share)))))
    return b"\1" + counted(3, u16(0x303) + bytes(32) + b"\0" + counted(2, u16(0x1301, 0x1302)) + b"\1\0" + counted(2, extensions))


def server(random=b"s" * 32, share=None):
    extensions = ext(43, u16(0x304)) + ext(51, share or u16(29) + counted(2, bytes(32)))
    return b"\2" + counted(3, u16(0x303) + random + b"\0" + u16(0x1301) + b"\0" + counted(2, extensions))


def crypto(data, at=0):
    return b"\6" + varint(at) + varint(len(data)) + data


def close(code, why=b"why\n"):
    return b"\x1c" + varint(code) + b"\6" + varint(len(why)) + why


def long_head(kind, version, to, source):
    return bytes([0xc0 | kind << 4]) + struct.pack(">I", version) + counted(1, to) + counted(1, source)


def negotiation(to, *versions):
    return b"\x80\0\0\0\0\0" + counted(1, to) + struct.pack(f">{len(versions)}I", *versions)


def datagram(control, data):
    return bytes([control, -(-len(data) // 4)]) + data + bytes(-len(data) % 4)


HELLO, ANSWER, AGAIN = client(), server(), server(RETRY, u16(24))
ACK, ACK_ECN = b"\2\0\0\0\0", b"\3\x09\0\1\1\0\0\1\2\3"
LARGE = client(700)

SEEDS = {
    "pair": (0, [(C, crypto(HELLO)), (S, ACK + crypto(ANSWER))]),
    "pair_2": (0, [(C | V2, crypto(HELLO)), (S | V2, ACK_ECN + crypto(ANSWER))]),
    "agreed": (0, [(C, crypto(HELLO)), (S | V2, crypto(ANSWER))]),
    "pieces": (0, [(C, crypto(LARGE[300:600], 300) + b"\1" + crypto(LARGE[:100])), (C, crypto(LARGE[600:], 600)), (C | BEHIND, crypto(LARGE[90:310], 90)), (S, crypto(ANSWER))]),
    "scattered": (0, [(C, b"".join(crypto(HELLO[n:n + 2], n) for n in range(0, 150, 4))), (C, crypto(HELLO)), (S, crypto(ANSWER))]),
    "far": (0, [(C, crypto(b"x", 16383) + crypto(b"x", 16384) + crypto(b"x", 20000)), (C, crypto(HELLO))]),
    "retry": (0, [(C, crypto(HELLO)), (S | BARE, long_head(3, 1, b"", b"another-server") + bytes(24)), (C | OTHER | TOKEN, crypto(HELLO)), (S | OTHER, crypto(ANSWER))]),
    "retry_unseen": (0, [(C, crypto(HELLO)), (C | OTHER | TOKEN, crypto(HELLO)), (S | OTHER, crypto(ANSWER))]),
    "another": (0, [(C, crypto(HELLO)), (C | OTHER, crypto(HELLO)), (S | OTHER, crypto(ANSWER))]),
    "hello_retry": (0, [(C, crypto(HELLO)), (S, crypto(AGAIN)), (C, crypto(HELLO, len(HELLO))), (S, crypto(ANSWER, len(AGAIN)))]),
    "instant_ack": (0, [(C, crypto(LARGE[300:], 300)), (S, ACK), (C, crypto(LARGE[:300])), (S, ACK + crypto(ANSWER))]),
    "hello_retry_late": (0, [(C, crypto(HELLO)), (S, crypto(ANSWER, len(AGAIN))), (S, crypto(AGAIN[20:], 20)), (S, crypto(AGAIN[:20]))]),
    "hello_retry_closed": (0, [(C, crypto(HELLO)), (S, crypto(AGAIN)), (S, ACK + close(2))]),
    "versions": (0, [(C, crypto(HELLO)), (S | BARE, negotiation(ID, 0x6b3343cf, 0x1a2a3a4a)), (C | V2, crypto(HELLO)), (S | V2, crypto(ANSWER))]),
    "versions_first": (0, [(S | BARE, negotiation(ID, 1, 0xff00001d)), (C, crypto(HELLO))]),
    "closed_alert": (0, [(C, crypto(HELLO)), (S, close(0x178))]),
    "closed_strange": (0, [(C, crypto(HELLO)), (S, close(0x1ff, b""))]),
    "closed_refused": (0, [(C, crypto(HELLO)), (S, ACK + close(2))]),
    "closed_unknown": (0, [(C, crypto(HELLO)), (S, close(0x7777))]),
    "closed_by_client": (0, [(C, crypto(HELLO)), (C, close(0))]),
    "closed_early": (0, [(C, crypto(HELLO[:50])), (S, close(2)), (C, crypto(HELLO))]),
    "unanswered": (SLOW | IDLE, [(C, crypto(HELLO)), (C, b"\1"), (C, b"\1"), (C, b"\1"), (C, b"\1")]),
    "reset": (RESET, [(C, crypto(HELLO))]),
    "shed": (SHED | PAGE_1, [(C, crypto(HELLO))]),
    "no_slabs": (NO_SLABS, [(C, crypto(HELLO))]),
    "half_lost": (0, [(C, crypto(LARGE[:300])), (C | LOST, crypto(LARGE[300:], 300)), (S, crypto(ANSWER))]),
    "server_alone": (0, [(S, crypto(ANSWER)), (C, crypto(HELLO))]),
    "coalesced": (0, [(C, crypto(HELLO)), (C | BARE | BEHIND, long_head(1, 1, ID, b"") + b"\4abcd"), (S | BARE, long_head(2, 1, b"", b"s") + b"\4abcd"), (S | BEHIND, crypto(ANSWER)), (S | BARE | BEHIND, b"\x40short")]),
    "odd_frame": (0, [(C, b"\x08" + crypto(HELLO)), (C, b"\6\0\x7f\xff"), (C, crypto(HELLO))]),
    "not_hellos": (0, [(C, crypto(b"\x0b\0\0\1x")), (C, crypto(HELLO)), (S, crypto(b"\4\0\0\0"))]),
    "bare": (0, [(C | BARE, long_head(0, 1, ID, b"") + b"\x7f\xff"), (C | BARE, long_head(0, 1, bytes(21), b"")), (C | BARE, long_head(0, 9, ID, b"") + bytes(8)), (C | BARE, long_head(0, 1, ID, b"") + b"\0\x05hello"), (C | BARE, b"\xc0\0")]),
    "long_token": (0, [(C | BARE, long_head(0, 1, ID, b"") + b"\x43\xd0" + bytes(976) + b"\x14" + bytes(20))]),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for title, (setup, datagrams) in SEEDS.items():
        (folder / title).write_bytes(bytes([setup]) + b"".join(datagram(control, data) for control, data in datagrams))


main()
