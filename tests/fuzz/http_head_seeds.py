#!/usr/bin/env python3
"""Writes the seeds of http_head_fuzz: http_head_seeds.py DIRECTORY. The format is told in http_head_fuzz.cpp."""
import pathlib
import sys

FIN, TIGHT, FEW, ONE, CUTS = 4, 8, 16, 24, 32
OTHER, CUT, LOST = "\xf5", "\xf6", "\xf7"

ASK = "GET /a?b=1 HTTP/1.1\r\n"
POST = "POST /p HTTP/1.1\r\n"
OK = "HTTP/1.1 200 OK\r\n"
HI = OK + "Content-Length: 2\r\n\r\nhi"
CHUNKS = "5;x=y\r\nhello\r\n0\r\n"
BROWSER = ("Host: shop.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html,*/*;q=0.8\r\nReferer: https://shop.example/\r\n"
           "Cookie: sid=0123456789abcdef; theme=dark\r\nX-Request-Id: r1\r\n"
           "traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\r\nConnection: keep-alive\r\n\r\n")

SEEDS = {
    "plain": (0, ASK + "Host: h\r\n\r\n" + OTHER + HI),
    "browser": (0, ASK + BROWSER + OTHER + OK + "Content-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
    "pipelined": (CUTS, ASK + "\r\n" + POST + "Content-Length: 3\r\n\r\nabc" + "HEAD /h HTTP/1.1\r\nA: b\r\n\r\n" + OTHER + HI + HI + HI),
    "white_space": (0, ASK + "A:b\r\nB: \t c \t\r\nC:\r\nD: \t\r\nContent-Length:\t0\r\n\r\n" + OTHER + HI),
    "near_misses": (0, ASK + "Hosts: 1\r\nB3: 1-2\r\nX-B3-TraceId: 3\r\nUser_Agent: 4\r\n\r\n" + OTHER + HI),
    "length_odd": (0, POST + "Content-Length: 3 \r\n\r\nabc" + OTHER + OK + "Content-Length: 18446744073709551615\r\n\r\nx"),
    "length_twice": (0, POST + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" + OTHER + HI),
    "chunked": (2, POST + "Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + "\r\n" + OTHER + OK + "TRANSFER-ENCODING: Chunked\r\nA: b\r\n\r\n" + CHUNKS + "\r\n"),
    "trailers": (0, POST + "Transfer-Encoding: chunked\r\nHost: h \r\nE:\r\n\r\n" + CHUNKS + "Digest: d\r\nX-Request-Id: r\r\nFold: a\r\n b\r\n\r\n" + OTHER + HI),
    "trailers_few": (FEW, POST + "Transfer-Encoding: chunked\r\nHost: h\r\n\r\n" + CHUNKS + "A: b\r\nC: d\r\n\r\n" + OTHER + HI),
    "chunked_odd": (0, POST + "Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS + "\r\n" + OTHER + OK + "Transfer-Encoding: chunked \r\nContent-Length: 1\r\n\r\n" + CHUNKS + "\r\n"),
    "until_close": (FIN, ASK + "\r\n" + OTHER + OK + "A: b\r\n\r\nall" + CUT + " of it"),
    "no_bodies": (0, "HEAD / HTTP/1.1\r\n\r\n" + OTHER + OK + "Content-Length: 9\r\n\r\n" + OTHER + ASK + "\r\n" + OTHER + "HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 N\r\n\r\n"),
    "interim": (0, POST + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n" + OTHER + "HTTP/1.1 100 Continue\r\n\r\n" + OTHER + "ab" + OTHER + "HTTP/1.1 103 E\r\nLink: x\r\n\r\n" + HI),
    "upgrade": (0, ASK + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nframes" + OTHER + "HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\nmore"),
    "upgrade_declined": (0, ASK + "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + ASK + "\r\n" + OTHER + HI + CUT + HI),
    "connect": (0, "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n\x16" + OTHER + "HTTP/1.1 407 A\r\nContent-Length: 0\r\n\r\n" + OTHER + ASK + "\r\n" + OTHER + HI),
    "bare": (0, ASK + "A: b\n\n" + ASK + "A: b\rc\r\n\r\n" + OTHER + OK + "A: b\r\r\n\r\n"),
    "fold": (0, ASK + "A: b\r\n c\r\nB:\r\n\td\r\n\r\n" + OTHER + HI),
    "names": (0, ASK + "My Name : v\r\n: empty\r\nH\xf6: v\r\n\r\n" + OTHER + HI),
    "values": (0, ASK + "A: \x80\xff\r\nB: \x01\r\nC: \x7f\r\nD: a\tb\r\n\r\n" + OTHER + HI),
    "tight": (TIGHT, ASK + BROWSER + OTHER + HI),
    "one": (ONE, ASK + "A: b\r\nC: d\r\n\r\n" + OTHER + HI),
    "cut_head": (0, ASK + "Host: h\r\n" + CUT + "A: b\r\n\r\n" + ASK + "\r\n" + OTHER + OK + CUT + "Content-Length: 2\r\n\r\n" + CUT + "hi" + HI),
    "hole_head": (0, ASK + "\r\n" + OTHER + LOST + OK + CUT + "A: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx" + OTHER + ASK + "\r\n" + OTHER + HI),
    "hole_body": (1, ASK + "\r\n" + OTHER + OK + "Content-Length: 20\r\n\r\n0123456789" + LOST + "0123456789" + OTHER + ASK + "\r\n" + OTHER + HI),
    "hole_chunk": (0, ASK + "\r\n" + OTHER + OK + "Transfer-Encoding: chunked\r\n\r\na\r\n01234" + LOST + "56789" + CUT + "\r\n0\r\n\r\n" + HI),
    "midstream": (0, OTHER + HI + OTHER + ASK + "\r\n" + OTHER + OK + "\r\nbody"),
    "bad_lines": (0, "GET  / HTTP/1.1 \r\nA: b\r\n\r\n" + "nonsense\r\n\r\n" + OTHER + "HTTP/1.1  200  OK\r\n\r\n"),
    "malformed": (0, ASK + "A: b\r\nb@d: c\r\n\r\n" + OTHER + HI + OTHER + ASK + "\r\n" + OTHER + HI),
}


def main():
    directory = pathlib.Path(sys.argv[1])
    for name, (setup, text) in SEEDS.items():
        directory.joinpath(name).write_bytes(bytes([setup]) + text.encode("latin-1"))


if __name__ == "__main__":
    main()
