"""A Kafka broker on loopback (librdkafka's own stand-in, inside kcat), and what kcat asks of it."""
import os
import re
import shutil
import subprocess
import time

TOPIC, GROUP = "orders", "group1"


def cannot_run():
    """Why there is no broker here, or None."""
    for program in ("kcat", "ss"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return None


class Broker:
    """A producer that is kept waiting for its input, with the broker that it brings."""

    def __init__(self):
        self.process = subprocess.Popen(["kcat", "-q", "-P", "-b", "nowhere:1", "-t", "hold", "-X", "test.mock.num.brokers=1"],
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port = None
        for _ in range(100):
            listens = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
            found = re.search(rf"127\.0\.0\.1:(\d+) .*pid={self.process.pid},", listens)
            if found:
                self.port = int(found[1])
                return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError("kcat opened no port")

    def kcat(self, *arguments, stdin=b""):
        done = subprocess.run(["kcat", "-q", "-b", f"127.0.0.1:{self.port}", *arguments], input=stdin, capture_output=True, timeout=30)
        return done.stdout

    def stop(self):
        self.process.kill()  # it would wait for the end of its input
        self.process.wait(10)
        self.process.stdin.close()


def converse(broker):
    """Batches of every compression, one that is not acknowledged, a fetch, a group. What was read."""
    for codec in ("none", "gzip", "snappy", "lz4"):
        said = f"k1:{'one ' * 40}{codec}\nk2:{'two ' * 40}{codec}\n".encode()
        broker.kcat("-P", "-t", TOPIC, "-p", "0", "-K:", "-z", codec, "-X", f"client.id=shop-{codec}", "-X", "linger.ms=50", stdin=said)
    broker.kcat("-P", "-t", TOPIC, "-p", "1", "-X", "acks=0", "-X", "client.id=shop-quiet", stdin=b"silent\n")
    read = broker.kcat("-C", "-t", TOPIC, "-p", "0", "-o", "beginning", "-e", "-X", "client.id=billing").decode().split("\n")
    broker.kcat("-G", GROUP, "-X", "client.id=grouped", "-X", "auto.offset.reset=earliest", "-e", TOPIC)
    broker.kcat("-L", "-X", "client.id=lister")
    return [line for line in read if line]
