#!/usr/bin/env python3
"""Writes the seeds of mysql_fuzz: mysql_seeds.py DIRECTORY. The format is told in conversation.h."""
import struct
import zlib

from seeds import C, ENDS, FEW, FIN, LOST, NO_SLABS, PAGE_1, PREVIEW_5, RANDOM, RESET, S, SHED_PREVIEWS, SLOW, seed, write


def packet(sequence, payload):
    return struct.pack("<I", len(payload) | sequence << 24) + payload


def text(value):
    return bytes([len(value)]) + value


def query(statement):
    return packet(0, b"\3" + statement)


def column(sequence, name):
    return packet(sequence, text(b"def") + text(b"") * 2 + text(b"t") + text(name) * 2 + b"\x0c\x2d\0\x50\0\0\0\xfd\0\0\0\0\0")


def ok(sequence, affected=0, status=2):
    return packet(sequence, bytes([0, affected, 0]) + struct.pack("<HH", status, 0))


def eof(sequence, status=2):
    return packet(sequence, b"\xfe" + struct.pack("<HH", 0, status))


def rows(count, status=2):
    out = packet(1, b"\2") + column(2, b"id") + column(3, b"n") + eof(4)
    for i in range(count):
        out += packet(5 + i, text(b"1") + text(b"x"))
    return out + eof(5 + count, status)


def rows_at_end(count):
    out = packet(1, b"\1") + column(2, b"id")
    for i in range(count):
        out += packet(3 + i, text(b"1"))
    return out + packet(3 + count, b"\xfe\0\0\2\0\0\0")


def login(capabilities=0x00088208, answer=b"hash"):
    return packet(1, struct.pack("<IIB", capabilities, 1 << 24, 45) + bytes(23) + b"shop\0" + text(answer) + b"orders\0native\0")


def file(sequence, count):
    out = b"".join(packet((sequence + i) & 255, b"\t\n") for i in range(count))
    return out + packet((sequence + count) & 255, b"")


def deflated(sequence, within):
    packed = zlib.compress(within)
    return struct.pack("<I", len(packed) | sequence << 24) + struct.pack("<I", len(within))[:3] + packed


def undeflated(sequence, within):
    return struct.pack("<I", len(within) | sequence << 24) + bytes(3) + within


GREETING = packet(0, b"\x0a8.0.36\0" + struct.pack("<I", 7) + b"saltsalt\0" + b"\xff\xff\x2d\2\0\xff\xff\x15" + bytes(10) + b"moresaltsalt\0native\0")
ERROR = packet(1, b"\xff" + struct.pack("<H", 1064) + b"#42000no")
PREPARED = packet(1, b"\0\5\0\0\0\1\0\1\0\0\0\0") + column(2, b"?") + eof(3) + column(4, b"a") + eof(5)
EXECUTE = packet(0, b"\x17\5\0\0\0\0\1\0\0\0")
BEGIN = [(S, GREETING), (C, login()), (S, ok(2))]
TLS = packet(1, struct.pack("<IIB", 0x8a00, 1 << 24, 45) + bytes(23))

