#!/usr/bin/env python3
"""Writes the seeds of mongodb_fuzz: mongodb_seeds.py DIRECTORY. The format is told in conversation.h."""
import struct
import zlib

from seeds import C, ENDS, FEW, FIN, IDLE, LOST, NO_PREVIEWS, NO_SLABS, PAGE_1, PREVIEW_300, PREVIEW_5, RANDOM, RESET, S, SENSOR, SHED_PREVIEWS, SLOW, seed, write


def name(text):
    return text.encode() + b"\0"


def text(key, value):
    return b"\2" + name(key) + struct.pack("<i", len(value) + 1) + name(value)


def i32(key, value):
    return b"\x10" + name(key) + struct.pack("<i", value)


def i64(key, value):
    return b"\x12" + name(key) + struct.pack("<q", value)


def f64(key, value):
    return b"\1" + name(key) + struct.pack("<d", value)


def binary(key, value):
    return b"\5" + name(key) + struct.pack("<ib", len(value), 0) + value


def doc(elements):
    return struct.pack("<i", len(elements) + 5) + elements + b"\0"


def sub(key, elements):
    return b"\3" + name(key) + doc(elements)


def array(key, elements):
    return b"\4" + name(key) + doc(elements)


def message(opcode, number, to, body):
    return struct.pack("<iiii", len(body) + 16, number, to, opcode) + body


def body(elements, flags=0, sections=b""):
    return struct.pack("<I", flags) + b"\0" + doc(elements) + sections + (b"csum" if flags & 1 else b"")


def ask(number, elements, flags=0, sections=b""):
    return message(2013, number, 0, body(elements, flags, sections))


def answer(number, to, elements, flags=0):
    return message(2013, number, to, body(elements, flags))


def sequence(key, documents):
    return b"\1" + struct.pack("<i", 4 + len(key) + 1 + len(documents)) + name(key) + documents


def packed(number, to, how, size, data):
    return message(2012, number, to, struct.pack("<iiB", 2013, size, how) + data)


def query(number, space, elements):
    return message(2004, number, 0, bytes(4) + name(space) + struct.pack("<ii", 0, 1) + doc(elements))


def reply(number, to, elements, flags=0):
    return message(1, number, to, struct.pack("<iqii", flags, 0, 0, 1) + doc(elements))


FIND = text("find", "items") + sub("filter", i32("a", 3)) + text("$db", "shop")
OK = f64("ok", 1)
BATCH = sub("cursor", array("firstBatch", sub("0", i32("_id", 1)) + sub("1", text("x", "y"))) + i64("id", 7) + text("ns", "shop.items")) + OK
ERROR = f64("ok", 0) + text("errmsg", "no such") + i32("code", 59) + text("codeName", "CommandNotFound")
WRITE = i32("n", 1) + array("writeErrors", sub("0", i32("index", 0) + i32("code", 11000) + text("errmsg", "dup"))) + sub("writeConcernError", i32("code", 64)) + OK
BULK = i32("bulkWrite", 1) + text("$db", "admin")
OUTCOMES = sub("cursor", i64("id", 0) + array("firstBatch", sub("0", f64("ok", 1)) + sub("1", f64("ok", 0) + i32("code", 11000) + text("errmsg", "dup")) + text("2", "x"))) + i64("nErrors", 1 << 40) + array("writeErrors", doc(b"")) + OK
SASL = i32("saslStart", 1) + binary("payload", b"secret") + text("$db", "admin")
KINDS = b"\7" + name("o") + bytes(12) + b"\x08b\0\1" + b"\x09d\0" + bytes(8) + b"\x0an\0" + b"\x0br\0a\0i\0" + b"\x13e\0" + bytes(16) + b"\x11t\0" + bytes(8) + b"\xffm\0\x7fk\0"
ASKED, TOLD = body(FIND), body(BATCH)

