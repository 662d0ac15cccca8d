#!/usr/bin/env python3
"""Writes the seeds of cassandra_fuzz: cassandra_seeds.py DIRECTORY. The format is told in conversation.h."""
import struct

from seeds import C, ENDS, FEW, FIN, IDLE, LOST, NO_SLABS, PAGE_1, PREVIEW_5, RANDOM, RESET, S, SENSOR, SLOW, seed, write


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(value)) + value


def long_text(value):
    return struct.pack(">I", len(value)) + value.encode()


def frame(opcode, stream, body=b"", version=4, flags=0):
    return struct.pack(">BBhBI", version, flags, stream, opcode, len(body)) + body


def answer(opcode, stream, body=b"", version=4, flags=0):
    return frame(opcode, stream, body, version | 0x80, flags)


def query(stream, cql, version=4):
    return frame(7, stream, long_text(cql) + b"\0\1\0", version)


def startup(compression=None, version=4):
    entries = [("CQL_VERSION", "3.0.0"), ("DRIVER_NAME", "d")] + ([("COMPRESSION", compression)] if compression else [])
    return frame(1, 0, struct.pack(">H", len(entries)) + b"".join(text(k) + text(v) for k, v in entries), version)


def rows_body(count, flags=1):
    out = struct.pack(">III", 2, flags, 2) + (struct.pack(">I", 2) + b"pp" if flags & 2 else b"")
    out += text("k") + text("t") + text("a") + b"\0\x21\0\x09\0\x20\0\x0d" + text("b") + b"\0\x30" + text("k") + text("u") + b"\0\1" + text("f") + b"\0\x09"
    return out + struct.pack(">I", count) + struct.pack(">II", 4, 7) * count


def rows(stream, count, version=4):
    return answer(8, stream, rows_body(count), version)


def crc24(data):
    crc = 0x875060
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1974f0b
    return crc


def checked(bits, size):
    fields = bits.to_bytes(size, "little")
    return fields + crc24(fields).to_bytes(3, "little")


def segment(payload, whole=True):
    return checked(len(payload) | whole << 17, 3) + payload + b"csum"


def packed_segment(packed, size, whole=True):
    return checked(len(packed) | size << 17 | whole << 34, 5) + packed + b"csum"