SEEDS = {
    "day": seed(0, *BEGIN, (C, query(b"SELECT 1")), (S, rows(2)), (C, query(b"x")), (S, ERROR), (C, packet(0, b"\1"))),
    "at_end": seed(0, (S, GREETING), (C, login(0x01088208)), (S, ok(2)), (C, query(b"SELECT 1")), (S, rows_at_end(3))),
    "prepared": seed(0, *BEGIN, (C, packet(0, b"\x16SELECT ?")), (S, PREPARED), (C, EXECUTE), (S, rows(1)), (C, packet(0, b"\x19\5\0\0\0"))),
    "secrets": seed(0, *BEGIN, (C, query(b"SET PASSWORD='x'")), (S, ok(1)), (C, packet(0, b"\x11u\0\4hashdb\0\x2d\0p\0")), (S, packet(1, b"\xfep\0salt")), (C, packet(2, b"answer")), (S, ok(3))),
    "secrets_within": seed(0, *BEGIN, (C, query(b"SET PASSWORD FOR USER()=CONCAT('a','x')")), (S, ok(1)), (C, query(b"EXECUTE IMMEDIATE 'SET PASSWORD=''x'''")), (S, ok(1)), (C, query(b"SET @s='IDENTIFIED\\n'")), (S, ok(1)), (C, query(b"CONNECTION='mysql://a:x@h c://d:y")), (S, ERROR), (C, query(b"CREATE USER `a\\`@`%` IDENTIFIED BY 'x'")), (S, ok(1))),
    "midstream": seed(FIN, (C | LOST, b"x"), (C, query(b"SELECT 1")), (S, rows(1)), (C, packet(0, b"\x0e")), (S, ok(1))),
    "tls": seed(0, (S, GREETING), (C, TLS + b"\x16\3\1"), (S, b"\x16")),
    "progress_before_tls": seed(0, (S, packet(0, b"\xff\xff\xff and no end")), (C, TLS + b"\x16\3\1")),
    "file": seed(0, *BEGIN, (C, query(b"LOAD DATA")), (S, packet(1, b"\xfbf")), (C, packet(2, b"a,b") + packet(3, b"")), (S, ok(4))),
    "long_file": seed(0, *BEGIN, (C, query(b"LOAD DATA")), (S, packet(1, b"\xfbf")), (C, file(2, 260)), (S, ok(7)), (C, packet(0, b"\x0e")), (S, ok(1))),
    "long_file_nobody_asked_for": seed(0, *BEGIN, (C, query(b"LOAD DATA")), (S | LOST, packet(1, b"\xfbf")), (C, file(250, 20)), (C, file(14, 240)), (C, packet(0, b"\x0e")), (S, ok(1))),
    "several": seed(RANDOM, *BEGIN, (C, query(b"CALL p()")), (S, rows(1, 10) + ok(8)), (C, packet(0, b"\4t\0")), (S, column(1, b"a") + eof(2))),
    "pipelined": seed(RESET | FEW, *BEGIN, (C, query(b"SELECT 1") + query(b"SELECT 2") + packet(0, b"\x0e")), (S, rows(1)), (S, rows(1) + ok(1))),
    "deflated": seed(0, (S, GREETING), (C, login(0x00088228)), (S, ok(2)), (C, undeflated(0, query(b"SELECT 1"))), (S, deflated(1, rows(9))), (C, deflated(0, query(b"SELECT 2"))), (S | LOST, b"x" * 40), (C, undeflated(0, packet(0, b"\x0e"))), (S, undeflated(1, ok(1)))),
    "lost": seed(0, *BEGIN, (C, query(b"SELECT 1")), (S | LOST, rows(1)), (C, query(b"USE b")), (S, ok(1)), (C | LOST, query(b"USE c")), (S, ok(1)), (C, query(b"SELECT 3")), (S, rows(1))),
    "small": seed(NO_SLABS, *BEGIN, (C, query(b"SELECT 1")), (S, rows(1))),
    "page": seed(PAGE_1 | PREVIEW_5 | SHED_PREVIEWS, *BEGIN, (C, query(b"SELECT 1")), (S, rows(1)), (C | ENDS, query(b"SELECT 2"))),
    "refused": seed(SLOW, (S, packet(0, b"\xff\x10\4Too many connections"))),
    "acknowledged": seed(0, *BEGIN, (C, packet(0, b"\x12")), (S, packet(1, b"\0event")), (C, packet(0, b"\xef" + bytes(8) + b"bin.1")), (S, packet(2, b"\0event") + eof(3)), (C, packet(0, b"\xef"))),
    "statistics": seed(SLOW, *BEGIN, (C, packet(0, b"\x09")), (S, packet(1, b"Uptime: 1")), (C, packet(0, b"\x12")), (S, packet(1, b"\0event") + packet(2, b"\0event") + eof(3))),
}

write(SEEDS)
