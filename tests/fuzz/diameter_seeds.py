#!/usr/bin/env python3
"""Writes the seeds of diameter_fuzz: diameter_seeds.py DIRECTORY. The format is told in conversation.h."""
from seeds import C, FEW, FIN, LOST, NO_SLABS, PAGE_1, RANDOM, RESET, S, SENSOR, SHOWN, SLOW, seed, write

GX, S6A, TGPP = 16777238, 16777251, 10415


def avp(code, data, vendor=0):
    head = 12 if vendor else 8
    return (code.to_bytes(4, "big") + (b"\xc0" if vendor else b"\x40") + (head + len(data)).to_bytes(3, "big") + (vendor.to_bytes(4, "big") if vendor else b"")
            + data + bytes(-len(data) % 4))


def u32(value):
    return value.to_bytes(4, "big")


def message(flags, command, application, hop, avps):
    return b"\1" + (20 + len(avps)).to_bytes(3, "big") + bytes([flags]) + command.to_bytes(3, "big") + u32(application) + u32(hop) + u32(hop + 1000) + avps


HOST = avp(264, b"pgw.lab") + avp(296, b"lab")
SESSION = avp(263, b"gx;1;2")
UNITS = avp(456, avp(431, avp(420, u32(60)) + avp(421, bytes(8))) + avp(432, u32(7)))
EXPERIMENTAL = avp(297, avp(266, u32(TGPP)) + avp(298, u32(5420)))


def ask(hop, more=b""):
    return message(0xc0, 272, GX, hop, SESSION + HOST + avp(416, u32(1)) + avp(415, u32(0)) + more)


def answer(hop, result=2001, more=b""):
    return message(0x40, 272, GX, hop, SESSION + avp(268, u32(result)) + HOST + more)


DEEP = avp(420, u32(1))
for _ in range(10):
    DEEP = avp(431, DEEP)
CER = message(0x80, 257, 0, 1, HOST + avp(257, b"\0\1\x0a\0\0\1") + avp(257, b"\0\2" + bytes(16)) + avp(269, b"x"))
CEA = message(0, 257, 0, 1, avp(268, u32(2001)) + HOST)
DWR, DWA = message(0x80, 280, 0, 5, HOST), message(0, 280, 0, 5, avp(268, u32(2001)) + HOST)

write({
    "talk": seed(RANDOM, (C, CER), (S, CEA), (C, ask(2, UNITS) + ask(3)), (S, answer(3) + answer(2, 5003)), (S, DWR), (C, DWA)),
    "secrets": seed(0, (C, message(0xc0, 318, S6A, 1, SESSION + HOST + avp(2, b"secret") + avp(1450, b"k" * 16, TGPP))), (S, message(0x40, 318, S6A, 1, SESSION + EXPERIMENTAL))),
    "secrets_shown": seed(SHOWN, (C, message(0xc0, 318, S6A, 1, SESSION + HOST + avp(462, b"secret")))),
    "error": seed(0, (C, ask(1)), (S, message(0x60, 272, GX, 1, SESSION + avp(268, u32(3002)) + avp(281, b"no route") + HOST))),
    "again": seed(0, (C, ask(1)), (C, ask(1)), (S, DWA), (S, answer(9)), (S, answer(1)), (C, message(0xd0, 999, 7, 3, SESSION + HOST))),
    "odd_values": seed(0, (C, ask(1, avp(268, b"\1") + avp(8, b"\1\2\3\4") + avp(8, b"\1") + avp(257, b"\0\3x") + avp(421, b"\1") + avp(9999, b"\1", 5) + avp(9999, b"x")))),
    "deep": seed(0, (C, ask(1, DEEP)), (S, answer(1))),
    "unanswered": seed(SLOW, (C, ask(1)), (C, ask(2)), (C, ask(3)), (C, ask(4))),
    "few": seed(FEW | PAGE_1, (C, ask(1) + ask(2) + ask(3)), (S, answer(3))),
    "no_slabs": seed(NO_SLABS, (C, ask(1)), (S, answer(1))),
    "hole_answer": seed(0, (C, ask(1)), (S | LOST | SENSOR, answer(1)), (C, ask(2)), (S, answer(2))),
    "hole_question": seed(0, (C | LOST, ask(1)), (S, answer(1)), (C, ask(2)), (S, answer(2))),
    "cut_off": seed(RESET, (C, ask(1)), (C, ask(2)[:60])),
    "ended": seed(FIN, (C, ask(1)), (S, DWR)),
    "rubbish": seed(0, (C, ask(1) + b"\1rubbish" + ask(2)), (S, answer(1) + answer(2))),
    "clipped": seed(0, (C, message(0xc0, 272, GX, 1, SESSION + HOST + u32(264) + b"\x40" + (99).to_bytes(3, "big"))), (S, answer(1))),
})
