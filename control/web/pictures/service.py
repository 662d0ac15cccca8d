"""One service of the small shop that pictures are taken of, or its customers: real programs that speak real HTTP, each in a network
namespace of its own (shop.py). Runs alone: service.py SHOP.json NAME."""
import gzip
import http.client
import http.server
import json
import pathlib
import random
import struct
import sys
import threading
import time
import zlib

shop = json.loads(pathlib.Path(sys.argv[1]).read_text())
name = sys.argv[2]
mine = shop["services"][name]
dice = random.Random(name)
local = threading.local()


def varint(n):
    out = b""
    while n > 0x7f:
        out, n = out + bytes([n & 0x7f | 0x80]), n >> 7
    return out + bytes([n])


def protobuf(*fields):
    """Fields (number, value): whole numbers, doubles, texts, messages."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        elif isinstance(value, float):
            out += varint(number << 3 | 1) + struct.pack("<d", value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def picture():
    """A PNG, drawn here: a disc that fades."""
    size = 96
    rows = b"".join(b"\0" + b"".join(bytes([15 + x, 118, 110 + y, max(0, 255 - int(((x - 48) ** 2 + (y - 48) ** 2) / 9))]) for x in range(size)) for y in range(size))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def ask(service, method, path, body=None, headers=None):
    """Asks a neighbour, on a connection that each thread keeps."""
    kept = local.__dict__.setdefault("connections", {})
    for _ in range(2):
        connection = kept.get(service) or http.client.HTTPConnection(shop["services"][service]["address"], 80, timeout=20)
        kept[service] = connection
        try:
            connection.request(method, path, body, {"User-Agent": f"{name}/1.4", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            kept.pop(service).close()
    return 0, b""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = f"{name}/1.4", ""

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        rule = next((rule for rule in mine["rules"] if path.startswith(rule["path"])), {})
        time.sleep(max(0.0002, dice.lognormvariate(0, 0.5) * rule.get("ms", 2) / 1_000))
        headers = {"traceparent": self.headers["traceparent"]} if self.headers.get("traceparent") else {}
        wrong = 0
        for service, method, below in rule.get("asks", []):
            sent = protobuf((1, path), (2, dice.randrange(90_000)), (3, dice.random() * 90), (4, protobuf((1, "EUR"), (2, "DE")))) if below.endswith(".pb") else b'{"order":%d}' % dice.randrange(90_000)
            kind = {"Content-Type": "application/x-protobuf" if below.endswith(".pb") else "application/json"}
            status, _ = ask(service, method, below.replace("#", str(dice.randrange(1, 400))), sent if method == "POST" else None, {**headers, **(kind if method == "POST" else {})})
            wrong = wrong or (status if status >= 500 else 0)
        if dice.random() < rule.get("fails", 0):
            wrong = rule.get("status", 503)
        self.answer(wrong or rule.get("success", 200), rule, path)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any

    def answer(self, status, rule, path):
        kind, data = "application/json", json.dumps({"error": "upstream is not available", "retry": True, "path": path}).encode()
        if status < 400:
            kind, data = self.content(rule.get("content", "item"), path)
        packed = len(data) > 800 and kind == "application/json" and "gzip" in self.headers.get("Accept-Encoding", "")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if packed:
            data = gzip.compress(data)
            self.send_header("Content-Encoding", "gzip")
        if rule.get("cookie"):
            self.send_header("Set-Cookie", f"basket={dice.randrange(10**9)}; Path=/; HttpOnly")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def content(self, what, path):
        if what == "picture":
            return "image/png", picture()
        if what == "protobuf":
            return "application/x-protobuf", protobuf((1, f"tx-{dice.randrange(10**6)}"), (2, 1), (3, dice.random() * 100), (5, protobuf((1, "settled"), (2, int(time.time())))))
        item = lambda: {"id": dice.randrange(1, 400), "name": dice.choice(["Green tea", "Oolong", "Kettle", "Cup, blue", "Strainer", "Honey"]), "price": {"amount": round(dice.random() * 40, 2), "currency": "EUR"}, "stock": dice.randrange(90), "tags": ["new", "fair"][:dice.randrange(3)]}
        if what == "list":
            return "application/json", json.dumps({"items": [item() for _ in range(18)], "next": "/items?page=2"}).encode()
        if what == "graphql":
            return "application/json", json.dumps({"data": {"basket": {"id": "b-1", "items": [item() for _ in range(3)]}}}).encode()
        return "application/json", json.dumps({"path": path, "ok": True, "item": item()}).encode()

    def log_message(self, *_):
        pass


QUERY = "query Basket($id: ID!, $n: Int = 3) { basket(id: $id) { id items(first: $n) { id name price { amount currency } ...Stock } } } fragment Stock on Item { stock tags }"


def customer():
    """One customer, for ever."""
    while True:
        trace = {"traceparent": f"00-{dice.getrandbits(128):032x}-{dice.getrandbits(64):016x}-01", "Accept-Encoding": "gzip", "Accept": "application/json"}
        chance = dice.random()
        if chance < 0.5:
            ask("storefront", "GET", f"/items?page={dice.randrange(1, 9)}&sort=price", headers=trace)
        elif chance < 0.62:
            ask("storefront", "GET", f"/search?q={dice.choice(['green+tea', 'kettle', 'caf%C3%A9', 'cup'])}", headers=trace)
        elif chance < 0.74:
            body = json.dumps({"operationName": "Basket", "query": QUERY, "variables": {"id": f"b-{dice.randrange(99)}", "n": 3}})
            ask("storefront", "POST", "/graphql", body, {**trace, "Content-Type": "application/json"})
        elif chance < 0.82:
            ask("storefront", "POST", "/login", f"user=anna&remember=on&next=%2Fbasket", {**trace, "Content-Type": "application/x-www-form-urlencoded"})
        elif chance < 0.9:
            ask("storefront", "GET", "/static/logo.png", headers=trace)
        else:
            ask("storefront", "POST", "/checkout", json.dumps({"basket": dice.randrange(999), "coupon": "SPRING", "gift": False, "address": {"city": "Köln", "zip": "50667"}}), {**trace, "Content-Type": "application/json"})
        time.sleep(dice.expovariate(1 / mine["pause"]))


if mine.get("customers"):
    for _ in range(mine["customers"]):
        threading.Thread(target=customer, daemon=True).start()
    threading.Event().wait()
else:
    server = http.server.ThreadingHTTPServer((mine["address"], 80), Handler)
    server.daemon_threads = True
    server.serve_forever()
