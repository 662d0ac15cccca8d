#!/usr/bin/env python3
"""Writes the seeds of tls_fuzz: tls_seeds.py DIRECTORY. The format is told in tls_fuzz.cpp."""
import pathlib
import struct
import sys

C, S, LOST, LONG, SENSOR, BARE = 0, 1, 6, 8, 16, 32
RESET, IDLE, SHED, FIN, SLOW, RANDOM, SMALL_C, SMALL_S = 1, 2, 3, 4, 8, 16, 32, 64
PAGE_1, NO_SLABS = 0x100, 0x400  # the second byte
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def u16(*values):
    return struct.pack(f">{len(values)}H", *values)


def counted(size, data):
    return len(data).to_bytes(size, "big") + data


def segment(control, data):
    """Behind a whole number of eights stand zeros, which are a record of nothing: only where the bytes are bare."""
    if len(data) <= 255:
        return bytes([control, len(data)]) + data
    return bytes([control | LONG, -(-len(data) // 8)]) + data + bytes(-len(data) % 8)


def ext(kind, body):
    return u16(kind) + counted(2, body)


def message(kind, body):
    return bytes([kind]) + counted(3, body)


def fitted(build):
    """A message whose size is a multiple of eight, by an extension that fills it."""
    for fill in range(8):
        data = build(ext(21, bytes(fill)))
        if len(data) % 8 == 0:
            return data
    raise AssertionError


def client(sni=b"a.org", protocols=(b"h2", b"\xab\n"), versions=(0x1a1a, 0x304, 0x303), ciphers=(0x0a0a, 0x1301, 0xc02f, 0x9999), more=b"", version=0x303):
    extensions = ext(0x3a3a, b"") + ext(0, counted(2, b"\0" + counted(2, sni))) if sni else b""
    if protocols:
        extensions += ext(16, counted(2, b"".join(counted(1, p) for p in protocols)))
    extensions += ext(10, counted(2, u16(29, 23))) + ext(11, b"\1\0") + ext(13, counted(2, u16(0x403, 0x804)))
    if versions:
        extensions += ext(43, counted(1, u16(*versions))) + ext(51, counted(2, u16(29) + counted(2, bytes(32))))
    return fitted(lambda fill: message(1, u16(version) + bytes(32) + counted(1, b"\x11" * 8) + counted(2, u16(*ciphers)) + b"\1\0"
                                       + counted(2, extensions + more + fill)))


def server(cipher=0x1301, extensions=ext(43, u16(0x304)) + ext(51, u16(29) + counted(2, bytes(32))), random=b"s" * 32, ident=b""):
    return message(2, u16(0x303) + random + counted(1, ident) + u16(cipher) + b"\0" + counted(2, extensions))


def der(tag, data):
    size = bytes([len(data)]) if len(data) < 128 else b"\x81" + bytes([len(data)]) if len(data) < 256 else b"\x82" + u16(len(data))
    return bytes([tag]) + size + data


def name(oid, text):
    return der(0x30, der(0x31, der(0x30, der(6, oid) + der(12, text))))


def certificate(names=der(0x82, b"a.org") + der(0x87, b"\1\2\3\4") + der(0x87, bytes(16)) + der(0x86, b"u:")):
    extensions = der(0x30, der(6, b"\x55\x1d\x13") + der(1, b"\xff") + der(4, b"")) + der(0x30, der(6, b"\x55\x1d\x11") + der(4, der(0x30, names)))
    body = (der(0xa0, b"\2\1\2") + der(2, b"\1") + der(0x30, b"") + name(b"\x55\4\x0a", b"CA") + der(0x30, der(23, b"260101000000Z") + der(24, b"20510101000000Z"))
            + name(b"\x55\4\3", b"a.org") + der(0x30, b"") + der(0xa3, der(0x30, extensions)))
    one = der(0x30, der(0x30, body) + der(0x30, b""))
    return message(11, counted(3, counted(3, one)))


OLD = dict(versions=())
FLIGHT = server(0xc02f, ext(16, counted(2, counted(1, b"h2")))) + certificate() + message(12, b"\3\0\x17key") + message(13, b"\1\1\0") + message(14, b"")
CCS, DATA = b"\x14\3\3\0\1\1", b"\x17\3\3\0\4xxxx"


def alert(level, description):
    return b"\x15\3\3\0\2" + bytes([level, description])


def pieces(control, data, size=200):
    return [(control, data[at:at + size]) for at in range(0, len(data), size)]


HELLO, OLD_HELLO = client(), client(**OLD)
SSL2 = b"\x01\3\1" + u16(9, 0, 16) + b"\0\0\x2f\1\0\x80\0\0\x0a" + bytes(16)
SSL2 = u16(0x8000 | len(SSL2)) + SSL2
ALL = bytes(range(0x00, 0x100))

SEEDS = {
    "tls13": (0, [(C, HELLO), (S, server()), (S | BARE, CCS + DATA), (C | BARE, CCS + DATA)]),
    "tls12": (RANDOM, [(C, OLD_HELLO), *pieces(S, FLIGHT), (C, message(16, b"key"))]),
    "small_records": (SMALL_C | SMALL_S | FIN, [(C, HELLO), (S, server())]),
    "retry": (0, [(C, HELLO), (S, server(extensions=ext(43, u16(0x304)) + ext(51, u16(24)), random=RETRY)), (S | BARE, CCS), (C | BARE, CCS), (C, HELLO),
                  (S, server()), (C | BARE, DATA)]),
    "resumed": (0, [(C, client(versions=(), more=ext(35, b"ticket"))), (S, server(0xc02f, b"", ident=b"\x11" * 8)), (S | BARE, CCS), (C | BARE, CCS)]),
    "resumed13": (0, [(C, client(more=ext(42, b"") + ext(0xfe0d, b"e") + ext(41, b"psk"))), (C | BARE, DATA), (S, server(extensions=ext(43, u16(0x304)) + ext(41, b"\0\0"))), (C | BARE, DATA)]),
    "refused": (0, [(C, HELLO), (S | BARE, alert(2, 40))]),
    "unknown_alert": (0, [(C, HELLO), (S | BARE, alert(2, 200))]),
    "warned": (0, [(C, HELLO), (S | BARE, alert(1, 112)), (S, server()), (C | BARE, DATA)]),
    "distrusted": (0, [(C, OLD_HELLO), *pieces(S, FLIGHT), (C | BARE, alert(2, 48))]),
    "client_leaves": (0, [(C, HELLO), (C | BARE, alert(1, 0))]),
    "sealed_alert": (0, [(C, HELLO), (S | BARE, b"\x15\3\3\0\4abcd"), (S, server())]),
    "unanswered": (SLOW, [(C, HELLO), (C | BARE, DATA), (C | BARE, DATA), (C | BARE, DATA), (C | BARE, DATA)]),
    "reset": (RESET, [(C, HELLO)]),
    "idle": (IDLE, [(C, HELLO)]),
    "shed": (SHED, [(C, HELLO), (S, server(0xc02f, b""))]),
    "no_tls": (0, [(C, HELLO), (S | BARE, b"HTTP/1.1 400 Bad Request\r\n\r\n")]),
    "hole_client": (0, [(C | LOST, HELLO), (S, server()), (C | BARE, DATA)]),
    "hole_server": (0, [(C, HELLO), (S | LOST | SENSOR, server()), (C | BARE, DATA)]),
    "hole_flight": (0, [(C, OLD_HELLO), *pieces(S, FLIGHT)[:1], (S | LOST, b"xxx"), (C | BARE, CCS)]),
    "hole_both": (0, [(C | LOST, b"x"), (S | LOST, b"x"), (C, HELLO)]),
    "hole_server_first": (0, [(S | LOST, b"x"), (C, HELLO)]),
    "hole_client_later": (0, [(C, OLD_HELLO), (C | LOST, b"x"), *pieces(S, FLIGHT)]),
    "ssl2": (RANDOM, [(C | BARE, SSL2), (S, server(0x2f, b"") + message(14, b""))]),
    "no_slabs": (NO_SLABS, [(C, HELLO), (S, server())]),
    "little": (PAGE_1, [(C, client(sni=bytes(1500))), (S, server()), (C | BARE, DATA)]),
    "too_large": (0, [(C, b"\1\1\0\0" + bytes(252))]),
    "contradiction": (0, [(C, message(1, u16(0x303) + bytes(32) + b"\xff" + bytes(8))), (S, message(2, u16(0x303) + bytes(30)))]),
    "odd_lists": (0, [(C, client(protocols=(b"",), ciphers=tuple(range(0xc000, 0xc020)), more=ext(43, b"\5\x7f\x1c") + ext(10, b"\0\1\0") + ext(51, b"\0\7\0\x1d\0\x09") + ext(0, b"\0\3\1\0\0"))), (S, server(0x9999, ext(43, u16(0x7f1c)) + ext(51, u16(0x1234)))), (C | BARE, DATA)]),
    "versions": (0, [(C, client(versions=(0x2, 0x300, 0x301, 0x302))), (S, server(0x2f, ext(43, u16(0x300))) + message(14, b"")), (C | BARE, DATA)]),
    "version_2": (0, [(C, client(versions=(0x2, ), sni=b"")), (S, server(0x2f, ext(43, u16(2))) + message(14, b"")), (C | BARE, DATA)]),
    "version_11": (0, [(C, client(versions=(), version=0x302, protocols=(), more=ext(16, b"\0\2\1h"))), (S | BARE, alert(2, 70))]),
    "version_10": (0, [(C, client(versions=(), version=0x301)), (S | BARE, alert(2, 86))]),
    "version_30": (0, [(C, client(versions=(), version=0x300, ciphers=()))]),
    "certificate_odd": (0, [(C, OLD_HELLO), (S, server(0xc02f, b"") + message(11, counted(3, counted(3, der(0x30, der(0x30, der(2, b"\1")))))) + message(14, b"")), (C | BARE, CCS)]),
    "certificate_lengths": (0, [(C, OLD_HELLO), (S, server(0xc02f, b"") + message(11, counted(3, counted(3, b"\x30\x84\1\0\0\0"))) + message(14, b"")), (C | BARE, CCS)]),
    "certificate_names": (0, [(C, OLD_HELLO), *pieces(S, server(0xc02f, b"") + certificate(der(0x82, b"x\n") * 140) + message(14, b"")), (C | BARE, CCS)]),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for title, (setup, segments) in SEEDS.items():
        data = bytes([setup & 255, setup >> 8]) + b"".join(segment(control, part) for control, part in segments)
        (folder / title).write_bytes(data)


main()
