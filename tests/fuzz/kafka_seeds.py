#!/usr/bin/env python3
"""Writes the seeds of kafka_fuzz: kafka_seeds.py DIRECTORY."""
import struct

from seeds import C, FEW, FIN, IDLE, LOST, NO_SLABS, PAGE_1, PREVIEW_5, RANDOM, S, SENSOR, SHOWN, SLOW, seed, write


def u16(n):
    return struct.pack(">H", n & 0xffff)


def u32(n):
    return struct.pack(">I", n & 0xffffffff)


def u64(n):
    return struct.pack(">Q", n & 0xffffffffffffffff)


def text(t):
    return u16(len(t)) + t


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def compact(t):
    return varint(len(t) + 1) + t


def frame(body):
    return u32(len(body)) + body


def request(key, version, ident, body, flexible=False, client=b"shop"):
    return frame(u16(key) + u16(version) + u32(ident) + text(client) + b"\0" * flexible + body)


def response(ident, body, flexible=False):
    return frame(u32(ident) + b"\0" * flexible + body)


def batch(count, value, compression=0):
    record = b"\0\0\0\x01" + varint(2 * len(value)) + value + b"\0"
    rest = u32(0) + b"\x02" + u32(0) + u16(compression) + u32(count - 1) + u64(1) + u64(1) + u64(-1) + u16(-1) + u32(-1) + u32(count)
    rest += varint(2 * len(record)) + record
    return u64(0) + u32(len(rest)) + rest


def old(value):
    message = u32(0) + b"\0\0" + u32(-1) + u32(len(value)) + value
    return u64(0) + u32(len(message)) + message


def produce(ident, records, acks=1, version=7):
    transaction = u16(-1) if version >= 3 else b""
    return request(0, version, ident, transaction + u16(acks) + u32(30000) + u32(1) + text(b"orders") + u32(1) + u32(3) + u32(len(records)) + records)


def produced(ident, error=0):
    return response(ident, u32(1) + text(b"orders") + u32(1) + u32(3) + u16(error) + u64(42) + u64(-1) + u64(0) + u32(0))


def fetch(ident):
    partition = u32(3) + u32(0) + u64(40) + u32(-1) + u64(0) + u32(1000) + b"\0"
    return request(1, 12, ident, u32(-1) + u32(500) + u32(1) + u32(1000) + b"\0" + u32(0) + u32(-1) + b"\x02" + compact(b"orders") + b"\x02"
                   + partition + b"\0" + b"\x01" + b"\x01" + b"\0", True)


def fetched(ident, records):
    partition = u32(3) + u16(0) + u64(42) + u64(42) + u64(0) + b"\x01" + u32(-1) + varint(len(records) + 1) + records + b"\0"
    return response(ident, u32(7) + u16(0) + u32(0) + b"\x02" + compact(b"orders") + b"\x02" + partition + b"\0\0", True)


def heartbeat(ident):
    return request(12, 1, ident, text(b"billing") + u32(5) + text(b"m"))


ALIVE = u32(0) + u16(0)
VERSIONS = request(18, 3, 1, compact(b"lib") + compact(b"1") + b"\0", True)
VERSIONS_TOLD = response(1, u16(0) + b"\x02" + u16(0) + u16(0) + u16(9) + b"\0" + u32(0) + b"\0")
METADATA = request(3, 1, 2, u32(1) + text(b"orders"))
METADATA_TOLD = response(2, u32(1) + u32(1) + text(b"b") + u32(9092) + u16(-1) + u32(1) + u32(1) + u16(3) + text(b"orders") + b"\0" + u32(1)
                         + u16(0) + u32(0) + u32(1) + u32(1) + u32(1) + u32(1) + u32(1))
BEGIN = ((C, VERSIONS), (S, VERSIONS_TOLD), (C, METADATA), (S, METADATA_TOLD))

