"""What a client says to a Redis server, and the calls that it makes by that: (method, summary, state, error's first word)."""
import line_client

PASSWORD = "s3cret-password"
SERVER = ["redis-server", "--port", "{port}", "--bind", "{server}", "--save", "", "--protected-mode", "no", "--requirepass", PASSWORD]
BIG = b"v" * 18_000


def command(*words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


def talk(server, port):
    done = []
    with line_client.Client(server, port) as say:
        def ask(*words, error=""):
            say(command(*words))
            done.append((words[0].upper(), error))

        ask("GET", "user:42", error="NOAUTH")
        ask("AUTH", "wrong-password", error="WRONGPASS")
        ask("AUTH", PASSWORD)
        ask("SET", "user:42", "hello", "EX", "600")
        ask("get", "user:42")
        ask("GET", "nobody")
        ask("LPUSH", "user:42", "x", error="WRONGTYPE")
        ask("NOSUCHCOMMAND", "x", error="ERR")
        say(b"".join(command("INCR", "counter") for _ in range(10)))
        done.extend([("INCR", "")] * 10)
        ask("HSET", "h", "name", "Ada", "born", "1815")
        ask("HGETALL", "h")
        ask("SET", "doc", '{"name":"Ada","password":"x"}')
        ask("GET", "doc")
        ask("MULTI")
        ask("INCR", "counter")
        ask("LRANGE", "l", 0, -1)
        ask("EXEC")
        ask("SET", "big", BIG)
        ask("GET", "big")
        ask("CONFIG", "SET", "requirepass", PASSWORD)
        ask("CONFIG", "GET", "requirepass")
        ask("EVAL", "return {1,{2,'three'}}", 0)
        ask("HELLO", 3, "AUTH", "default", PASSWORD)
        ask("HGETALL", "h")
        ask("CLIENT", "TRACKING", "ON")
        ask("GET", "user:42")
        say(b"PING\r\nSET inline 'a b'\r\n")
        done.extend([("PING", ""), ("SET", "")])
        ask("DEL", "user:42")
        done.append(("invalidate", ""))
    with line_client.Client(server, port) as hear, line_client.Client(server, port) as say:
        hear(command("AUTH", PASSWORD))
        say(command("AUTH", PASSWORD))
        hear(command("SUBSCRIBE", "news", "weather"))
        hear(command("PSUBSCRIBE", "n*"))
        say(command("PUBLISH", "news", "hi"))
        hear.read()
        hear(command("UNSUBSCRIBE", "news", "weather"))
        hear(command("PUNSUBSCRIBE"))
        hear(command("LRANGE", "l", 0, -1))
        hear(command("CLIENT", "REPLY", "OFF"), command("SET", "silent", 1), command("CLIENT", "REPLY", "ON"))
        hear(command("MONITOR"))
        say(command("SET", "seen", 1))
        hear.read()
    done += [("AUTH", "")] * 2 + [("SUBSCRIBE", ""), ("subscribe", ""), ("PSUBSCRIBE", ""), ("PUBLISH", ""), ("message", ""), ("pmessage", ""),
                                 ("UNSUBSCRIBE", ""), ("unsubscribe", ""), ("PUNSUBSCRIBE", ""), ("LRANGE", ""), ("CLIENT", ""), ("SET", ""),
                                 ("CLIENT", ""), ("MONITOR", ""), ("SET", ""), ("MONITOR", "")]
    return done
