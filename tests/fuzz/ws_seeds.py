#!/usr/bin/env python3
"""Writes the seeds of ws_fuzz: ws_seeds.py DIRECTORY. The format is told in ws_fuzz.cpp."""
import pathlib
import struct
import sys
import zlib

C, S, LOST, SENSOR, LAST = 0, 1, 6, 32, 64
SMALL, FIN, RESET, DEFLATE, FRESH, RANDOM = 2, 4, 8, 32, 64, 128
PAGE_1, NO_PREVIEWS, NO_SLABS, SHED, PREVIEWS_SHED, GRAPHQL, UNSEEN = (n << 8 for n in (1, 4, 8, 16, 32, 64, 128))
TEXT, BINARY, CLOSE, PING, PONG, MORE = 1, 2, 8, 9, 10, 0


def frame(opcode, payload=b"", fin=True, compressed=False, masked=False):
    payload = payload.encode() if isinstance(payload, str) else payload
    out = bytes([fin << 7 | compressed << 6 | opcode])
    n = len(payload)
    mask = masked << 7
    out += bytes([mask | n]) if n < 126 else bytes([mask | 126]) + struct.pack(">H", n) if n < 65536 else bytes([mask | 127]) + struct.pack(">Q", n)
    if not masked:
        return out + payload
    key = b"\x37\xfa\x21\x3d"
    return out + key + bytes(b ^ key[i % 4] for i, b in enumerate(payload))


def ask(opcode, payload=b"", **how):
    return frame(opcode, payload, masked=True, **how)


class Deflater:
    def __init__(self, bits=9):
        self.zlib = zlib.compressobj(9, zlib.DEFLATED, -bits)

    def __call__(self, text):
        return (self.zlib.compress(text.encode()) + self.zlib.flush(zlib.Z_SYNC_FLUSH))[:-4]


def segment(control, data):
    out = b""
    while data:
        piece, data = data[:255], data[255:]
        out += bytes([control, len(piece)]) + piece
    return out


def close(code, reason=""):
    return struct.pack(">H", code) + reason.encode()


def chain(n):
    return b"".join(frame(TEXT, '{"n":%d}' % i) for i in range(n))


JSON = '{"type":"order","items":["tea","tea","tea"]}'
SUBSCRIBE = '{"id":"1","type":"subscribe","payload":{"query":"subscription S { ticks }","variables":{"a":1}}}'
deflate, other = Deflater(), Deflater()
FINAL = zlib.compressobj(9, zlib.DEFLATED, -9)
FINAL_BLOCK = FINAL.compress(b"a final block") + FINAL.flush(zlib.Z_FINISH) + b"\0"

