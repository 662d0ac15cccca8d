#!/usr/bin/env python3
"""Writes the seeds of postgresql_fuzz: postgresql_seeds.py DIRECTORY."""
import struct

from seeds import C, ENDS, FEW, FIN, HAD_NOTHING, LOST, NO_SLABS, PAGE_1, PREVIEW_300, RANDOM, RESET, S, SENSOR, SHOWN, SLOW, seed, write


def u16(n):
    return struct.pack(">H", n)


def u32(n):
    return struct.pack(">I", n)


def message(kind, body=b""):
    return kind + u32(4 + len(body)) + body


def z(*texts):
    return b"".join(t + b"\0" for t in texts)


def opening(code, rest=b""):
    return u32(8 + len(rest)) + u32(code) + rest


STARTUP = opening(196608, z(b"user", b"anna", b"database", b"shop") + b"\0")
SSL, GSS = opening(80877103), opening(80877104)
GREETING = (message(b"R", u32(0)) + message(b"S", z(b"server_version", b"15.4")) + message(b"K", u32(7) + u32(9)) + message(b"Z", b"I"))
READY = message(b"Z", b"I")


def query(text):
    return message(b"Q", z(text))


def parse(text, name=b""):
    return message(b"P", z(name, text) + u16(0))


def bind(*values, name=b"", portal=b"", binary=False):
    formats = u16(1) + u16(1) if binary else u16(0)
    body = z(portal, name) + formats + u16(len(values))
    return message(b"B", body + b"".join(u32(0xffffffff) if v is None else u32(len(v)) + v for v in values) + u16(0))


def execute(rows=0, portal=b""):
    return message(b"E", z(portal) + u32(rows))


def rows(*values):
    description = message(b"T", u16(1) + z(b"id") + bytes(18))
    return description + b"".join(message(b"D", u16(1) + u32(len(v)) + v) for v in values)


def done(tag):
    return message(b"C", z(tag))


def error(code=b"42P01", text=b"no such table"):
    return message(b"E", b"S" + z(b"ERROR") + b"C" + z(code) + b"M" + z(text) + b"\0")


SYNC, FLUSH = message(b"S"), message(b"H")
ONE = parse(b"insert into t values ($1)") + bind(b"1") + execute()
ONE_DONE = message(b"1") + message(b"2") + done(b"INSERT 0 1")
LOGIN = ((C, STARTUP), (S, GREETING))
SELECT = ((C, query(b"select 1")), (S, rows(b"1") + done(b"SELECT 1") + READY))
COPY = message(b"G", b"\0" + u16(1) + u16(0))