def literals(data):
    """LZ4 of what repeats nothing."""
    n = len(data)
    return (bytes([n << 4]) if n < 15 else bytes([0xf0]) + b"\xff" * ((n - 15) // 255) + bytes([(n - 15) % 255])) + data


def snappy_literals(data):
    return bytes([len(data), (len(data) - 1) << 2]) + data


ID = text(b"Z" * 16)
SELECT = long_text("SELECT 1") + b"\0\1\0"
BATCH = b"\0\0\2\0" + long_text("INSERT x") + b"\0\1" + struct.pack(">I", 1) + b"v\1" + ID + b"\0\0\0\4"
BEFORE = b"t" * 16 + b"\0\1" + text("careful") + b"\0\1" + text("k") + struct.pack(">I", 1) + b"v"
BEGIN = [(C, startup()), (S, answer(2, 0))]
BEGIN_5 = [(C, startup(None, 5)), (S, answer(2, 0, b"", 5))]

SEEDS = {
    "queries": seed(0, (C, frame(5, 0)), (S, answer(6, 0, b"\0\1" + text("COMPRESSION") + b"\0\1" + text("lz4"))), *BEGIN, (C, query(1, "SELECT 1")), (S, rows(1, 2))),
    "any_order": seed(RANDOM | FEW, (C, query(1, "SELECT 1") + query(2, "SELECT 2") + query(3, "x")), (S, rows(2, 0) + answer(8, 1, b"\0\0\0\1"))),
    "login": seed(0, (C, startup()), (S, answer(3, 0, text("Authenticator"))), (C, frame(15, 0, long_text("secret"))), (S, answer(14, 0, b"\0\0\0\0")), (C, frame(15, 0, b"\0\0\0\0")), (S, answer(16, 0, b"\xff" * 4))),
    "prepared": seed(0, (C, frame(9, 1, long_text("SET PASSWORD='x'"))), (S, answer(8, 1, b"\0\0\0\4" + ID + bytes(8))), (C, frame(10, 2, ID + b"\0\6\0")), (S, answer(8, 2, b"\0\0\0\1"))),
    "errors": seed(SLOW, (C, query(1, "SELECT x")), (S, answer(0, 1, struct.pack(">I", 0x2200) + text("no"))), (C, query(2, "SELECT 2"))),
    "secrets": seed(0, (C, query(1, "ALTER ROLE r // it's\n WITH PASSWORD = $$x$$")), (S, answer(8, 1, b"\0\0\0\1")), (C, query(2, "SELECT $a$$ PASSWORD = $$cut, 'a://b:c")), (S, answer(8, 2, b"\0\0\0\1"))),
    "events": seed(0, (C, frame(11, 0, b"\0\1" + text("STATUS_CHANGE"))), (S, answer(2, 0)), (S, answer(12, -1, text("STATUS_CHANGE") + text("UP")))),
    "batch": seed(RESET, (C, frame(13, 1, BATCH)), (S, answer(8, 1, b"\0\0\0\3" + text("shop"))), (C, frame(13, 2, BATCH, 4, 4))),
    "flags": seed(0, (C, query(1, "SELECT 1")), (S, answer(8, 1, BEFORE + rows_body(1, 3), 4, 0x0e)), (C, query(2, "CREATE x")), (S, answer(8, 2, b"\0\0\0\5" + text("CREATED") + text("TABLE") + text("k") + text("t")))),
    "lz4": seed(0, (C, startup("lz4")), (S, answer(2, 0)), (C, frame(7, 1, struct.pack(">I", len(SELECT)) + literals(SELECT), 4, 1)), (S, answer(8, 1, struct.pack(">I", 4) + literals(b"\0\0\0\1"), 4, 1))),
    "snappy": seed(0, (C, startup("snappy")), (S, answer(2, 0)), (C, frame(7, 1, snappy_literals(SELECT), 4, 1)), (S, answer(8, 1, b"junk!", 4, 1))),
    "segments": seed(0, *BEGIN_5, (C, segment(query(1, "SELECT 1", 5) + query(2, "SELECT 2", 5))), (S, segment(rows(2, 1, 5)) + segment(rows(1, 0, 5)))),
    "split_segments": seed(RANDOM, *BEGIN_5, (C, segment(query(1, "SELECT 1", 5)[:12], False) + segment(query(1, "SELECT 1", 5)[12:], False)), (S | LOST, segment(rows(1, 1, 5))), (C, segment(query(2, "SELECT 2", 5))), (S, segment(rows(2, 0, 5)))),
    "packed_segments": seed(0, (C, startup("lz4", 5)), (S, answer(2, 0, b"", 5)), (C, packed_segment(literals(query(1, "SELECT 1", 5)), len(query(1, "SELECT 1", 5)))), (S, packed_segment(rows(1, 1, 5), 0)), (C | LOST, b"x" * 20), (C, packed_segment(query(2, "SELECT 2", 5), 0))),
    "midstream": seed(FIN, (C | LOST, b"x"), (S | LOST, b"x"), (C, segment(query(1, "SELECT 1", 5))), (S, segment(rows(1, 1, 5)))),
    "lost": seed(0, *BEGIN, (C, query(1, "SELECT 1")), (S | LOST, rows(1, 1)), (C | LOST | SENSOR, query(1, "SELECT 2")), (S, rows(1, 2)), (C, query(2, "SELECT 3")), (S | ENDS, rows(2, 1))),
    "small": seed(NO_SLABS, *BEGIN, (C, query(1, "SELECT 1")), (S, rows(1, 1))),
    "page": seed(PAGE_1 | PREVIEW_5 | IDLE, (C, query(1, "SELECT 1") + query(2, "SELECT 2")), (S, rows(1, 1))),
}

write(SEEDS)