SEEDS = {
    "find": seed(0, (C, ask(1, FIND)), (S, answer(9, 1, BATCH)), (C, ask(2, i64("getMore", 7) + text("collection", "items"))), (S, answer(10, 2, BATCH))),
    "any_order": seed(RANDOM | FEW, (C, ask(1, FIND) + ask(2, FIND) + ask(3, FIND)), (S, answer(9, 2, BATCH) + answer(10, 1, ERROR))),
    "writes": seed(0, (C, ask(1, text("insert", "t"), 0, sequence("documents", doc(i32("a", 1)) + doc(KINDS)))), (S, answer(9, 1, WRITE))),
    "bulk_write": seed(0, (C, ask(1, BULK, 0, sequence("nsInfo", doc(text("ns", "shop.t"))))), (S, answer(9, 1, OUTCOMES)), (C, ask(2, FIND)), (S, answer(10, 2, OUTCOMES) + answer(11, 7, OUTCOMES)),
                       (C, ask(3, BULK)), (S, answer(12, 3, OUTCOMES[:60]))),
    "errors": seed(SLOW, (C, ask(1, i32("nope", 1))), (S, answer(9, 1, ERROR)), (C, ask(2, FIND))),
    "secrets": seed(0, (C, ask(1, SASL)), (S, answer(9, 1, i32("conversationId", 1) + binary("payload", b"secret") + OK)), (C, ask(2, i32("hello", 1) + sub("speculativeAuthenticate", SASL))), (S, answer(10, 2, OK))),
    "older": seed(0, (C, query(1, "admin.$cmd", sub("$query", i32("isMaster", 1)))), (S, reply(9, 1, OK)), (C, message(2002, 2, 0, bytes(4) + name("a.b") + doc(b""))), (C, query(3, "a.b", b"")), (S, reply(10, 3, text("$err", "bad"), 2))),
    "cursors": seed(RESET, (C, message(2005, 1, 0, bytes(4) + name("a.b") + bytes(12))), (S, message(1, 9, 1, bytes(20))), (C, message(2007, 2, 0, bytes(4) + b"\1\0\0\0" + bytes(8))), (C, message(2006, 3, 0, bytes(4) + name("a.b") + bytes(4) + doc(b"")))),
    "packed": seed(0, (C, packed(1, 0, 2, len(ASKED), zlib.compress(ASKED))), (S, packed(9, 1, 2, len(TOLD), zlib.compress(TOLD))), (C, packed(2, 0, 0, len(ASKED), ASKED)), (S, packed(10, 2, 1, 99, b"junk"))),
    "exhaust": seed(0, (C, ask(1, i32("hello", 1), 1 << 16)), (S, answer(9, 1, OK, 2)), (S, answer(10, 9, OK, 2)), (S, answer(11, 10, OK))),
    "exhaust_slow": seed(SLOW, (C, ask(1, i32("hello", 1), 1 << 16)), (S, answer(9, 1, OK, 2)), (S, answer(10, 9, OK, 2)), (C, ask(2, FIND)), (S, answer(11, 10, OK, 2)), (S, answer(12, 11, OK))),
    "exhaust_hole": seed(0, (C, ask(1, i32("hello", 1), 1 << 16)), (S, answer(9, 1, OK, 2)), (S | LOST, answer(10, 9, OK, 2)), (S, answer(11, 10, OK))),
    "no_answer": seed(FIN, (C, ask(1, text("delete", "t"), 2)), (C, ask(2, FIND, 1)), (S | ENDS, answer(9, 2, BATCH, 1))),
    "lost": seed(0, (C, ask(1, FIND)), (S | LOST, answer(9, 1, BATCH)), (C, ask(2, FIND)), (S, answer(10, 2, BATCH)), (C | LOST | SENSOR, ask(3, FIND)), (S, answer(11, 3, OK))),
    "small": seed(NO_SLABS, (C, ask(1, FIND)), (S, answer(9, 1, BATCH))),
    "page": seed(PAGE_1 | PREVIEW_5 | IDLE, (C, ask(1, FIND) + ask(2, FIND)), (S, answer(9, 1, BATCH))),
    "shed": seed(SHED_PREVIEWS | NO_PREVIEWS | PREVIEW_300, (C, ask(1, FIND)), (S, answer(9, 1, BATCH))),
}

write(SEEDS)
