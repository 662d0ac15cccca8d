#!/usr/bin/env python3
"""Writes the seeds of nats_fuzz: nats_seeds.py DIRECTORY."""
from seeds import C, FEW, FIN, LOST, NO_PREVIEW, PAGE_1, PREVIEW_5, RANDOM, RESET, S, SHOWN, SLOW, seed, write

INFO = b'INFO {"server_id":"N","server_name":"n","version":"2","jetstream":true}\r\n'
CONNECT = b'CONNECT {"verbose":false,"user":"u","pass":"p","lang":"go","jwt":"j","sig":"s"}\r\n'

write({
    "hello": seed(0, (S, INFO), (C, CONNECT + b"PING\r\n"), (S, b"PONG\r\n")),
    "shown": seed(SHOWN, (S, INFO), (C, CONNECT)),
    "verbose": seed(RANDOM, (C, b"SUB a.* q 1\r\nUNSUB 1 5\r\nPUB a.b 2\r\nhi\r\n"), (S, b"+OK\r\n+OK\r\nMSG a.b 1 2\r\nhi\r\n+OK\r\n-ERR 'x'\r\n")),
    "request": seed(FIN, (C, b"PUB svc _INBOX.a.1 3\r\nnow\r\n"), (S, b"MSG _INBOX.a.1 1 2\r\nok\r\nMSG _INBOX.a.1 1 2\r\nok\r\n"), (C, b"PUB svc _INBOX.a.2 0\r\n\r\n")),
    "served": seed(RESET, (S, b"MSG svc 1 _INBOX.b.1 1\r\nx\r\nMSG svc 1 $JS.ACK.1 1\r\ny\r\n"), (C, b"PUB _INBOX.b.1 1\r\nz\r\nPUB $JS.ACK.1 4\r\n+ACK\r\n")),
    "pull": seed(SLOW, (C, b"PUB $JS.API.CONSUMER.MSG.NEXT.O.c _INBOX.p.1 0\r\n\r\n"), (S, b"MSG o.new 1 $JS.ACK.1 1\r\nx\r\n"), (C, b"PUB $JS.ACK.1 0\r\n\r\nPUB $JS.d.API.CONSUMER.MSG.NEXT.O.c _INBOX.p.2 0\r\n\r\n"),
                 (S, b"HMSG _INBOX.p.2 1 16 16\r\nNATS/1.0 404\r\n\r\n\r\n"), (C, b"PUB x.CONSUMER.MSG.NEXT. _INBOX.p.3 0\r\n\r\n"), (C, b"PING\r\n")),
    "headers": seed(0, (C, b"HPUB a 18 20\r\nNATS/1.0\r\nA: 1\r\n\r\nhi\r\n"), (S, b"HMSG _INBOX.a 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n")),
    "hole": seed(0, (C, b"PUB a _INBOX.1 1\r\nx\r\n"), (S | LOST, b"MSG _INBOX.1 1 1\r\nx\r\n"), (C, b"PUB a _INBOX.2 1\r\nx\r\n"), (S, b"MSG _INBOX.2 1 1\r\nx\r\n")),
    "hole_in_payload": seed(PREVIEW_5, (C, b"PUB a 300\r\n" + b"v" * 100), (C | LOST, b"v" * 100), (C, b"v" * 100 + b"\r\nPING\r\n")),
    "garbage": seed(NO_PREVIEW, (C, b"NONSENSE\r\nPUB a x\r\nPUB a 1\r\nx\r\n"), (S, b"\x01\x02+OK\r\n")),
    "slow": seed(SLOW | PAGE_1 | FEW, (C, b"PUB a _INBOX.1 0\r\n\r\n"), (C, b"PUB a _INBOX.2 0\r\n\r\n"), (C, b"PUB a _INBOX.1 0\r\n\r\n"), (S, b"MSG _INBOX.1 1 0\r\n\r\n")),
    "odd_json": seed(0, (C, b'CONNECT {"p\\u0061ss":1,"pass":{},"lang":"x\r\n'), (S, b'INFO {"server_id":1,"headers" : true}\r\n')),
})
