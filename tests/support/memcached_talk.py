"""What a client says to memcached, and the calls that it makes by that: (version, method, first word or number of the answer)."""
import struct

import line_client

SERVER = ["memcached", "-u", "root", "-l", "{server}", "-p", "{port}", "-U", "0"]


def packet(op, key=b"", value=b"", extras=b"", opaque=0):
    return struct.pack(">BBHBBHIIQ", 0x80, op, len(key), len(extras), 0, 0, len(key) + len(value) + len(extras), opaque, 0) + extras + key + value


def talk(server, port):
    done = []
    with line_client.Client(server, port) as say:
        def ask(text, *answers):
            say(text.replace("\n", "\r\n").encode())
            done.extend(("text", method, status) for method, status in answers)

        ask("set user:42 0 600 5\nhello\n", ("set", "STORED"))
        ask("get user:42 nobody\n", ("get", "VALUE"))
        ask("gets user:42\n", ("gets", "VALUE"))
        ask("get nobody\n", ("get", "END"))
        ask("add user:42 0 0 1\nx\n", ("add", "NOT_STORED"))
        ask("incr user:42 1\n", ("incr", "CLIENT_ERROR"))
        ask("set n 0 0 1 noreply\n7\nincr n 5\nget n\ndelete n\n", ("set", None), ("incr", "12"), ("get", "VALUE"), ("delete", "DELETED"))
        ask("nonsense\n", ("nonsense", "ERROR"))
        ask("version\n", ("version", "VERSION"))
        ask("stats\n", ("stats", "STAT"))
        ask("mg user:42 v t f\n", ("mg", "VA"))
        ask("ms m 3 T60\nabc\n", ("ms", "HD"))
        ask("mg m v k q O1\nmg none v k q O2\nmn\n", ("mg", "VA"), ("mg", None), ("mn", "MN"))
        ask("set big 0 0 18000\n" + "x" * 18_000 + "\n", ("set", "STORED"))
        ask("get big user:42\n", ("get", "VALUE"))
        ask("touch user:42 60\n", ("touch", "TOUCHED"))
        ask("flush_all\n", ("flush_all", "OK"))
        ask("quit\n", ("quit", None))
    with line_client.Client(server, port) as say:
        def ask(*packets):
            say(b"".join(bytes_ for bytes_, _, _ in packets))
            done.extend(("binary", method, status) for _, method, status in packets)

        ask((packet(1, b"b", b"1", struct.pack(">II", 0, 60), 1), "set", "0"))
        ask((packet(0, b"b", opaque=2), "get", "0"))
        ask((packet(0, b"none", opaque=3), "get", "1"))
        ask((packet(0x0d, b"none", opaque=4), "getkq", None), (packet(0x0d, b"b", opaque=5), "getkq", "0"), (packet(0x0a, opaque=6), "noop", "0"))
        ask((packet(5, b"b", extras=struct.pack(">QQI", 4, 0, 0), opaque=7), "increment", "0"))
        ask((packet(0x10, opaque=8), "stat", "0"))
        ask((packet(0x21, b"PLAIN", b"\0bob\0s3cret-password", opaque=9), "sasl_auth", "129"))
        ask((packet(7, opaque=10), "quit", "0"))
    return done
