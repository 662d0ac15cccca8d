#!/usr/bin/python3
"""A server that answers MongoDB's clients as mongod does, for tests: mongodb_server.py HOST PORT

Debian has no mongod. Knows hello, ping, insert (with duplicate keys), find, getMore, count, delete and killCursors; answers compressed
where it was asked compressed, with zlib, snappy and zstd as far as Python has them. Needs python3-bson."""
import socketserver
import struct
import sys
import zlib

import bson

try:
    import snappy
except ImportError:
    snappy = None
try:
    import zstandard
except ImportError:
    zstandard = None

OP_REPLY, OP_QUERY, OP_COMPRESSED, OP_MSG = 1, 2004, 2012, 2013
UNPACK = {0: lambda d: d, 2: zlib.decompress}
PACK = {0: lambda d: d, 2: zlib.compress}
if snappy:
    UNPACK[1], PACK[1] = snappy.decompress, snappy.compress
if zstandard:
    UNPACK[3], PACK[3] = lambda d: zstandard.ZstdDecompressor().decompress(d), lambda d: zstandard.ZstdCompressor().compress(d)


class Connection(socketserver.BaseRequestHandler):
    collections, cursors = {}, {}
    number = 1_000

    def hello(self, command):
        asked = command.get("compression", [])
        return {"ismaster": True, "isWritablePrimary": True, "helloOk": True, "maxBsonObjectSize": 16_777_216, "maxMessageSizeBytes": 48_000_000,
                "maxWriteBatchSize": 100_000, "minWireVersion": 0, "maxWireVersion": 13, "readOnly": False, "compression": asked, "ok": 1.0}

    def insert(self, command):
        kept = self.collections.setdefault(command["insert"], [])
        errors = []
        for i, document in enumerate(command["documents"]):
            if any(one["_id"] == document["_id"] for one in kept):
                errors.append({"index": i, "code": 11000, "errmsg": "E11000 duplicate key error", "keyValue": {"_id": document["_id"]}})
                break
            kept.append(document)
        out = {"n": len(command["documents"]) - len(errors), "ok": 1.0}
        return {**out, "writeErrors": errors} if errors else out

    def find(self, command):
        found = list(self.collections.get(command["find"], []))
        size = command.get("batchSize", 101)
        space = command["$db"] + "." + command["find"]
        cursor = 0
        if len(found) > size:
            cursor = 7_000 + len(self.cursors)
            self.cursors[cursor] = found[size:]
        return {"cursor": {"firstBatch": found[:size], "id": bson.Int64(cursor), "ns": space}, "ok": 1.0}

    def more(self, command):
        rest = self.cursors.pop(command["getMore"], None)
        if rest is None:
            return {"ok": 0.0, "errmsg": "cursor id not found", "code": 43, "codeName": "CursorNotFound"}
        return {"cursor": {"nextBatch": rest, "id": bson.Int64(0), "ns": command["$db"] + "." + command["collection"]}, "ok": 1.0}

    def run(self, command):
        name = next(iter(command))
        if name.lower() in ("hello", "ismaster"):
            return self.hello(command)
        if name in ("ping", "endSessions", "killCursors"):
            return {"ok": 1.0}
        known = {"insert": self.insert, "find": self.find, "getMore": self.more}
        if name in known:
            return known[name](command)
        if name == "delete":
            return {"n": len(self.collections.pop(command["delete"], [])), "ok": 1.0}
        return {"ok": 0.0, "errmsg": "no such command: '%s'" % name, "code": 59, "codeName": "CommandNotFound"}

    def read(self, size):
        out = b""
        while len(out) < size:
            piece = self.request.recv(size - len(out))
            if not piece:
                raise EOFError
            out += piece
        return out

    def command_of(self, body):
        flags, at, command = struct.unpack_from("<I", body)[0], 4, {}
        end = len(body) - (4 if flags & 1 else 0)
        while at < end:
            kind, size = body[at], struct.unpack_from("<i", body, at + 1)[0]
            section = body[at + 1:at + 1 + size]
            if kind == 0:
                command = {**bson.decode(section), **command}
            else:
                key, documents = section[4:].split(b"\0", 1)
                command[key.decode()] = bson.decode_all(documents)
            at += 1 + size
        return command, flags

    def answer(self, number, opcode, body):
        packing = None
        if opcode == OP_COMPRESSED:
            opcode, _, packing = struct.unpack_from("<iiB", body)
            body = UNPACK[packing](body[9:])
        if opcode == OP_QUERY:
            start = body.index(b"\0", 4) + 9
            told = bson.encode(self.run(bson.decode(body[start:start + struct.unpack_from("<i", body, start)[0]])))
            return OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + told
        command, flags = self.command_of(body)
        told = struct.pack("<IB", 0, 0) + bson.encode(self.run(command))
        if flags & 2:
            return None, b""
        if packing is not None:
            return OP_COMPRESSED, struct.pack("<iiB", OP_MSG, len(told), packing) + PACK[packing](told)
        return OP_MSG, told

    def handle(self):
        try:
            while True:
                size, number, _, opcode = struct.unpack("<iiii", self.read(16))
                opcode, body = self.answer(number, opcode, self.read(size - 16))
                if opcode is None:
                    continue
                Connection.number += 1
                self.request.sendall(struct.pack("<iiii", 16 + len(body), Connection.number, number, opcode) + body)
        except (EOFError, ConnectionError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server((sys.argv[1], int(sys.argv[2])), Connection) as server:
        server.serve_forever()