write({
    "begin": seed(FIN, *BEGIN),
    "produce": seed(0, *BEGIN, (C, produce(3, batch(2, b"hello"))), (S, produced(3))),
    "produce_old": seed(0, (C, produce(3, old(b"hi") * 2, version=2)), (S, produced(3))),
    "pipelined": seed(RANDOM, (C, produce(3, batch(2, b"a")) + produce(4, batch(1, b"b", 3))), (S, produced(4, 6) + produced(3))),
    "no_acks": seed(0, *BEGIN, (C, produce(3, batch(2, b"hello"), acks=0)), (C, heartbeat(4)), (S, response(4, ALIVE))),
    "fetch": seed(0, (C, fetch(5)), (C, heartbeat(6)), (S, response(6, u32(0) + u16(27))), (S, fetched(5, batch(9, b"b")))),
    "sasl": seed(SHOWN, (C, request(17, 1, 1, text(b"PLAIN"))), (S, response(1, u16(0) + u32(1) + text(b"PLAIN"))), (C, request(36, 0, 2, u32(4) + b"\0a\0b")),
                 (S, response(2, u16(58) + text(b"no") + u32(0)))),
    "sasl_old": seed(0, (C, request(17, 0, 1, text(b"PLAIN"))), (S, response(1, u16(0) + u32(1) + text(b"PLAIN"))), (C, frame(b"\0a\0b")), (S, frame(b"")),
                     (C, METADATA), (S, METADATA_TOLD)),
    "commit": seed(0, (C, request(8, 2, 1, text(b"g") + u32(1) + text(b"m") + u64(-1) + u32(1) + text(b"orders") + u32(1) + u32(0) + u64(7) + u16(-1))),
                   (S, response(1, u32(1) + text(b"orders") + u32(1) + u32(0) + u16(22)))),
    "group": seed(0, (C, request(11, 2, 1, text(b"g") + u32(10) + u32(10) + text(b"") + text(b"consumer") + u32(0))), (S, response(1, u32(0) + u16(79)))),
    "group_slow": seed(SLOW, (C, request(11, 1, 1, text(b"g") + u32(10) + u32(10) + text(b"") + text(b"consumer") + u32(0)) + request(14, 0, 2, text(b"g") + u32(5) + text(b"m") + u32(0))),
                       (C, heartbeat(3)), (C, heartbeat(4)), (S, response(4, ALIVE)), (S, response(1, u16(0) + u32(5) + text(b"range") + text(b"m") + text(b"m") + u32(0)))),
    "topics": seed(0, (C, request(19, 1, 1, u32(1) + text(b"new") + u32(1) + u16(1) + u32(0) + u32(1) + text(b"k") + text(b"v") + u32(5) + b"\0")),
                   (S, response(1, u32(1) + text(b"new") + u16(36) + text(b"exists")))),
    "hole_asked": seed(0, (C | LOST, heartbeat(1)), (S, response(1, ALIVE)), (C, heartbeat(2)), (S, response(2, ALIVE))),
    "hole_answered": seed(0, (C, fetch(5)), (C, heartbeat(6)), (S | LOST | SENSOR, fetched(5, batch(9, b"b" * 60))[:90]), (S, fetched(5, batch(9, b"b" * 60))[90:] + response(6, ALIVE))),
    "begun_before_its_question": seed(0, (S, b"\xff\xff\xff\xff" + response(3, ALIVE)[:9]), (C, heartbeat(3)), (S, response(3, ALIVE)[9:])),
    "malformed": seed(0, (C, heartbeat(1)), (S, b"\xff\xff\xff\xff"), (S, response(1, ALIVE)), (C, b"\xff\xff\xff\xff"), (C, heartbeat(2)), (S, response(2, ALIVE))),
    "unasked": seed(IDLE, (S, response(9, ALIVE) + response(10, ALIVE)), (C, heartbeat(11))),
    "slow": seed(SLOW, (C, heartbeat(1)), (C, heartbeat(2)), (C, heartbeat(3)), (C, heartbeat(4)), (S, response(1, ALIVE))),
    "few": seed(FEW, (C, heartbeat(1) + heartbeat(2) + heartbeat(3)), (S, response(1, ALIVE) + response(2, ALIVE) + response(3, ALIVE))),
    "little": seed(PAGE_1 | PREVIEW_5, *BEGIN, (C, produce(3, batch(2, b"hello" * 40))), (S, produced(3))),
    "no_memory": seed(NO_SLABS, *BEGIN),
    "future": seed(0, (C, request(12, 7, 9, b"\x07" * 30, True)), (S, response(9, b"?", True))),
})
