#!/usr/bin/env python3
"""Writes the seeds of http_fuzz: http_seeds.py DIRECTORY. The format is told in http_fuzz.cpp."""
import pathlib
import sys

C, S, LOST, SENSOR, UNACKED, LAST = 0, 1, 6, 32, 16, 64
FIN, RESET, SMALL, SLOW, RANDOM = 4, 8, 32, 64, 128
PAGE_1, PAGES_2, PAGES_3, NO_PREVIEWS, NO_SLABS = 0x100, 0x200, 0x300, 0x400, 0x800  # the second byte: memory


def segment(control, text):
    data = text.encode("latin-1")
    out = b""
    while data:
        piece, data = data[:255], data[255:]
        out += bytes([control, len(piece)]) + piece
    return out


def get(path="/items/7?q=1", extra=""):
    return f"GET {path} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: probe/1.0\r\n{extra}\r\n"


def post(body, path="/orders"):
    return f"POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"


def answer(body, status="200 OK", extra=""):
    return f"HTTP/1.1 {status}\r\nServer: s\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}"


def chunked(*chunks, trailer=""):
    body = "".join(f"{len(c):x}\r\n{c}\r\n" for c in chunks)
    return f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}0\r\n{trailer}\r\n"


def grpc_web(message, flags="\0"):
    return flags + "\0\0" + chr(len(message) >> 8) + chr(len(message) & 255) + message


def typed(head, type, body):
    return f"{head}\r\nContent-Type: {type}\r\nContent-Length: {len(body)}\r\n\r\n{body}"


NO_BODY = "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"
UPGRADE = get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n")
SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
FAKE = "text that looks like one: HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
FAKE_ASK = "text\r\nGET /fake HTTP/1.1\r\nHost: f\r\n\r\nmore"

