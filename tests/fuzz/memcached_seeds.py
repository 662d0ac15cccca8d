#!/usr/bin/env python3
"""Writes the seeds of memcached_fuzz: memcached_seeds.py DIRECTORY."""
from seeds import C, DATAGRAMS, FEW, FIN, IDLE, LOST, NO_PREVIEW, PAGE_1, PREVIEW_5, RANDOM, RESET, S, SLOW, seed, write

ID = b"\0\7\0\0\0\1\0\0"

write({
    "store": seed(0, (C, b"set k 0 0 5\r\nhello\r\nget k\r\n"), (S, b"STORED\r\nVALUE k 0 5\r\nhello\r\nEND\r\n")),
    "many": seed(RANDOM, (C, b"gets a b c\r\ngat 60 a\r\n"), (S, b"VALUE a 0 1 7\r\nx\r\nVALUE c 0 2 8\r\nyz\r\nEND\r\nEND\r\n")),
    "dumps": seed(0, (C, b"lru_crawler metadump all\r\nlru_crawler mgdump all\r\n"), (S, b"key=a exp=-1 la=1\nkey= x\nEND\r\nmg a\r\nmg b b\r\nEN\r\n")),
    "noreply": seed(FIN, (C, b"set a 0 0 1 noreply\r\n1\r\nincr a 1\r\ndelete a noreply\r\nquit\r\n"), (S, b"2\r\n")),
    "meta": seed(0, (C, b"mg a v k q O1\r\nmg b v q\r\nms c 2 T60\r\nhi\r\nmd a q k\r\nma n\r\nmn\r\n"), (S, b"VA 1 ka O1\r\nx\r\nHD\r\nHD 3\r\nMN\r\n")),
    "quiet_alone": seed(0, (C, b"mg a v q\r\n"), (S, b"VA 1\r\nx\r\n"), (C, b"mg a v q\r\nmg b v q\r\n"), (S, b"VA 1\r\nx\r\nEN\r\n")),
    "errors": seed(RESET, (C, b"nonsense\r\nincr k x\r\nset k 0 0 1\r\nxy\r\nstats\r\nversion\r\n"),
                   (S, b"ERROR\r\nCLIENT_ERROR bad\r\nSERVER_ERROR out\r\nSTAT pid 1\r\nEND\r\nVERSION 1.6\r\n")),
    "hole": seed(0, (C, b"get a\r\n"), (S | LOST, b"END\r\n"), (C, b"get b\r\n"), (S, b"VALUE b 0 1\r\n2\r\nEND\r\n"), (C | LOST, b"get c\r\n"), (S, b"END\r\n"),
                 (C, b"get d\r\n"), (S, b"END\r\n")),
    "hole_in_value": seed(PREVIEW_5, (C, b"set k 0 0 300\r\n" + b"v" * 100), (C | LOST, b"v" * 100), (C, b"v" * 100 + b"\r\n"), (S, b"STORED\r\n")),
    "garbage": seed(NO_PREVIEW, (C, b"get a\r\n"), (S, b"\x01\x02\r\nEND\r\n"), (C, b"\x80\x81get b\r\n"), (S, b"STORED\r\n")),
    "slow": seed(SLOW | PAGE_1, (C, b"get a\r\n"), (C, b"get b\r\n"), (C, b"get c\r\n"), (S, b"END\r\n"), (S, b"END\r\n")),
    "few": seed(FEW | IDLE, (C, b"get a\r\nget b\r\nget c\r\n"), (S, b"END\r\nEND\r\n")),
    "datagrams": seed(DATAGRAMS, (C, ID + b"get k\r\n"), (S, ID + b"VALUE k 0 1\r\nx\r\nEND\r\n"), (C, ID + b"set k 0 0 1 noreply\r\n1\r\n"),
                      (S, b"\0\7\0\1\0\2\0\0END\r\n"), (C, ID + b"\x80\0\0\1\0\0\0\0\0\0\0\1" + bytes(12) + b"k"), (S, ID + b"\x81" + bytes(23))),
})
