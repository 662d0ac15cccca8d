"""FlatBuffers in Python, for tests that speak to a sensor or read what it writes. The accessors are made by flatc."""
import importlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile

import spanlight

try:
    import flatbuffers
    import zmq
except ImportError:
    flatbuffers = zmq = None

SCHEMAS = [str(spanlight.ROOT / "config" / "schema" / f"{name}.fbs") for name in ("record", "stats", "hello", "command")]
TIMEOUT_MS = 30_000


def usable():
    return flatbuffers is not None and shutil.which("flatc") is not None


_made = None


def module(name):
    """The generated module of a table, e.g. `RecordBatch`."""
    global _made
    if _made is None:
        _made = tempfile.TemporaryDirectory()
        subprocess.run(["flatc", "--python", "-o", _made.name, *SCHEMAS], check=True)
        sys.path.insert(0, _made.name)
    return importlib.import_module(f"spanlight.wire.{name}") if _unshadow() else None


def _unshadow():
    """The tests' own module is called as the generated package is: both are needed."""
    package = os.path.join(_made.name, "spanlight")
    if not hasattr(spanlight, "__path__"):
        spanlight.__path__ = [package]
    return True


def root(name, data):
    return getattr(getattr(module(name), name), "GetRootAs")(data, 0)


def address(text):
    """(high, low) of an IPv4 address."""
    a, b, c, d = map(int, text.split("."))
    return 0, 0xffff << 32 | a << 24 | b << 16 | c << 8 | d


class Commands:
    """Asks a sensor over its command socket."""

    def __init__(self, endpoint):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.REQ)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, TIMEOUT_MS)
        self.socket.connect(endpoint)
        self.id = 0

    def close(self):
        self.socket.close()
        self.context.term()

    def ask(self, kind, build):
        c = module("Command")
        builder = flatbuffers.Builder(1024)
        body = build(builder)
        self.id += 1
        c.CommandStart(builder)
        c.CommandAddId(builder, self.id)
        c.CommandAddBodyType(builder, getattr(module("Body").Body, kind))
        c.CommandAddBody(builder, body)
        builder.Finish(c.CommandEnd(builder), b"SLCM")
        self.socket.send(bytes(builder.Output()))
        reply = root("Reply", self.socket.recv())
        assert reply.Id() == self.id
        return reply

    def ping(self):
        p = module("Ping")

        def build(builder):
            p.PingStart(builder)
            return p.PingEnd(builder)
        return self.ask("Ping", build)

    def set_targets(self, addresses=None, bpf=""):
        t, a = module("SetTargets"), module("CommandAddress")

        def build(builder):
            text = builder.CreateString(bpf)
            t.SetTargetsStartAddressesVector(builder, len(addresses or []))
            for one in addresses or []:
                a.CreateCommandAddress(builder, *address(one))
            vector = builder.EndVector()
            t.SetTargetsStart(builder)
            t.SetTargetsAddOnly(builder, addresses is not None)
            t.SetTargetsAddAddresses(builder, vector)
            t.SetTargetsAddBpf(builder, text)
            return t.SetTargetsEnd(builder)
        return self.ask("SetTargets", build)

    def packets(self, conn_ids, max_bytes=0):
        g = module("GetPackets")

        def build(builder):
            g.GetPacketsStartConnIdsVector(builder, len(conn_ids))
            for one in reversed(conn_ids):
                builder.PrependUint64(one)
            vector = builder.EndVector()
            g.GetPacketsStart(builder)
            g.GetPacketsAddConnIds(builder, vector)
            g.GetPacketsAddMaxBytes(builder, max_bytes)
            return g.GetPacketsEnd(builder)
        return self.ask("GetPackets", build)


def pcapng_packets(data):
    """(link type, time in ns, bytes) of each packet of a pcapng file."""
    at, links, packets = 0, [], []
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        assert size % 4 == 0 and struct.unpack_from("<I", data, at + size - 4)[0] == size
        if kind == 1:
            links.append(struct.unpack_from("<H", data, at + 8)[0])
        if kind == 6:
            interface, high, low, captured, _ = struct.unpack_from("<IIIII", data, at + 8)
            packets.append((links[interface], high << 32 | low, data[at + 28:at + 28 + captured]))
        at += size
    return packets
