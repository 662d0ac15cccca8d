"""Both ends of TLS handshakes in memory (OpenSSL's own), and QUIC's Initial packets around such hellos (RFC 9001, with
python3-cryptography): for captures that are made in a test, and as programs for the lab.

    tls_ends.py client ADDRESS PORT ROUNDS CA   handshakes of TLS 1.2 and 1.3 in turn; a JSON line says what each agreed upon
    tls_ends.py quic-server ADDRESS PORT CERT KEY
    tls_ends.py quic-client ADDRESS PORT ROUNDS CA
"""
import hashlib
import hmac
import json
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import sys

NAME = "shop.example.org"
PROTOCOLS = ["h2", "http/1.1"]
HANDSHAKE, CLIENT_HELLO, SERVER_HELLO = 22, 1, 2


def make_certificate(folder, bits=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")):
    """Signed by itself: (certificate, key)."""
    cert, key = (str(pathlib.Path(folder, n)) for n in ("cert.pem", "key.pem"))
    subprocess.run(["openssl", "req", "-x509", *bits, "-nodes", "-keyout", key, "-out", cert, "-days", "30", "-subj", f"/O=Lab/CN={NAME}",
                    "-addext", f"subjectAltName=DNS:{NAME},DNS:*.example.org,IP:10.99.0.2"], check=True, capture_output=True)
    return cert, key


def client_context(ca, version=None, protocols=PROTOCOLS):
    context = ssl.create_default_context(cafile=ca)
    if version:
        context.minimum_version = context.maximum_version = version
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


def server_context(cert, key, protocols=PROTOCOLS):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


class Memory:
    """One handshake between two contexts, flight by flight: `flights` is [(sender, bytes)]."""

    def __init__(self, client, server, name=NAME, session=None):
        pipes = [(ssl.MemoryBIO(), ssl.MemoryBIO()) for _ in range(2)]
        self.ends = [client.wrap_bio(*pipes[0], server_hostname=name, session=session), server.wrap_bio(*pipes[1], server_side=True)]
        self.flights, self.fault = [], None
        done = [False, False]
        for turn in range(12):
            sender = turn % 2
            if not done[sender]:
                try:
                    self.ends[sender].do_handshake()
                    done[sender] = True
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError as fault:
                    self.fault, done[sender] = fault, True
            out = pipes[sender][1].read()
            if out:
                self.flights.append((sender, out))
                pipes[1 - sender][0].write(out)
            elif all(done):
                break
        if not self.fault:  # tickets of TLS 1.3 come behind the handshake
            for sender, text in ((0, b"ping"), (1, b"pong")):
                self.ends[sender].write(text)
                self.flights.append((sender, pipes[sender][1].read()))
                pipes[1 - sender][0].write(self.flights[-1][1])
                self.ends[1 - sender].read(4)

    def agreed(self):
        return agreed(self.ends[0])


def agreed(end):
    return {"version": {"TLSv1": "TLSv1.0"}.get(end.version(), end.version()), "cipher": end.cipher()[0], "alpn": end.selected_alpn_protocol()}


def hello_of(flight, kind):
    """The first handshake message of TLS records, as QUIC carries it."""
    stream, at = b"", 0
    while at < len(flight) and flight[at] == HANDSHAKE:
        length = struct.unpack_from(">H", flight, at + 3)[0]
        stream += flight[at + 5:at + 5 + length]
        at += 5 + length
    assert stream[0] == kind
    return stream[:4 + int.from_bytes(stream[1:4], "big")]


# ---- QUIC ---------------------------------------------------------------------------------------

SALTS = {1: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a", 0x6b3343cf: "0dede3def700a6db819381be6e269dcbf9bd2ed9"}


def expand_label(secret, label, size):
    label = b"tls13 " + label.encode()
    info = struct.pack(">HB", size, len(label)) + label + b"\0"
    return hmac.new(secret, info + b"\1", hashlib.sha256).digest()[:size]


def keys(version, ident, side):
    initial = hmac.new(bytes.fromhex(SALTS[version]), ident, hashlib.sha256).digest()
    secret = expand_label(initial, f"{side} in", 32)
    prefix = "quic" if version == 1 else "quicv2"
    return [expand_label(secret, f"{prefix} {what}", size) for what, size in (("key", 16), ("iv", 12), ("hp", 16))]


def varint(value):
    return bytes([value]) if value < 64 else struct.pack(">H", 0x4000 | value)


def crypto(offset, data):
    return b"\6" + varint(offset) + varint(len(data)) + data


def initial(side, ident, to, source, frames, version=1, number=0, token=b"", fill=1200):
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    key, iv, hp = keys(version, ident, side)
    kind = 0 if version == 1 else 1
    head = struct.pack(">BI", 0xc1 | kind << 4, version) + bytes([len(to)]) + to + bytes([len(source)]) + source + varint(len(token)) + token
    frames = frames.ljust(fill - len(head) - 2 - 2 - 16, b"\0")
    head += struct.pack(">HH", 0x4000 | 2 + len(frames) + 16, number)
    nonce = iv[:-2] + bytes(a ^ b for a, b in zip(iv[-2:], struct.pack(">H", number)))
    sealed = AESGCM(key).encrypt(nonce, frames, head)
    mask = Cipher(algorithms.AES(hp), modes.ECB()).encryptor().update(sealed[2:18])
    first = bytes([head[0] ^ mask[0] & 0x0f])
    return first + head[1:-2] + bytes(a ^ b for a, b in zip(head[-2:], mask[1:3])) + sealed


# ---- programs -----------------------------------------------------------------------------------

def client(address, port, rounds, ca):
    for number in range(rounds):
        version = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)[number % 2]
        context = client_context(ca, version)
        with socket.create_connection((address, port), timeout=20) as raw, context.wrap_socket(raw, server_hostname=NAME) as end:
            end.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while end.recv(65536):
                pass
            print(json.dumps(agreed(end)), flush=True)


def quic_server(address, port, cert, key):
    """Answers each ClientHello, once it is whole, with the ServerHello that OpenSSL has for it: {id: [answer, datagrams]} beside."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    raw.bind((address, port))
    answers = json.loads(pathlib.Path(cert).with_name("answers.json").read_text())
    while True:
        datagram, peer = raw.recvfrom(65536)
        to = datagram[6:6 + datagram[5]]
        if to.hex() not in answers:
            continue
        answers[to.hex()][1] -= 1
        if answers[to.hex()][1] == 0:
            version = struct.unpack_from(">I", datagram, 1)[0]
            raw.sendto(initial("server", to, b"", os.urandom(8), b"\2\0\0\0\0" + crypto(0, bytes.fromhex(answers[to.hex()][0])), version), peer)


def quic_exchange(ca, cert, key, number):
    """What a client says, and what a server answers: (id, version, datagrams, answer, agreed)."""
    memory = Memory(client_context(ca, ssl.TLSVersion.TLSv1_3, ["h3"]), server_context(cert, key, ["h3"]))
    hello, answer = hello_of(memory.flights[0][1], CLIENT_HELLO), hello_of(memory.flights[1][1], SERVER_HELLO)
    ident, version = struct.pack(">Q", 0x5eed_0000_0000 + number), (1, 0x6b3343cf)[number % 2]
    cut = len(hello) // 3
    pieces = [crypto(cut, hello[cut:]), crypto(0, hello[:cut])] if number % 3 else [crypto(0, hello)]
    datagrams = [initial("client", ident, ident, b"", piece, version, n) for n, piece in enumerate(pieces)]
    return ident, version, datagrams, answer, memory.agreed()


if __name__ == "__main__":
    what, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if what == "client":
        client(address, port, int(sys.argv[4]), sys.argv[5])
    elif what == "quic-server":
        quic_server(address, port, *sys.argv[4:6])
    elif what == "quic-client":
        for line in pathlib.Path(sys.argv[4]).read_text().splitlines():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as raw:
                raw.connect((address, port))
                raw.settimeout(20)
                for datagram in json.loads(line):
                    raw.send(bytes.fromhex(datagram))
                raw.recv(65536)