write({
    "simple": seed(FIN, *LOGIN, *SELECT, *SELECT),
    "errors": seed(0, *LOGIN, (C, query(b"select x")), (S, error() + READY), *SELECT),
    "several": seed(0, *LOGIN, (C, query(b"begin; select 1")), (S, done(b"BEGIN") + rows(b"1") + done(b"SELECT 1") + message(b"Z", b"T"))),
    "batch": seed(0, *LOGIN, (C, ONE + ONE + ONE + SYNC), (S, ONE_DONE + message(b"1") + message(b"2") + error(b"23505") + READY), *SELECT),
    "pipeline": seed(0, *LOGIN, (C, ONE + SYNC + ONE + SYNC), (S, ONE_DONE + READY + ONE_DONE + READY)),
    "prepared": seed(0, *LOGIN, (C, parse(b"select $1", b"s") + message(b"D", b"Ss\0") + SYNC),
                     (S, message(b"1") + message(b"t", u16(1) + u32(23)) + message(b"n") + READY),
                     (C, bind(b"7", None, name=b"s") + execute() + SYNC), (S, message(b"2") + done(b"SELECT 1") + READY),
                     (C, bind(b"\0\1", name=b"s", binary=True) + execute() + SYNC), (S, message(b"2") + done(b"SELECT 1") + READY),
                     (C, message(b"C", b"Ss\0") + SYNC), (S, message(b"3") + READY)),
    "portal": seed(0, *LOGIN, (C, parse(b"select 1") + bind(portal=b"p") + execute(1, b"p") + FLUSH), (S, message(b"1") + message(b"2") + message(b"s")),
                   (C, execute(1, b"p") + SYNC), (S, done(b"SELECT 1") + READY)),
    "copy_in": seed(0, *LOGIN, (C, query(b"copy t from stdin")), (S, COPY), (C, message(b"d", b"1\n") + message(b"d", b"2\n") + message(b"c")),
                    (S, done(b"COPY 2") + READY)),
    "copy_out": seed(0, *LOGIN, (C, query(b"copy t to stdout")), (S, message(b"H", b"\0" + u16(1) + u16(0)) + message(b"d", b"x" * 90) + message(b"c") + done(b"COPY 1") + READY)),
    "asides": seed(0, *LOGIN, (S, message(b"A", u32(7) + z(b"ch", b"hi"))), (S, message(b"N", b"S" + z(b"NOTICE") + b"C" + z(b"00000") + b"M" + z(b"n") + b"\0")),
                   *SELECT, (S, error(b"57P01", b"shutdown"))),
    "tls": seed(0, (C, SSL), (S, b"S"), (C, b"\x16\x03\x01\0\5hello"), (S, b"\x16\x03\x01\0\5hello")),
    "refused": seed(0, (C, GSS), (S, b"N"), (C, SSL), (S, b"N"), *LOGIN, *SELECT),
    "md5": seed(SHOWN, (C, STARTUP), (S, message(b"R", u32(5) + b"salt")), (C, message(b"p", z(b"md5secret"))), (S, GREETING)),
    "scram": seed(0, (C, STARTUP), (S, message(b"R", u32(10) + z(b"SCRAM-SHA-256") + b"\0")), (C, message(b"p", z(b"SCRAM-SHA-256") + u32(3) + b"n,,")),
                  (S, message(b"R", u32(11) + b"r=")), (C, message(b"p", b"c=")), (S, message(b"R", u32(12) + b"v=") + GREETING)),
    "login_failed": seed(FIN, (C, STARTUP), (S, message(b"R", u32(3))), (C, message(b"p", z(b"x"))), (S, error(b"28P01", b"no"))),
    "cancel": seed(FIN, (C, opening(80877102, u32(7) + u32(9)))),
    "function": seed(0, *LOGIN, (C, message(b"F", u32(1598) + u16(0) + u16(0) + u16(0))), (S, message(b"V", u32(1) + b"x") + READY)),
    "password_in_pieces": seed(0, *LOGIN, (C, query(b"ALTER USER a PASSWORD 'sec'\n -- c\n 'ret'\n; DO $$ ALTER USER a PASSWORD ''b''\r''c'' $$")), (S, READY),
                               (C, query(b"ALTER SUBSCRIPTION s CONNECTION 'host=h password = secret dbname=d'")), (S, READY)),
    "password": seed(0, *LOGIN, (C, query(b"ALTER USER a PASSWORD 'secret'")), (S, error(b"42601", b"at or near \"'secret'\"") + READY)),
    "hole_rows": seed(0, *LOGIN, (C, query(b"select 1")), (S, rows(b"1")), (S | LOST, rows(b"2")), (S, done(b"SELECT 2") + READY), *SELECT),
    "hole_batch": seed(0, *LOGIN, (C, ONE), (C | LOST | SENSOR, ONE), (C, ONE + SYNC), (S, ONE_DONE * 3 + READY), *SELECT, *SELECT),
    "hole_answer": seed(RANDOM, *LOGIN, (C, query(b"select 1")), (S | LOST, rows(b"1") + done(b"SELECT 1") + READY), *SELECT, *SELECT),
    "midstream": seed(0, (C | LOST, STARTUP), (S | LOST, GREETING), (S, rows(b"2") + done(b"SELECT 2") + READY), *SELECT),
    "malformed": seed(RESET, *LOGIN, (C, b"zzzz"), *SELECT, (S, b"zzzz"), *SELECT),
    "slow": seed(SLOW, *LOGIN, (C, query(b"select 1")), (C, query(b"select 2")), (C, query(b"select 3")), (C, SYNC), *SELECT),
    "few": seed(FEW, *LOGIN, (C, ONE * 4 + SYNC), (C, SYNC * 4), (S, ONE_DONE * 4 + READY * 5)),
    "little": seed(PAGE_1 | PREVIEW_300, *LOGIN, (C, query(b"select '" + b"x" * 400 + b"'")), (S, rows(b"y" * 300) + done(b"SELECT 1") + READY)),
    "no_memory": seed(NO_SLABS, *LOGIN, *SELECT),
    "early": seed(0, *LOGIN, (S | HAD_NOTHING, rows(b"1")), (C, query(b"select 1")), (S, done(b"SELECT 1") + READY)),
    "half": seed(0, *LOGIN, (C | ENDS, parse(b"x") + bind() + execute()), (S, ONE_DONE)),
})
