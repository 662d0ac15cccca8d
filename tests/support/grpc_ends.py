#!/usr/bin/python3
"""Both ends of gRPC calls of all four kinds, without code made from a schema.

  grpc_ends.py server ADDRESS
  grpc_ends.py client ADDRESS ROUNDS    one line of JSON for each call: what the client saw of it
"""
import json
import sys
from concurrent import futures

import grpc

SERVICE = "lab.Orders"
SAMPLE = b"\x0a\x03tea"


def get(request, context):
    context.set_trailing_metadata((("lab-trailer", "1"),))
    return b"\x0a\x05order" + request


def refuse(request, context):
    context.abort(grpc.StatusCode.PERMISSION_DENIED, "not yours: \u00e9 100%")


def follow(request, context):
    for n in range(5):
        yield b"\x08" + bytes([n]) * 3


def upload(requests, context):
    return b"\x08" + bytes([sum(1 for _ in requests)])


def talk(requests, context):
    for request in requests:
        yield request + request


class Orders(grpc.GenericRpcHandler):
    METHODS = {"Get": grpc.unary_unary_rpc_method_handler(get), "Refuse": grpc.unary_unary_rpc_method_handler(refuse),
               "Follow": grpc.unary_stream_rpc_method_handler(follow), "Upload": grpc.stream_unary_rpc_method_handler(upload),
               "Talk": grpc.stream_stream_rpc_method_handler(talk)}

    def service(self, details):
        return self.METHODS.get(details.method.rsplit("/", 1)[1])


def serve(address):
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((Orders(),))
    server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


def call(channel, method, kind, requests):
    """One call; what came of it."""
    make = {"unary": channel.unary_unary, "server_stream": channel.unary_stream, "client_stream": channel.stream_unary,
            "bidi_stream": channel.stream_stream}[kind](f"/{SERVICE}/{method}")
    answers, status, message = [], 0, ""
    try:
        got = make(iter(requests) if kind in ("client_stream", "bidi_stream") else requests[0], timeout=20,
                   metadata=(("x-lab", method),))
        answers = list(got) if kind in ("server_stream", "bidi_stream") else [got]
    except grpc.RpcError as error:
        status, message = error.code().value[0], error.details()
    print(json.dumps({"service": SERVICE, "method": method, "type": kind, "status": status, "message": message,
                      "asked": [len(requests), sum(map(len, requests))], "answered": [len(answers), sum(map(len, answers))]}))


def ask(address, rounds):
    with grpc.insecure_channel(address) as channel:
        for n in range(rounds):
            call(channel, "Get", "unary", [SAMPLE + bytes([n % 256])])
            call(channel, "Refuse", "unary", [SAMPLE])
            call(channel, "Follow", "server_stream", [SAMPLE])
            call(channel, "Upload", "client_stream", [SAMPLE * 3, b"", SAMPLE])
            call(channel, "Talk", "bidi_stream", [SAMPLE, b"x" * 20_000, SAMPLE])
            call(channel, "Nowhere", "unary", [SAMPLE])


if __name__ == "__main__":
    serve(sys.argv[2]) if sys.argv[1] == "server" else ask(sys.argv[2], int(sys.argv[3]))
