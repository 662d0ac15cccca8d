#!/usr/bin/env python3
"""A client of AMQP 0-9-1 that says what it does: amqp_ends.py HOST PORT. One JSON object a line, for each method that it sends or
waits for; runs with Debian's python3-pika."""
import json
import sys

import pika


def log(method, **more):
    print(json.dumps({"method": method, **more}))


def main(host, port):
    def connect(password="guest"):
        return pika.BlockingConnection(pika.ConnectionParameters(host, port, credentials=pika.PlainCredentials("guest", password), heartbeat=0))

    try:
        connect("wrong")
    except pika.exceptions.AMQPConnectionError:
        log("refused")
    connection = connect()
    channel = connection.channel()
    log("channel.open")
    channel.exchange_declare("shop", "topic", durable=True)
    log("exchange.declare", exchange="shop")
    channel.queue_declare("orders")
    log("queue.declare", queue="orders")
    channel.queue_bind("orders", "shop", "order.*")
    log("queue.bind", queue="orders", exchange="shop", routing_key="order.*")
    properties = pika.BasicProperties(content_type="application/json", message_id="m-1", correlation_id="c-1", delivery_mode=2, priority=3,
                                      headers={"retry": 2, "source": {"region": "eu"}, "tags": ["a", "b"]})
    for number in range(3):
        body = json.dumps({"order": number})
        channel.basic_publish("shop", "order.new", body, properties)
        log("basic.publish", exchange="shop", routing_key="order.new", body=body)
    channel.basic_publish("shop", "order.large", b"x" * 17_000)
    log("basic.publish", exchange="shop", routing_key="order.large", size=17_000)
    got = channel.basic_get("orders")
    log("basic.get", queue="orders", body=got[2].decode())
    channel.basic_ack(got[0].delivery_tag)
    log("basic.ack")
    got = channel.basic_get("orders")
    log("basic.get", queue="orders", body=got[2].decode())
    channel.basic_nack(got[0].delivery_tag, requeue=False)
    log("basic.nack")
    channel.basic_qos(prefetch_count=10)
    log("basic.qos")
    for method, _, body in channel.consume("orders", inactivity_timeout=1):
        if method is None:
            break
        log("basic.deliver", routing_key=method.routing_key, size=len(body))
        channel.basic_reject(method.delivery_tag, requeue=False)
        log("basic.reject")
    channel.cancel()
    log("basic.consume", queue="orders")
    log("basic.cancel")
    channel.queue_purge("orders")
    log("queue.purge", queue="orders")
    got = channel.basic_get("orders")
    assert got[0] is None
    log("basic.get", queue="orders", empty=True)
    channel.close()
    log("channel.close", code=0)

    confirmed = connection.channel()
    log("channel.open")
    confirmed.confirm_delivery()
    log("confirm.select")
    confirmed.basic_publish("", "orders", b"confirmed")
    log("basic.publish", exchange="", routing_key="orders", body="confirmed")
    log("basic.ack")  # the server's
    try:
        confirmed.basic_publish("", "nobody", b"comes back", mandatory=True)
    except pika.exceptions.UnroutableError:
        pass
    log("basic.publish", exchange="", routing_key="nobody", body="comes back")
    log("basic.return", code=312)
    log("basic.ack")

    transacted = connection.channel()
    log("channel.open")
    transacted.tx_select()
    log("tx.select")
    transacted.basic_publish("", "orders", b"in a transaction")
    log("basic.publish", exchange="", routing_key="orders", body="in a transaction")
    transacted.tx_commit()
    log("tx.commit")
    transacted.tx_rollback()
    log("tx.rollback")

    failing = connection.channel()
    log("channel.open")
    try:
        failing.queue_bind("orders", "no-such-exchange", "k")
    except pika.exceptions.ChannelClosedByBroker as closed:
        log("queue.bind", failed=closed.reply_code)
        log("channel.close", code=closed.reply_code)
    cleaning = connection.channel()
    log("channel.open")
    cleaning.queue_delete("orders")
    log("queue.delete", queue="orders")
    cleaning.exchange_delete("shop")
    log("exchange.delete", exchange="shop")
    connection.close()
    for _ in range(3):
        log("channel.close", code=200)
    log("connection.close", code=200)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