SEEDS = {
    "plain": (0, [(C, get()), (S, answer("hello"))]),
    "keep_alive": (0, [(C, get()), (S, answer("a")), (C, post("{}")), (S, answer("", "404 Not Found"))]),
    "pipelined": (RANDOM, [(C, get("/1") + get("/2") + "HEAD /3 HTTP/1.1\r\n\r\n"), (S, answer("1") + NO_BODY + answer(""))]),
    "chunked": (2, [(C, get()), (S, chunked("hello", " world" * 9, trailer="Digest: x\r\n"))]),
    "chunked_request": (3, [(C, "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n0\r\n\r\n"), (S, answer("ok"))]),
    "until_close": (FIN, [(C, "GET / HTTP/1.0\r\n\r\n"), (S, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall"), (S, " of it")]),
    "until_close_unseen": (FIN | 1, [(C, "GET / HTTP/1.0\r\n\r\n"), (S, "HTTP/1.0 200 OK\r\n\r\n" + "x" * 600)]),
    "interim": (0, [(C, "PUT /i HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"), (S, "HTTP/1.1 100 Continue\r\n\r\n"), (C, "ab"), (S, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 150 Other\r\n\r\n" + answer("ok"))]),
    "interim_then_end": (FIN, [(C, get()), (S, "HTTP/1.1 100 Continue\r\n\r\n")]),
    "early_answer": (0, [(C, "POST /e HTTP/1.1\r\nContent-Length: 9\r\n\r\nab"), (S, answer("", "413 Too Large")), (C, "cdefghi" + get()), (S, answer("x"))]),
    "upgrade": (0, [(C, UPGRADE + "frames"), (S, SWITCH + "more"), (C, "x")]),
    "upgrade_declined": (0, [(C, UPGRADE + get("/2")), (S, answer("no")), (S, answer("2"))]),
    "upgrade_hole": (0, [(C, UPGRADE), (C, "x" * 40), (C | LOST, "gone"), (S, answer("no")), (C, get()), (S, answer("2"))]),
    "connect": (0, [(C, "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n\x16\x03"), (S, "HTTP/1.1 200 Established\r\n\r\n\x16\x03")]),
    "connect_declined": (0, [(C, "CONNECT h:443 HTTP/1.1\r\n\r\n"), (S, answer("", "407 Proxy Authentication Required")), (C, get()), (S, answer("x"))]),
    "grpc_web": (0, [(C, typed("POST /s.S/M HTTP/1.1\r\ngrpc-timeout: 1S", "application/grpc-web+proto", grpc_web("tea"))),
                     (S, typed("HTTP/1.1 200 OK", "application/grpc-web+proto", grpc_web("a") + grpc_web("b", "\1") + grpc_web("grpc-status:5\r\ngrpc-message:no%20tea\r\n", "\x80")))]),
    "grpc_web_text": (0, [(C, typed("POST /s.S/M HTTP/1.1", "application/grpc-web-text", "AAAAAAN0ZWE=")),
                          (S, typed("HTTP/1.1 200 OK", "application/grpc-web-text", "AAAAAARkb25lgAAAABBncnBjLXN0YXR1czogMA0K"))]),
    "graphql": (0, [(C, post('{"query":"query A($x: ID) { a(x: $x) }","variables":{"x":1}}')), (S, typed("HTTP/1.1 200 OK", "application/json", '{"errors":[{"message":"no"}]}'))]),
    "head": (0, [(C, "HEAD / HTTP/1.1\r\n\r\n"), (S, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), (C, get()), (S, "HTTP/1.1 204 No Content\r\n\r\n")]),
    "headers": (0, [(C, "GET http://h:80/p?q HTTP/1.1\r\ntraceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\r\nX-Request-Id: r1\r\nFold: a\r\n b\r\nMy Name : v \r\nEmpty:\r\n\r\n"), (S, answer("x", extra="b3: 1-2\r\nX-B3-TraceId: 7\r\nContent-Encoding: gzip\r\nContent-Type: text/x\r\n"))]),
    "b3": (0, [(C, "OPTIONS * HTTP/1.1\r\nb3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1\r\n\r\n"), (S, "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")]),
    "absolute_no_path": (0, [(C, "GET http://h HTTP/1.1\r\n\r\n"), (S, answer("", "500 Oh"))]),
    "lenient": (0, [(C, "\r\n\r\nFOO  /x  HTTP/1.1\nH: v\n\n"), (S, "HTTP/1.1 200 OK\nContent-Length: 1\nTransfer-Encoding: chunked\n\n1\r\nx\r\n0\r\n\r\n")]),
    "malformed": (0, [(C, "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"), (S, "HTTP/1.1 2000 OK\r\n\r\n"), (C, get()), (S, answer("x"))]),
    "malformed_encoding": (0, [(C, "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"), (S, answer("", "411 Length Required")), (C, get()), (S, answer("y"))]),
    "long_line": (SMALL, [(C, "GET /" + "x" * 300 + " HTTP/1.1\r\n\r\n"), (C, get("/1")), (S, answer("x"))]),
    "many_headers": (SMALL, [(C, "GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n\r\n"), (S, answer("x"))]),
    "too_many_open": (SMALL, [(C, get("/1") + get("/2") + get("/3") + get("/4") + get("/5")), (S, answer("") * 5)]),
    "timeouts": (SLOW, [(C, get("/1")), (C, get("/2")), (C, get("/3")), (C, get("/4")), (S, answer("1")), (S, answer("2")), (S, answer("3"))]),
    "timeout_then_hole": (SLOW, [(C, get("/1")), (C | LOST, get("/2")), (C, get("/3")), (C, get("/4")), (S, answer("1"))]),
    "midstream": (0, [(S, "of a body\r\n"), (S, answer("1")), (C, get()), (S, answer("2"))]),
    "no_acks": (0, [(C | UNACKED, get()), (S | UNACKED, answer("1")), (C | LOST, get()), (S | UNACKED, answer("2")), (C | UNACKED, get()), (S | UNACKED, answer("3"))]),
    "hole_request": (0, [(C, get("/1")), (S, answer("1")), (C | LOST, get("/2")), (S, answer("2")), (C, get("/3")), (S, answer("3"))]),
    "hole_response": (0, [(C, get("/1")), (S | LOST, answer("1")), (C, get("/2")), (S, answer("2"))]),
    "hole_both": (0, [(C | LOST, get("/1")), (S | LOST | SENSOR, answer("1")), (C, get("/2")), (S, answer("2")), (C, get("/3")), (S, answer("3"))]),
    "hole_head": (0, [(C, get("/1")), (S | LOST, "HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n"), (S, FAKE + "tail" * 4), (C, get("/2")), (S, answer("2"))]),
    "hole_body": (2, [(C, get("/1")), (S, "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n" + "x" * 20), (S | LOST, "y" * 20), (S, "z" * 20 + answer("2")), (C, get("/2"))]),
    "hole_body_end": (0, [(C, get("/1")), (S, "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n" + "x" * 20), (S | LOST, "y" * 40), (C, get("/2")), (S, answer("2"))]),
    "hole_beyond": (0, [(C, post("abc" * 9)), (S, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), (S | LOST, "y" * 30), (C, get("/2")), (S, answer("2"))]),
    "hole_post": (0, [(C | LOST, "POST / HTTP/1.1\r\nContent-Length: 44\r\n\r\n"), (C, FAKE_ASK + FAKE_ASK), (S, answer("1")), (C, get("/2")), (S, answer("2")), (C, get("/3")), (S, answer("3"))]),
    "hole_pipelined": (0, [(C, get("/1") + get("/2")), (S | LOST, answer("1")), (S, answer("2")), (C, get("/3")), (S, answer("3"))]),
    "hole_pipelined_request": (0, [(C, get("/1")), (C | LOST, get("/2")), (C, get("/3")), (S, answer("1")), (S, answer("2")), (S, answer("3")), (C, get("/4")), (S, answer("4"))]),
    "upgrade_two_holes": (0, [(C, UPGRADE), (C | LOST, "gone"), (S, "no status line\r\n"), (C | LOST, "gone"), (C, get("/2")), (S, answer("2"))]),
    "hole_interim": (0, [(C, get("/1")), (S, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2"), (S | LOST, "00 OK\r\n\r\n"), (C, get("/2")), (S, answer("2"))]),
    "hole_line": (0, [(C, "GET /a HT"), (C | LOST, "TP/1.1\r\nHost: h\r\n"), (C, "A: b\r\n\r\n"), (S, answer("1")), (C, get("/2")), (S, answer("2"))]),
    "reset_in_body": (RESET, [(C, get()), (S, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc")]),
    "upgrade_before_request_ends": (0, [(C, "POST /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 9\r\n\r\nab"), (S, SWITCH + "m"), (C, "cd")]),
    "upgrade_before_body_ends": (1, [(C, "POST /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 9\r\n\r\nab"), (S, SWITCH)]),
    "switched_unseen": (1, [(C, post("abcdefgh")[:-6]), (S, "of a body\r\n" + SWITCH)]),
    "switched_unasked": (1, [(C, post("abcdefgh")[:-6]), (S, SWITCH)]),
    "server_says_no_more": (0, [(C, get("/1")), (S | LAST, answer("1")), (C, get("/2")), (C | LAST, post("x")), (S, answer("2"))]),
    "client_says_no_more": (0, [(C | LAST, get("/1") + "GET /2 HT"), (S, "HTTP/1.1 200 OK\r\n\r\nall"), (S | LAST, " of it")]),
    "no_memory": (PAGE_1, [(C, get("/1")), (S, answer("1")), (C, get("/2")), (S, answer("2"))]),
    "little_memory": (PAGES_2, [(C, get("/1", "A: " + "x" * 300 + "\r\n")), (S, answer("1")), (C, get("/2" + "y" * 300)), (S, answer("2"))]),
    "no_slabs": (NO_SLABS, [(C, get("/1")), (S, answer("1")), (C, get("/2")), (S, answer("2"))]),
    "spans_fill_memory": (PAGES_3, [(C, "GET / HTTP/1.1\r\n" + "a:\r\n" * 60 + "\r\n"), (S, answer("1", extra="b:\r\n" * 30))]),
    "no_previews": (NO_PREVIEWS, [(C, post("{}")), (S, chunked("hello", "world"))]),
    "evicted_in_head": (24, [(C, get() + "GET /2 HT"), (S, "HTTP/1.1 200 OK\r\nA: ")]),
}


def main():
    directory = pathlib.Path(sys.argv[1])
    for name, (setup, segments) in SEEDS.items():
        directory.joinpath(name).write_bytes(setup.to_bytes(2, "little") + b"".join(segment(*s) for s in segments))


if __name__ == "__main__":
    main()
