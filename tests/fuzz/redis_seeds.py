#!/usr/bin/env python3
"""Writes the seeds of redis_fuzz: redis_seeds.py DIRECTORY."""
from seeds import C, DATAGRAMS, FEW, FIN, HAD_NOTHING, IDLE, LOST, NO_PREVIEW, PAGE_1, PREVIEW_300, PREVIEW_5, RANDOM, RESET, S, SHED, SHOWN, SLOW, seed, write


def bulk(data):
    return b"$%d\r\n%s\r\n" % (len(data), data)


def command(*words):
    return b"*%d\r\n" % len(words) + b"".join(map(bulk, words))


assert DATAGRAMS
write({
    "pairs": seed(0, (C, command(b"SET", b"k", b"v") + command(b"GET", b"k")), (S, b"+OK\r\n" + bulk(b"v"))),
    "types": seed(RANDOM, (C, command(b"GET", b"k") * 12), (S, b"$-1\r\n*-1\r\n_\r\n#t\r\n,1.5\r\n(12\r\n!5\r\nERR x\r\n=7\r\ntxt:abc\r\n"
                                                        b"%1\r\n+a\r\n:1\r\n~1\r\n:1\r\n|1\r\n+a\r\n:1\r\n:2\r\n*2\r\n*1\r\n:1\r\n*0\r\n")),
    "channels": seed(0, (C, command(b"SUBSCRIBE", b"a", b"b")), (S, b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"),
                     (S, command(b"message", b"a", b"hi")), (C, command(b"UNSUBSCRIBE")), (S, b"*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n"),
                     (S, b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n")),
    "no_channels": seed(0, (C, command(b"SUBSCRIBE", b"a")), (S, b"-NOPERM no\r\n"), (C, command(b"HKEYS", b"h")), (S, command(b"message", b"date")),
                        (C, command(b"SUBSCRIBE", b"a")), (S, b">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"), (C, command(b"HKEYS", b"h") + command(b"PING")),
                        (S, command(b"message", b"date") + command(b"message", b"a", b"hi") + b"+PONG\r\n")),
    "inline": seed(FIN, (C, b"PING\r\n\r\nSET k 'a b'\r\n"), (S, b"+PONG\r\n+OK\r\n")),
    "secrets": seed(PREVIEW_300, (C, command(b"AUTH", b"u", b"p") + command(b"CONFIG", b"SET", b"requirepass", b"p") + command(b"CONFIG", b"GET", b"*")
                                  + command(b"ACL", b"SETUSER", b"u", b">p") + command(b"HELLO", b"3", b"AUTH", b"u", b"p")
                                  + command(b"MIGRATE", b"h", b"1", b"", b"0", b"9", b"AUTH", b"p") + command(b"SENTINEL", b"SET", b"m", b"auth-pass", b"p")),
                    (S, b"+OK\r\n+OK\r\n*2\r\n$11\r\nrequirepass\r\n$1\r\np\r\n-ERR x\r\n+OK\r\n+OK\r\n+OK\r\n")),
    "secrets_by_place": seed(0, (C, command(b"MIGRATE", b"h", b"1", b"auth", b"0", b"9", b"AUTH2", b"auth", b"p") + command(b"HELLO", b"3", b"SETNAME", b"auth", b"AUTH", b"u", b"p")
                                    + command(b"MULTI") + command(b"ACL", b"GETUSER", b"u") + command(b"EXEC")),
                             (S, b"+OK\r\n%0\r\n+OK\r\n+QUEUED\r\n*1\r\n*2\r\n$9\r\npasswords\r\n*1\r\n$1\r\np\r\n")),
    "shown": seed(SHOWN, (C, command(b"AUTH", b"p") + command(b"ACL", b"LIST")), (S, b"+OK\r\n*1\r\n$12\r\nuser a on #b\r\n")),
    "silent": seed(RESET, (C, command(b"CLIENT", b"REPLY", b"SKIP") + command(b"SET", b"a", b"1") + command(b"CLIENT", b"REPLY", b"OFF") + command(b"GET", b"a")
                           + command(b"CLIENT", b"REPLY", b"ON")), (S, b"+OK\r\n")),
    "monitor": seed(NO_PREVIEW, (C, command(b"MONITOR")), (S, b"+OK\r\n+1339518083.107412 [0 127.0.0.1:60866] \"auth\" \"p\"\r\n")),
    "replica": seed(0, (C, command(b"PSYNC", b"?", b"-1") + command(b"GET", b"a")), (S, b"+FULLRESYNC 8c 0\r\n$5\r\nREDIS")),
    "moved": seed(IDLE, (C, command(b"GET", b"k")), (S, b"-MOVED 1 10.0.0.1:1\r\n"), (C, command(b"XREAD", b"STREAMS", b"s", b"0"))),
    "hole": seed(0, (C, command(b"GET", b"a")), (S | LOST, bulk(b"1")), (C, command(b"GET", b"b")), (S, bulk(b"2")), (C | LOST, command(b"GET", b"c")),
                 (S, bulk(b"3")), (C, command(b"GET", b"d")), (S, bulk(b"4"))),
    "hole_in_value": seed(PREVIEW_5, (C, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$300\r\n" + b"v" * 100), (C | LOST, b"v" * 100), (C, b"v" * 100 + b"\r\n"), (S, b"+OK\r\n"),
                          (C, command(b"GET", b"k")), (S, b"$300\r\n" + b"v" * 100), (S | LOST, b"v" * 202)),
    "pipelined": seed(FEW, (C, command(b"INCR", b"a") * 5), (S, b":1\r\n:2\r\n:3\r\n"), (C | HAD_NOTHING, command(b"GET", b"a")), (S, b":4\r\n:5\r\n$1\r\n5\r\n")),
    "slow": seed(SLOW | PAGE_1, (C, command(b"BLPOP", b"l", b"0")), (C, command(b"GET", b"x")), (C, command(b"GET", b"y")), (S, b"*-1\r\n"), (S, b"$-1\r\n")),
    "early": seed(0, (C, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$200\r\n" + b"v" * 50), (S, b"-ERR too big\r\n"), (C, b"v" * 150 + b"\r\n"), (S, b"+OK\r\n")),
    "garbage": seed(SHED, (C, command(b"GET", b"a")), (S, b"?what\r\n+OK\r\n"), (C, b"*1\r\n:1\r\n" + command(b"GET", b"b")), (S, bulk(b"2"))),
})
