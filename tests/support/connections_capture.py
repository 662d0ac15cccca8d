#!/usr/bin/python3
"""Writes tests/captures/connections.pcap: connections of which every packet's fate is known. tests/golden/connections.jsonl says what
has to be seen in them."""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
import spanlight  # noqa: E402
from spanlight import Tcp  # noqa: E402

MS = 1_000_000


def ipv4(src, dst, protocol, payload, ip_id=1):
    address = lambda a: bytes(map(int, a.split(".")))
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ip_id, 0x4000, 64, protocol, 0) + address(src) + address(dst)
    head = head[:10] + struct.pack(">H", spanlight.checksum(head)) + head[12:]
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + head + payload


def udp(src, dst, payload, ip_id=1):
    return ipv4(src[0], dst[0], 17, struct.pack(">HHHH", src[1], dst[1], 8 + len(payload), 0) + payload, ip_id)


def icmp(src, dst, kind, code, rest, ip_id=1):
    message = struct.pack(">BBH", kind, code, 0) + rest
    return ipv4(src, dst, 1, message[:2] + struct.pack(">H", spanlight.checksum(message)) + message[4:], ip_id)


def sctp(src, dst, ip_id, *chunks):
    """Each chunk: type, flags, value."""
    body = b"".join(struct.pack(">BBH", kind, flags, 4 + len(value)) + value + b"\0" * (-len(value) % 4) for kind, flags, value in chunks)
    return ipv4(src, dst, 132, struct.pack(">HHII", 2905, 2905, 7, 0) + body, ip_id)


def no_window(frame):
    """The same with a window of 0."""
    return frame[:48] + b"\0\0" + frame[50:]


def opened(tcp, at=0):
    """10 ms from the sensor to the server and back, 20 ms to the client."""
    syn, syn_ack, ack = tcp.handshake()
    return [(at, syn), (at + 10, syn_ack), (at + 30, ack)]


def talk(port):
    return Tcp(client=("10.0.0.1", port), seq=(port * 7, port * 11))


def whole_call(port):
    tcp = talk(port)
    frames = opened(tcp) + [(40, f) for f in tcp.data(0, b"GET /whole HTTP/1.1\r\nHost: h\r\n\r\n")]
    frames += [(90, f) for f in tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000)]
    return frames + [(110, tcp.frame(0, Tcp.ACK)), *zip((120, 130, 150), tcp.close())]


def sent_again(port):
    tcp = talk(port)
    frames = opened(tcp)
    a, b, c, d = (tcp.data(1, bytes([65 + i]) * 1000)[0] for i in range(4))
    frames += [(40, a), (41, b), (300, b[:18] + b"\x01\x01" + b[20:])]  # b again, late; another IP id, or it is a second copy
    frames += [(310, d), (315, c), (330, tcp.frame(0, Tcp.ACK))]        # c overtaken by d
    return frames + [(340, tcp.frame(0, Tcp.RST | Tcp.ACK))]


def closed_window(port):
    tcp = talk(port)
    frames = opened(tcp) + [(40, f) for f in tcp.data(0, b"x" * 1000)]
    frames += [(45, no_window(tcp.frame(1, Tcp.ACK))), (400, tcp.frame(1, Tcp.ACK))]
    return frames + [(410, tcp.frame(1, Tcp.FIN | Tcp.ACK)), (420, tcp.frame(0, Tcp.ACK))]


def hole(port):
    tcp = talk(port)
    frames = opened(tcp)
    first, _, third = tcp.data(0, b"POST /hole HTTP/1.1\r\nHost: h\r\nContent-Length: 2900\r\n\r\n" + b"a" * 2900, mss=1000)[:3]
    return frames + [(40, first), (42, third), (60, tcp.frame(1, Tcp.ACK)), (400, tcp.frame(1, Tcp.ACK))]


def refused(port):
    tcp = talk(port)
    return [(0, tcp.frame(0, Tcp.SYN)), (5, tcp.frame(1, Tcp.RST | Tcp.ACK))]


def unanswered(port):
    tcp = talk(port)
    syn = tcp.frame(0, Tcp.SYN)
    return [(0, syn), (1000, syn[:18] + b"\x02\x02" + syn[20:])]


def midstream(port):
    tcp = talk(port)
    return [(0, f) for f in tcp.data(0, b"GET /mid HTTP/1.1\r\nHost: h\r\n\r\n")] + [
        (30, f) for f in tcp.data(1, b"HTTP/1.1 204 No Content\r\n\r\n")] + [(50, tcp.frame(0, Tcp.ACK))]


def datagrams():
    client, server = ("10.0.0.1", 5000), ("10.0.0.2", 9)
    asked = udp(client, server, b"hello", 1)
    return [(0, asked), (5, icmp("10.0.0.2", "10.0.0.1", 3, 3, b"\0" * 4 + asked[14:14 + 28], 2)),
            (1000, udp(client, server, b"hello again", 3)), (1100, udp(("10.0.0.1", 5001), ("10.0.0.2", 7), b"echo", 4)),
            (1101, udp(("10.0.0.2", 7), ("10.0.0.1", 5001), b"echo", 5))]


def pings():
    echo = lambda n: struct.pack(">HH", 7, n) + b"abcdefgh"
    return [(0, icmp("10.0.0.3", "10.0.0.4", 8, 0, echo(1), 11)), (3, icmp("10.0.0.4", "10.0.0.3", 0, 0, echo(1), 12)),
            (4, icmp("10.0.0.4", "10.0.0.3", 8, 0, echo(1), 13)), (9, icmp("10.0.0.3", "10.0.0.4", 0, 0, echo(1), 14)),
            (1000, icmp("10.0.0.3", "10.0.0.4", 8, 0, echo(2), 15))]


def association():
    a, b = "10.0.0.5", "10.0.0.6"
    init = struct.pack(">IIHHI", 77, 65536, 10, 10, 1000)
    data = lambda tsn, text: struct.pack(">IHHI", tsn, 1, 0, 46) + text
    return [(0, sctp(a, b, 21, (1, 0, init))), (5, sctp(b, a, 22, (2, 0, init))), (6, sctp(a, b, 23, (10, 0, b"cookie"))),
            (11, sctp(b, a, 24, (11, 0, b""))), (20, sctp(a, b, 25, (0, 3, data(1000, b"first")), (0, 3, data(1001, b"second")))),
            (25, sctp(b, a, 26, (3, 0, struct.pack(">IIHH", 1001, 65536, 0, 0)))), (30, sctp(b, a, 27, (6, 0, struct.pack(">HH", 12, 4))))]


def frames():
    scenes = [make(40000 + n) for n, make in enumerate((whole_call, sent_again, closed_window, hole, refused, unanswered, midstream))]
    scenes += [datagrams(), pings(), association()]
    # One scene after the other, two seconds apart.
    return [(int((2000 * n + ms) * MS), frame) for n, scene in enumerate(scenes) for ms, frame in scene]


if __name__ == "__main__":
    spanlight.write_pcap(sys.argv[1], frames())
