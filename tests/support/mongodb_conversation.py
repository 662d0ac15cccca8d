#!/usr/bin/python3
"""Talks with a MongoDB server through its real client, and prints what it asked: mongodb_conversation.py HOST PORT

One JSON line a call: command, database, collection, and the error's code. What the driver says by itself (hello, isMaster,
endSessions) is not told. Needs Debian's python3-pymongo."""
import json
import sys

import pymongo
from pymongo import errors, monitoring, pool

CALLS = []


class Listener(monitoring.CommandListener):
    def started(self, event):
        self.event = event

    def succeeded(self, event):
        self.tell(event.reply)

    def failed(self, event):
        self.tell(event.failure)

    def tell(self, reply):
        command = self.event.command
        name = self.event.command_name
        code = reply.get("code", 0)
        if reply.get("writeErrors"):
            code = reply["writeErrors"][0]["code"]
        collection = command.get("collection") if name == "getMore" else command.get(name)
        CALLS.append({"command": name, "db": self.event.database_name, "code": code,
                      "collection": collection if isinstance(collection, str) else None})


# What the driver tells of its machine at each connection: the same everywhere.
pool._METADATA["os"] = {"type": "Linux"}
pool._METADATA["platform"] = "CPython"


def talk(host, port, **how):
    client = pymongo.MongoClient(host, port, event_listeners=[Listener()], directConnection=True, retryWrites=False, **how)
    shop = client["shop"]
    items = shop["items"]
    items.delete_many({})
    items.insert_one({"_id": 1, "name": "tea", "price": 3})
    items.insert_many([{"_id": n, "name": "item %d" % n, "text": "x" * 40} for n in range(2, 12)])
    try:
        items.insert_one({"_id": 1})
    except errors.DuplicateKeyError:
        pass
    list(items.find({"price": {"$gt": 1}}, batch_size=4))
    try:
        shop.command({"nope": 1})
    except errors.OperationFailure:
        pass
    client["admin"].command("ping")
    unanswered = items.with_options(write_concern=pymongo.WriteConcern(w=0))
    unanswered.insert_one({"_id": 99})
    client.close()


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    talk(host, port)
    for compressor in ("zlib", "snappy", "zstd"):
        talk(host, port, compressors=compressor)
    for call in CALLS:
        print(json.dumps(call))


if __name__ == "__main__":
    main()
