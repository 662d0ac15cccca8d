#!/usr/bin/python3
"""Plays both ends of CQL over a TCP connection of its own, as the specification has it: cassandra_conversation.py HOST PORT

For a capture: Debian has no server. Version 4 plain, with LZ4 and with snappy; version 5 with segments. Needs python3-lz4 and
python3-snappy for those."""
import socket
import struct
import sys
import time

import lz4.block
import snappy

ID = bytes(range(16))


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


def long_text(value):
    return struct.pack(">I", len(value)) + value.encode()


def frame(opcode, stream, body=b"", version=4, flags=0):
    return struct.pack(">BBhBI", version, flags, stream, opcode, len(body)) + body


def answer(opcode, stream, body=b"", version=4, flags=0):
    return frame(opcode, stream, body, version | 0x80, flags)


def startup(version=4, compression=None):
    entries = {"CQL_VERSION": "3.4.5", "DRIVER_NAME": "by hand", **({"COMPRESSION": compression} if compression else {})}
    return frame(1, 0, struct.pack(">H", len(entries)) + b"".join(text(k) + text(v) for k, v in entries.items()), version)


def query_body(cql):
    return long_text(cql) + struct.pack(">HB", 6, 0)


def rows_body(count):
    out = struct.pack(">III", 2, 1, 2) + text("shop") + text("items") + text("id") + b"\0\x09" + text("tags") + b"\0\x22\0\x0d"
    return out + struct.pack(">I", count) + b"".join(struct.pack(">IIi", 4, n, -1) for n in range(count))


def error(stream, code, message, version=4):
    return answer(0, stream, struct.pack(">I", code) + text(message), version)


def checksum(data):
    crc = 0x875060
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x1974f0b if crc & 0x800000 else 0)
    return crc & 0xffffff


def segment(payload):
    fields = (len(payload) | 1 << 17).to_bytes(3, "little")
    return fields + checksum(fields).to_bytes(3, "little") + payload + bytes(4)


VOID = struct.pack(">I", 1)
CLIENT, SERVER = 0, 1
PLAIN = [
    (CLIENT, frame(5, 0)), (SERVER, answer(6, 0, b"\0\1" + text("COMPRESSION") + b"\0\2" + text("snappy") + text("lz4"))),
    (CLIENT, startup()), (SERVER, answer(3, 0, text("org.apache.cassandra.auth.PasswordAuthenticator"))),
    (CLIENT, frame(15, 0, struct.pack(">I", 15) + b"\0lab\0swordfish\0")), (SERVER, answer(16, 0, struct.pack(">i", -1))),
    (CLIENT, frame(11, 1, b"\0\2" + text("STATUS_CHANGE") + text("SCHEMA_CHANGE"))), (SERVER, answer(2, 1)),
    (CLIENT, frame(7, 2, query_body("CREATE ROLE guest WITH PASSWORD = 'swordfish' AND LOGIN = true"))), (SERVER, answer(8, 2, VOID)),
    (CLIENT, frame(7, 3, query_body("CREATE TABLE shop.items (id int PRIMARY KEY, tags set<text>)"))),
    (SERVER, answer(8, 3, struct.pack(">I", 5) + text("CREATED") + text("TABLE") + text("shop") + text("items"))),
    (SERVER, answer(12, -1, text("SCHEMA_CHANGE") + text("CREATED") + text("TABLE") + text("shop") + text("items"))),
    (CLIENT, frame(7, 4, query_body("USE shop"))), (SERVER, answer(8, 4, struct.pack(">I", 3) + text("shop"))),
    (CLIENT, frame(9, 5, long_text("INSERT INTO items (id) VALUES (?)"))),
    (SERVER, answer(8, 5, struct.pack(">I", 4) + struct.pack(">H", 16) + ID + struct.pack(">III", 4, 0, 0) + struct.pack(">II", 4, 0))),
    (CLIENT, frame(10, 6, struct.pack(">H", 16) + ID + b"\0\6\1\0\1\0\0\0\4\0\0\0\1")), (SERVER, answer(8, 6, VOID)),
    (CLIENT, frame(13, 7, b"\0\0\2\0" + long_text("DELETE FROM items WHERE id = 1") + b"\0\0\1" + struct.pack(">H", 16) + ID + b"\0\1\0\0\0\4\0\0\0\2\0\4\0")),
    (SERVER, answer(8, 7, VOID)),
    (CLIENT, frame(7, 8, query_body("SELECT * FROM items")) + frame(7, 9, query_body("SELECT * FROM nowhere"))),
    (SERVER, error(9, 0x2200, "unconfigured table nowhere") + answer(8, 8, rows_body(3))),
    (CLIENT, frame(7, 10, query_body("SELEC 1"))), (SERVER, error(10, 0x2000, "line 1:0 no viable alternative at input 'SELEC'")),
]
LONG = "SELECT id, tags FROM items WHERE id IN (" + ", ".join(str(n) for n in range(100)) + ")"


def packed(compression):
    pack = snappy.compress if compression == "snappy" else lambda b: struct.pack(">I", len(b)) + lz4.block.compress(b, store_size=False)
    return [(CLIENT, startup(4, compression)), (SERVER, answer(2, 0)),
            (CLIENT, frame(7, 1, pack(query_body(LONG)), 4, 1)), (SERVER, answer(8, 1, pack(rows_body(100)), 4, 1))]


SEGMENTS = [
    (CLIENT, startup(5)), (SERVER, answer(2, 0, b"", 5)),
    (CLIENT, segment(frame(7, 1, query_body("SELECT * FROM items"), 5) + frame(7, 2, query_body("SELECT * FROM nowhere"), 5))),
    (SERVER, segment(error(2, 0x2200, "unconfigured table nowhere", 5)) + segment(answer(8, 1, rows_body(5), 5))),
]


def play(host, port, conversation):
    with socket.create_server((host, port)) as listener:
        client = socket.create_connection((host, port))
        server, _ = listener.accept()
        with client, server:
            for who, data in conversation:
                sender, receiver = (client, server) if who == CLIENT else (server, client)
                sender.sendall(data)
                left = len(data)
                while left:
                    left -= len(receiver.recv(left))
                time.sleep(0.01)


if __name__ == "__main__":
    for one in (PLAIN, packed("lz4"), packed("snappy"), SEGMENTS):
        play(sys.argv[1], int(sys.argv[2]), one)
