#!/usr/bin/python3
"""Both ends of WebSockets, with Debian's python3-websockets.

  ws_ends.py server HOST:PORT [deflate|plain]
  ws_ends.py client URI ROUNDS [deflate|plain|fresh]    one line of JSON for each message that the client sent or received
"""
import asyncio
import json
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory

TEXTS = ["hello", '{"type":"order","id":7,"items":["tea","tea","tea"]}', "", "wörter und 語", "x" * 300, "long words again and again " * 4_000]


def server_extensions(mode):
    return [ServerPerMessageDeflateFactory()] if mode == "deflate" else []


def client_extensions(mode):
    if mode == "plain":
        return []
    if mode == "fresh":
        return [ClientPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True,
                                               server_max_window_bits=12, client_max_window_bits=10)]
    return [ClientPerMessageDeflateFactory(client_max_window_bits=True)]


async def echo(socket):
    async for message in socket:
        if message == "leave":
            await socket.close(1011, "as you wish")
            return
        await socket.send(message)


async def serve(address, mode):
    host, port = address.rsplit(":", 1)
    async with websockets.serve(echo, host, int(port), extensions=server_extensions(mode), compression=None, subprotocols=["chat"],
                                max_size=None, ping_interval=None):
        await asyncio.Future()


def log(direction, kind, payload=b"", **more):
    payload = payload.encode() if isinstance(payload, str) else payload
    print(json.dumps({"direction": direction, "type": kind, "length": len(payload), **more}))


async def pieces(text, size):
    for at in range(0, len(text), size):
        yield text[at:at + size]


async def ask(uri, rounds, mode):
    async with websockets.connect(uri, extensions=client_extensions(mode), compression=None, subprotocols=["chat"], max_size=None,
                                  ping_interval=None) as socket:
        for n in range(rounds):
            for text in TEXTS:
                await socket.send(text)
                log("c2s", "text", text, text=text)
                log("s2c", "text", await socket.recv(), text=text)
            data = bytes([n % 256]) * (n * 17 + 1)
            await socket.send(data)
            log("c2s", "binary", data)
            log("s2c", "binary", await socket.recv())
            await socket.send(pieces("piece by piece", 3))
            log("c2s", "text", "piece by piece", text="piece by piece", fragmented=True)
            log("s2c", "text", await socket.recv(), text="piece by piece")
            await (await socket.ping(b"ping"))
            log("c2s", "ping", b"ping")
            log("s2c", "pong", b"ping")
        await socket.send("leave")
        log("c2s", "text", "leave", text="leave")
        try:
            await socket.recv()
        except websockets.ConnectionClosed as closed:
            reason = closed.rcvd.reason
            log("s2c", "close", b"00" + reason.encode(), close_code=closed.rcvd.code, close_reason=reason)
            log("c2s", "close", b"00" + reason.encode(), close_code=closed.rcvd.code, close_reason=reason)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        asyncio.run(serve(sys.argv[2], sys.argv[3]))
    else:
        asyncio.run(ask(sys.argv[2], int(sys.argv[3]), sys.argv[4]))