SEEDS = {
    "plain": (0, [(C, ask(TEXT, "hello")), (S, frame(TEXT, JSON)), (S, frame(PING, "p")), (C, ask(PONG, "p")), (S, frame(CLOSE, close(1011, "no"))), (C, ask(CLOSE))]),
    "fragments": (0, [(C, ask(BINARY, "one", fin=False)), (C, ask(PING)), (C, ask(MORE, "two", fin=False) + ask(MORE))]),
    "lengths": (0, [(S, frame(BINARY, "x" * 130)), (C, ask(BINARY, "y" * 300)), (S, frame(TEXT, ""))]),
    "long": (SMALL, [(S, frame(BINARY, "x" * 700)), (C, ask(BINARY, "y" * 700)), (S, frame(TEXT, "end"))]),
    "deflate": (DEFLATE, [(S, frame(TEXT, deflate(JSON), compressed=True)), (S, frame(TEXT, deflate(JSON), compressed=True)), (C, ask(TEXT, other(JSON), compressed=True))]),
    "fresh": (DEFLATE | FRESH, [(S, frame(TEXT, Deflater()(JSON), compressed=True)), (S, frame(TEXT, Deflater()(JSON), compressed=True))]),
    "final_block": (DEFLATE, [(S, frame(TEXT, FINAL_BLOCK, compressed=True)), (S, frame(TEXT, FINAL_BLOCK, compressed=True))]),
    "bad_deflate": (DEFLATE, [(S, frame(TEXT, b"\xff\xff\xff", compressed=True)), (S, frame(TEXT, Deflater()(JSON), compressed=True))]),
    "hole_in_deflate": (DEFLATE, [(S, frame(TEXT, Deflater()(JSON), compressed=True)[:6]), (S | LOST, b"abcd"), (S, b"x" * 20 + frame(TEXT, Deflater()(JSON), compressed=True))]),
    "hole_in_payload": (0, [(C, ask(TEXT, "0123456789")[:9]), (C | LOST, b"4567"), (C, b"89" + ask(TEXT, "next"))]),
    "hole_in_ping": (0, [(S, frame(PING, "0123456789")[:4]), (S | LOST, b"2345"), (S, b"6789"), (S, frame(PING, ""))]),
    "hole_and_chain": (0, [(S, frame(TEXT, "a")), (S | LOST | SENSOR, b"gone"), (S, b"rest\x81" + chain(9)), (S, frame(MORE, "of a lost one"))]),
    "masked_chain": (UNSEEN, [(C | LOST, b"x"), (C, ask(TEXT, JSON) + ask(CLOSE, close(1000)) + ask(BINARY, "b") + ask(TEXT, "[1,2,3]"))]),
    "chain_of_all": (UNSEEN, [(S | LOST, b"x"), (S, frame(BINARY, "b", fin=False) + frame(PING, "1") + frame(MORE, "c") + frame(CLOSE, close(3000, "\u00e4 \u8a9e \U0001f600")) + frame(TEXT, "[1]") + chain(4))]),
    "malformed": (0, [(S, frame(TEXT, "a") + b"\x83\x01x" + chain(9)), (C, frame(TEXT, "not masked"))]),
    "continues_nothing": (0, [(S, frame(MORE, "x")), (S, chain(9))]),
    "begins_within": (0, [(S, frame(TEXT, "x", fin=False) + frame(TEXT, "y"))]),
    "long_forms": (0, [(S, b"\x81\x7e\x00\x05hello"), (C, b"\x82\xff" + b"\x00" * 8)]),
    "huge": (0, [(S, b"\x82\x7f\x00\x00\x00\x00\x7f\xff\xff\xff" + b"x" * 600), (S, b"y" * 600)]),
    "cut_by_fin": (FIN, [(S, frame(TEXT, "0123456789")[:6])]),
    "cut_by_capture": (DEFLATE, [(S, frame(TEXT, Deflater()(JSON), compressed=True)[:12])]),
    "shed": (SHED, [(S, frame(TEXT, "0123456789")[:6])]),
    "previews_shed": (PREVIEWS_SHED, [(S, frame(TEXT, "0123")), (S, frame(TEXT, "0123")), (S, frame(TEXT, "0123" * 90)), (C, ask(TEXT, "0123" * 90))]),
    "no_slabs": (NO_SLABS | DEFLATE, [(S, frame(TEXT, Deflater()(JSON), compressed=True)), (S, frame(TEXT, "x"))]),
    "one_page": (PAGE_1 | DEFLATE, [(S, frame(TEXT, Deflater()(JSON), compressed=True)), (C, ask(TEXT, Deflater()(JSON), compressed=True))]),
    "no_previews": (NO_PREVIEWS, [(S, frame(TEXT, JSON))]),
    "graphql": (GRAPHQL, [(C, ask(TEXT, '{"type":"connection_init"}') + ask(TEXT, SUBSCRIBE)), (S, frame(TEXT, '{"type":"next","id":"1","payload":{"data":{"ticks":1},"errors":[{"message":"x"}]}}')), (S, frame(TEXT, '{"type":"error","id":"1","payload":[{"message":"no"}]}')), (S, frame(CLOSE, close(4400, "Bad")))]),
    "graphql_unseen": (UNSEEN, [(C, ask(TEXT, SUBSCRIBE)), (S, frame(TEXT, JSON))]),
    "closes": (0, [(S, frame(CLOSE, close(1002))), (C, ask(CLOSE, close(4999, "mine")))]),
    "bad_text": (UNSEEN, [(S, frame(TEXT, b"\xff\x01") + chain(4)), (S | LOST, b"x"), (S, frame(TEXT, b"\xc3x") + frame(TEXT, b"a\x01") + frame(CLOSE, close(2)) + frame(BINARY, "b", fin=False) + frame(TEXT, "c") + frame(BINARY, "d" * 5000) + chain(4))]),
    "text_begins": (UNSEEN, [(S, b"\x81\x02\xff\x01" + chain(4)), (S, b"")]),
    "random": (RANDOM, [(S, chain(5)), (C, ask(TEXT, "0123456789"))]),
}

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (setup, segments) in SEEDS.items():
        data = bytes([setup & 0xff, setup >> 8]) + b"".join(segment(c, d) for c, d in segments)
        (folder / name).write_bytes(data)
