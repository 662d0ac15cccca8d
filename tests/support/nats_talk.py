"""What clients say to a NATS server, and the records that come of it: (operation, subject, state)."""
import line_client

PASSWORD = "s3cret-password"
SERVER = ["nats-server", "-a", "{server}", "-p", "{port}", "--user", "bob", "--pass", PASSWORD]
CONNECT = ('CONNECT {"verbose":false,"pedantic":false,"user":"bob","pass":"%s","lang":"py","version":"1","name":"talk","protocol":1,"headers":true,'
           '"no_responders":true,"echo":true}\r\n')


def talk(server, port):
    one_way, complete = "one_way", "complete"
    hello = [("INFO", "", one_way), ("CONNECT", "", one_way), ("PING", "", one_way), ("PONG", "", one_way)]
    done = [("INFO", "", one_way), ("CONNECT", "", one_way), ("-ERR", "", one_way)]
    with line_client.Client(server, port) as say:
        say.read()
        say((CONNECT % "wrong").encode())
    with line_client.Client(server, port) as serve, line_client.Client(server, port) as ask:
        for client in (serve, ask):
            client.read()
            client((CONNECT % PASSWORD).encode() + b"PING\r\n")
            done += hello
        serve(b"SUB svc.time workers 1\r\n")
        done += [("SUB", "svc.time", one_way)]
        ask(b"SUB _INBOX.a.* 1\r\nSUB orders.> 2\r\n")
        done += [("SUB", "_INBOX.a.*", one_way), ("SUB", "orders.>", one_way)]
        ask(b"PUB svc.time _INBOX.a.1 3\r\nnow\r\n")
        serve(b"PUB _INBOX.a.1 5\r\n12:00\r\n")
        ask.read()
        done += [("PUB", "svc.time", complete), ("MSG", "svc.time", complete)]
        ask(b"PUB svc.none _INBOX.a.2 0\r\n\r\n")
        done += [("PUB", "svc.none", complete)]
        headers = b"NATS/1.0\r\nTrace: 7\r\nAuthorization: s3cret-password\r\n\r\n"
        ask(b"HPUB orders.new %d %d\r\n%s%s\r\n" % (len(headers), len(headers) + 11, headers, b'{"item": 7}'))
        done += [("HPUB", "orders.new", one_way), ("HMSG", "orders.new", one_way)]
        big = b"x" * 18_000
        ask(b"PUB orders.big %d\r\n%s\r\n" % (len(big), big))
        done += [("PUB", "orders.big", one_way), ("MSG", "orders.big", one_way)]
        ask(b"UNSUB 2 1\r\nPUB $SYS.no 1\r\nx\r\nNONSENSE\r\n")
        done += [("UNSUB", "", one_way), ("PUB", "$SYS.no", one_way), ("-ERR", "", one_way)]
    return done
