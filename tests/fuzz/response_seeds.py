#!/usr/bin/env python3
"""Writes the seeds of response_fuzz: response_seeds.py DIRECTORY. The format is told in response_fuzz.cpp."""
import gzip
import pathlib
import sys

DATE = b"Date: Thu, 26 Nov 2026 09:39:41 GMT\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + DATE
BODY = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}\n' * 3
PACKED = gzip.compress(BODY, mtime=0)
LARGE = gzip.compress(b"a" * 200_000, mtime=0)


def chunked(*pieces, trailer=b""):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailer + b"\r\n"


def packed(body):
    return OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body


SEEDS = {
    "length": OK + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY,
    "watch": OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY[:70], BODY[70:]),
    "watch_under_way": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n" % (len(BODY), BODY),
    "watch_gzip": OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(PACKED[:20], PACKED[20:]),
    "chunk_extensions": OK + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
    "gzip": packed(PACKED),
    "gzip_large": packed(LARGE),
    "gzip_cut": packed(PACKED[:-9]),
    "gzip_twice": packed(PACKED + PACKED),
    "gzip_broken": packed(PACKED[:15] + b"\xff" * 9 + PACKED[24:]),
    "gzip_is_not": packed(b"plain text"),
    "gzip_empty": packed(b""),
    "until_close": OK + b"Connection: close\r\n\r\n" + BODY,
    "busy": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy",
    "busy_odd": b"HTTP/1.1 503 S\r\nRetry-After: soon\r\nDate: yesterday\r\nContent-Length: 0\r\n\r\n",
    "packed_otherwise": OK + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\nxx",
    "identity": OK + b"Content-Encoding: identity\r\nContent-Length: 2\r\n\r\nxx",
    "no_body": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "gone": b"HTTP/1.1 410 Gone\r\nContent-Length: 2\r\n\r\n{}",
    "old": b"HTTP/1.0 200 OK\r\n\r\nbody",
    "not_http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "both_lengths": OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"abc"),
    "bad_chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
}


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, text in SEEDS.items():
        (out / name).write_bytes(bytes([6, 40]) + text)


if __name__ == "__main__":
    main()
