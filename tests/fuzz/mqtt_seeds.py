#!/usr/bin/env python3
"""Writes the seeds of mqtt_fuzz: mqtt_seeds.py DIRECTORY."""
import struct

from seeds import C, FEW, FIN, LOST, NO_PREVIEW, PAGE_1, PREVIEW_5, RANDOM, RESET, S, SHOWN, SLOW, seed, write


def text(value):
    return struct.pack(">H", len(value)) + value


def packet(first, rest=b""):
    size = len(rest)
    return bytes([first]) + (bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])) + rest


def connect(level, flags=0xc2, more=b""):
    return packet(0x10, text(b"MQTT") + bytes([level, flags]) + b"\0\x3c" + (b"\0" if level == 5 else b"") + text(b"c") + more + text(b"u") + text(b"p"))


def publish(topic, qos=0, ident=1, rest=b"hi", flags=0):
    return packet(0x30 | qos << 1 | flags, text(topic) + (struct.pack(">H", ident) if qos else b"") + rest)


PROPERTIES = b"\x25\x03" + text(b"t/p") + b"\x08" + text(b"r") + b"\x23\0\5\x02\0\0\0\x3c\x0b\x81\1\x26" + text(b"k") + text(b"v") + b"\x01\1\x1f" + text(b"why")
write({
    "hello": seed(0, (C, connect(4)), (S, packet(0x20, b"\0\0")), (C, packet(0xc0)), (S, packet(0xd0)), (C, packet(0xe0))),
    "hello5": seed(RANDOM, (C, connect(5)), (S, packet(0x20, b"\0\0\0")), (C, publish(b"a/b", 1, 2, PROPERTIES + b"hi")), (S, packet(0x40, b"\0\2\x10")), (S, packet(0xe0, b"\x8e"))),
    "will": seed(SHOWN, (C, connect(4, 0xc6, text(b"w") + text(b"bye")) + packet(0x10, text(b"MQIsdp") + b"\3\2\0\5" + text(b"old"))), (S, packet(0x20, b"\0\5"))),
    "auth": seed(0, (C, connect(5)), (S, packet(0xf0, b"\x18\x0a\x15" + text(b"SCRAM") + b"\x16" + text(b""))), (C, packet(0xf0, b"\x18\0"))),
    "qos": seed(FIN, (C, connect(4) + publish(b"a/1", 1, 1) + publish(b"a/2", 2, 2) + publish(b"a/1", 1, 1, flags=8)), (S, packet(0x20, b"\0\0") + packet(0x40, b"\0\1") + packet(0x50, b"\0\2")),
                (C, packet(0x62, b"\0\2")), (S, packet(0x70, b"\0\2")), (S, publish(b"b/1", 1, 1)), (C, packet(0x40, b"\0\1"))),
    "topics": seed(RESET, (C, connect(4) + packet(0x82, b"\0\1" + text(b"a/#") + b"\1" + text(b"b") + b"\2") + packet(0xa2, b"\0\2" + text(b"a/#"))),
                   (S, packet(0x90, b"\0\1\1\x80") + packet(0xb0, b"\0\2"))),
    "midstream": seed(0, (C | LOST, b"x"), (C, publish(b"sensors/1") * 3 + packet(0x82, b"\0\1\0" + text(b"a") + b"\1")), (S | LOST, b"x"), (S, packet(0x90, b"\0\1\0\1") + packet(0xd0))),
    "hole": seed(0, (C, connect(4) + publish(b"a/1", 1, 1)), (S | LOST, packet(0x40, b"\0\1")), (C, publish(b"a/1", 1, 2)), (S, packet(0x40, b"\0\2")), (C, publish(b"a/1", 1, 1)),
                 (S, packet(0x40, b"\0\1"))),
    "hole_in_message": seed(PREVIEW_5, (C, connect(4) + packet(0x30, text(b"a/1") + b"v" * 300)[:100]), (C | LOST, b"v" * 100), (C, b"v" * 108 + packet(0xc0))),
    "long_topic": seed(NO_PREVIEW, (C, connect(4)), (C, b"\x30\x84\x10" + text(b"t" * 2049)[:250])),
    "slow": seed(SLOW | PAGE_1 | FEW, (C, connect(4)), (C, publish(b"a", 1, 1)), (C, publish(b"a", 1, 2)), (C, publish(b"a", 1, 3)), (S, packet(0x40, b"\0\1"))),
    "garbage": seed(0, (C, connect(4)), (S, b"\0\0\x20\x01" + packet(0x20, b"\0\0")), (C, packet(0x10, text(b"MQTT") + b"\4\2\0\5\0\x50x")), (S, packet(0x40, b"\0\1\0\2\x7f\1"))),
})
