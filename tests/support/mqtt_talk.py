"""What clients say to an MQTT broker, and the records that come of it: (type, topic or client, state, code)."""
import struct

import line_client

PASSWORD = "s3cret-password"
SERVER = ["mosquitto", "-c", "{folder}/mosquitto.conf"]


def configure(folder, server, port):
    """The broker wants a login; one topic may not be read."""
    (folder / "mosquitto.conf").write_text(f"listener {port} {server}\nallow_anonymous true\nuser root\nmax_queued_messages 10\n")


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


def packet(first, rest=b""):
    length, size = b"", len(rest)
    while True:
        length += bytes([size & 0x7f | (0x80 if size > 0x7f else 0)])
        size >>= 7
        if not size:
            return bytes([first]) + length + rest


def connect(level, client):
    return packet(0x10, text("MQTT") + bytes([level, 0xc2]) + struct.pack(">H", 60) + (b"\0" if level == 5 else b"") + text(client) + text("bob") + text(PASSWORD))


def talk(server, port):
    done = []
    for level in (4, 5):
        none = b"\0" if level == 5 else b""
        with line_client.Client(server, port) as hear, line_client.Client(server, port) as say:
            for name, client in (("hear", hear), ("say", say)):
                client(connect(level, f"{name}{level}"))
                done.append(("CONNECT", f"{name}{level}", "complete"))
            hear(packet(0x82, struct.pack(">H", 1) + none + text("sensors/#") + b"\1" + text("$SYS/none") + b"\0"))
            done.append(("SUBSCRIBE", "sensors/#", "complete"))
            say(packet(0x30, text("sensors/1") + none + b"21.5"))
            hear.read()
            done += [("PUBLISH", "sensors/1", "one_way")] * 2
            properties = b"\x17\x03" + text("text/plain") + b"\x26" + text("unit") + text("C") if level == 5 else b""
            say(packet(0x32, text("sensors/2") + struct.pack(">H", 7) + properties + b'{"value": 22}'))
            got = hear.read()
            done += [("PUBLISH", "sensors/2", "complete")] * 2
            at = got.index(text("sensors/2")) + len(text("sensors/2"))
            hear(packet(0x40, got[at:at + 2]))
            say(packet(0x34, text("elsewhere") + struct.pack(">H", 8) + none + b"two"))
            say(packet(0x62, struct.pack(">H", 8)))
            done += [("PUBLISH", "elsewhere", "complete"), ("PUBREL", "", "complete")]
            say(packet(0x30, text("elsewhere/big") + none + b"x" * 18_000))
            done.append(("PUBLISH", "elsewhere/big", "one_way"))
            hear(packet(0xa2, struct.pack(">H", 2) + none + text("sensors/#")))
            hear(packet(0xc0))
            hear(packet(0xe0))
            done += [("UNSUBSCRIBE", "sensors/#", "complete"), ("PINGREQ", "", "complete"), ("DISCONNECT", "", "one_way")]
            say(packet(0xe0))
            done.append(("DISCONNECT", "", "one_way"))
    with line_client.Client(server, port) as say:
        say(packet(0x10, text("MQTT") + bytes([4, 0]) + struct.pack(">H", 60) + text("")))
        done.append(("CONNECT", "", "complete"))
    return done
