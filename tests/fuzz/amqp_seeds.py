#!/usr/bin/env python3
"""Writes the seeds of amqp_fuzz: amqp_seeds.py DIRECTORY. The format is told in conversation.h."""
import struct

from seeds import C, FEW, FIN, LOST, NO_PREVIEW, NO_SLABS, PAGE_1, PREVIEW_5, RANDOM, RESET, S, SENSOR, SHOWN, SLOW, seed, write


def short(text):
    return bytes([len(text)]) + text


def long(data):
    return struct.pack(">I", len(data)) + data


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def method(channel, klass, number, arguments=b""):
    return frame(1, channel, struct.pack(">HH", klass, number) + arguments)


def content(channel, body, flags=0, properties=b"", parts=1):
    header = frame(2, channel, struct.pack(">HHQH", 60, 0, len(body), flags) + properties)
    size = max(1, -(-len(body) // parts))
    return header + b"".join(frame(3, channel, body[at:at + size]) for at in range(0, len(body), size))


GREETING = b"AMQP\0\0\x09\x01"
TABLE = long(short(b"product") + b"S" + long(b"x") + short(b"n") + b"F" + long(short(b"t") + b"t\1" + short(b"a") + b"A" + long(b"I\0\0\0\1b\xff")))
TYPES = long(b"".join(short(b"k") + v for v in (b"B\1", b"s\xff\xfe", b"u\0\1", b"i\0\0\0\1", b"l" + bytes(8), b"T" + bytes(8), b"f\x3f\0\0\0", b"d" + bytes(8),
                                                b"D\2\0\0\0\1", b"x" + long(b"\0\1"), b"V", b"t\0", b"L" + b"\xff" * 8)))
START = method(0, 10, 10, b"\0\x09" + TABLE + long(b"PLAIN") + long(b"en_US"))
START_OK = method(0, 10, 11, TABLE + short(b"PLAIN") + long(b"\0guest\0guest") + short(b"en_US"))
TUNE = struct.pack(">HIH", 2047, 131072, 60)
OPEN = method(0, 10, 40, short(b"/") + b"\0\0")
DECLARE = method(1, 50, 10, b"\0\0" + short(b"q") + b"\2" + long(b""))
DECLARE_OK = method(1, 50, 11, short(b"q") + struct.pack(">II", 3, 1))
PUBLISH = method(1, 60, 40, b"\0\0" + short(b"x") + short(b"k") + b"\1")
DELIVER = method(1, 60, 60, short(b"tag") + struct.pack(">QB", 7, 1) + short(b"x") + short(b"k"))
GET = method(1, 60, 70, b"\0\0" + short(b"q") + b"\0")
GET_OK = method(1, 60, 71, struct.pack(">QB", 7, 0) + short(b"") + short(b"q") + struct.pack(">I", 2))
PROPERTIES = short(b"text/plain") + short(b"gzip") + TYPES + b"\2\3" + short(b"c") + short(b"r") + short(b"60") + short(b"m") + bytes(8) + short(b"t") + short(b"u") + short(b"a") + short(b"c")
CLOSE = method(1, 20, 40, struct.pack(">H", 404) + short(b"NOT_FOUND") + bytes(4))
HEARTBEAT = frame(8, 0, b"")
OPENING = [(C, GREETING), (S, START), (C, START_OK), (S, method(0, 10, 30, TUNE)), (C, method(0, 10, 31, TUNE) + OPEN), (S, method(0, 10, 41, b"\0"))]

write({
    "opening": seed(RANDOM, *OPENING),
    "opening_shown": seed(SHOWN, *OPENING),
    "refused": seed(0, (C, GREETING), (S, GREETING)),
    "messages": seed(RANDOM, (C, DECLARE), (S, DECLARE_OK), (C, PUBLISH + content(1, b"hello", 0xfffc, PROPERTIES)), (S, DELIVER + content(1, b"hello", parts=2)),
                     (C, method(1, 60, 80, bytes(9)))),
    "get": seed(PREVIEW_5, (C, GET + GET), (S, GET_OK + content(1, b"hello world", 0x8000, short(b"a/b"))), (S, method(1, 60, 72, b"\0"))),
    "no_preview": seed(NO_PREVIEW, (C, PUBLISH + content(1, b"x" * 600))),
    "interleaved": seed(0, (C, PUBLISH + content(1, b"", 0) + PUBLISH), (C, HEARTBEAT + content(1, b"late")), (S, HEARTBEAT)),
    "closed": seed(RESET, (C, DECLARE), (C, method(1, 50, 20, b"\0\0" + short(b"q") + short(b"x") + short(b"") + b"\0" + long(b""))), (S, CLOSE), (C, method(1, 20, 41))),
    "crossed_close": seed(0, (C, DECLARE), (S, CLOSE), (C, DECLARE + method(2, 50, 10, b"\0\0" + short(b"q") + b"\2" + long(b""))), (C, method(1, 20, 41)), (C, method(1, 20, 10, b"\0")),
                          (S, method(1, 20, 11, bytes(4))), (C, DECLARE), (S, DECLARE_OK)),
    "closes_cross": seed(0, (C, DECLARE + CLOSE), (S, CLOSE), (C, method(1, 20, 41)), (S, method(1, 20, 41)), (C, DECLARE + method(1, 20, 41))),
    "connection_closed": seed(FIN, (C, DECLARE), (S, method(0, 10, 50, struct.pack(">H", 320) + short(b"FORCED") + bytes(4))), (C, method(0, 10, 51))),
    "returned": seed(0, (C, PUBLISH + content(1, b"m")), (S, method(1, 60, 50, struct.pack(">H", 312) + short(b"NO_ROUTE") + short(b"x") + short(b"k")) + content(1, b"m")),
                     (S, method(1, 60, 120, bytes(9)))),
    "no_wait": seed(0, (C, method(1, 50, 10, b"\0\0" + short(b"q") + b"\x10" + long(b"")))),
    "unanswered": seed(SLOW, (C, DECLARE), (C, DECLARE), (C, HEARTBEAT), (C, HEARTBEAT), (C, HEARTBEAT)),
    "few": seed(FEW | PAGE_1, (C, DECLARE * 3), (S, DECLARE_OK)),
    "no_slabs": seed(NO_SLABS, (C, DECLARE + PUBLISH + content(1, b"text")), (S, DECLARE_OK)),
    "hole_in_body": seed(0, (C, PUBLISH + content(1, b"x" * 60)[:40]), (C | LOST, b"x" * 20), (C, content(1, b"x" * 60)[60:] + DECLARE)),
    "hole_answer": seed(0, (C, DECLARE + DECLARE), (S | LOST, DECLARE_OK), (S, DECLARE_OK), (C, DECLARE), (S, DECLARE_OK)),
    "hole_question": seed(0, (C, DECLARE), (C | LOST | SENSOR, DECLARE), (S, DECLARE_OK + DECLARE_OK), (C, DECLARE), (S, DECLARE_OK)),
    "only_answers": seed(0, (S, DECLARE_OK + GET_OK + content(1, b"x"))),
    "rubbish": seed(0, (C, DECLARE[:-1] + b"x"), (C, b"rubbish" + DECLARE), (S, DECLARE_OK)),
    "bad_table": seed(0, (C, method(1, 50, 10, b"\0\0" + short(b"q") + b"\2" + long(short(b"k") + b"?"))), (S, DECLARE_OK + b"more")),
    "body_too_long": seed(0, (C, PUBLISH + frame(2, 1, struct.pack(">HHQH", 60, 0, 2, 0)) + frame(3, 1, b"long"))),
    "bad_header": seed(0, (C, PUBLISH + frame(2, 1, struct.pack(">HHQH", 61, 0, 2, 0)))),
})
