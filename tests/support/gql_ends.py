#!/usr/bin/python3
"""A GraphQL server of Debian's parts (python3-aiohttp, python3-graphql-core), over HTTP/1 and over WebSocket with both of its
sub-protocols, and a client that says what it saw.

  gql_ends.py server HOST PORT
  gql_ends.py client http://HOST:PORT ROUNDS    one line of JSON for each call, and for each message of a WebSocket
"""
import asyncio
import json
import sys

import aiohttp
from aiohttp import web
from graphql import (GraphQLArgument, GraphQLField, GraphQLID, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString,
                     graphql)

def fails(root, info):
    raise ValueError("it \"fails\" always")


ID = GraphQLArgument(GraphQLNonNull(GraphQLID))
NAME = GraphQLArgument(GraphQLNonNull(GraphQLString))
ITEM = GraphQLObjectType("Item", {"id": GraphQLField(GraphQLID, resolver=lambda item, info: item[0]),
                                  "name": GraphQLField(GraphQLString, resolver=lambda item, info: item[1])})
SCHEMA = GraphQLSchema(
    query=GraphQLObjectType("Query", {"item": GraphQLField(ITEM, {"id": ID}, resolver=lambda root, info, id: (id, f"item {id}")),
                                      "fails": GraphQLField(ITEM, resolver=fails)}),
    mutation=GraphQLObjectType("Mutation", {"rename": GraphQLField(ITEM, {"id": ID, "name": NAME},
                                                                   resolver=lambda root, info, id, name: (id, name))}))
QUERY = "# the item's page {\nquery Item($id: ID!) {\n  item(id: $id) { ...parts }\n}\nfragment parts on Item { id name }"
MUTATION = 'mutation Rename($id: ID!, $name: String!) { rename(id: $id, name: $name) { id name } }'
SEVERAL = "query First { item(id: 1) { id } } query Second { item(id: 2) { name } }"


def execute(asked):
    done = graphql(SCHEMA, asked["query"], variables=asked.get("variables") or {}, operation_name=asked.get("operationName"))
    out = {"errors": [{"message": str(e)} for e in done.errors]} if done.errors else {}
    out["data"] = done.data
    return out


async def over_http(request):
    kind = request.content_type
    if request.method == "GET":
        asked = dict(request.query)
        if "variables" in asked:
            asked["variables"] = json.loads(asked["variables"])
    elif kind == "application/graphql":
        asked = {"query": await request.text()}
    else:
        asked = await request.json()
    answer = [execute(one) for one in asked] if isinstance(asked, list) else execute(asked)
    accepted = request.headers.get("Accept", "")
    answered = "application/graphql-response+json" if "graphql-response" in accepted else "application/json"
    return web.Response(text=json.dumps(answer), content_type=answered)


async def over_socket(request):
    socket = web.WebSocketResponse(protocols=["graphql-transport-ws", "graphql-ws"])
    await socket.prepare(request)
    older = socket.ws_protocol == "graphql-ws"
    async for message in socket:
        said = json.loads(message.data)
        if said["type"] == "connection_init":
            await socket.send_json({"type": "connection_ack"})
        elif said["type"] in ("subscribe", "start"):
            result = execute(said["payload"])
            if "errors" in result:
                await socket.send_json({"id": said["id"], "type": "error", "payload": result["errors"][0] if older else result["errors"]})
            else:
                for _ in range(3):
                    await socket.send_json({"id": said["id"], "type": "data" if older else "next", "payload": result})
                await socket.send_json({"id": said["id"], "type": "complete"})
    return socket


async def call(session, url, log, **how):
    method = "GET" if "params" in how else "POST"
    async with session.request(method, url, **how) as answer:
        got = await answer.json(content_type=None)
    first = got[0] if isinstance(got, list) else got
    print(json.dumps({**log, "status": answer.status, "errors": [e["message"] for e in first.get("errors", [])]}))


async def subscribe(session, url, subprotocol):
    older = subprotocol == "graphql-ws"

    def log(direction, said, **more):
        print(json.dumps({"direction": direction, "message_type": said["type"], "id": said.get("id", ""), **more}))

    async with session.ws_connect(url, protocols=[subprotocol], compress=15 if older else 0) as socket:
        async def send(said, **more):
            await socket.send_json(said)
            log("c2s", said, **more)

        await send({"type": "connection_init", "payload": {}})
        log("s2c", await socket.receive_json())
        for n, query in (("1", "query Watch { item(id: 3) { name } }"), ("2", "query Broken { fails { id } }")):
            name = query.split()[1]
            await send({"id": n, "type": "start" if older else "subscribe", "payload": {"query": query}}, operation="query", operation_name=name)
            while True:
                said = await socket.receive_json()
                failed = said["type"] == "error"
                log("s2c", said, failed=failed)
                if said["type"] in ("complete", "error"):
                    break


async def ask(base, rounds):
    url = base + "/api"
    async with aiohttp.ClientSession() as session:
        for n in range(rounds):
            item = {"operation": "query", "operation_name": "Item"}
            await call(session, url, item, json={"query": QUERY, "variables": {"id": str(n)}})
            await call(session, url, item, params={"query": QUERY, "variables": json.dumps({"id": "4"})})
            await call(session, url, {"operation": "mutation", "operation_name": "Rename"},
                       json={"operationName": "Rename", "variables": {"id": "1", "name": 'a "b" {'}, "query": MUTATION},
                       headers={"Accept": "application/graphql-response+json"})
            await call(session, url, {"operation": "query", "operation_name": "Second"}, json={"query": SEVERAL, "operationName": "Second"})
            await call(session, url, {"operation": "query", "operation_name": ""}, data="{ item(id: 9) { name } }",
                       headers={"Content-Type": "application/graphql"})
            await call(session, url, {"operation": "query", "operation_name": "Broken"}, json={"query": "query Broken { fails { id } }"})
            await call(session, url, {"operation": "query", "operation_name": "First", "batch": 2},
                       json=[{"query": "query First { item(id: 1) { id } }"}, {"query": MUTATION, "variables": {"id": "1", "name": "x"}}])
        for subprotocol in ("graphql-transport-ws", "graphql-ws"):
            await subscribe(session, base + "/socket", subprotocol)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        app = web.Application()
        app.add_routes([web.get("/api", over_http), web.post("/api", over_http), web.get("/socket", over_socket)])
        web.run_app(app, host=sys.argv[2], port=int(sys.argv[3]), print=None)
    else:
        asyncio.run(ask(sys.argv[2], int(sys.argv[3])))
