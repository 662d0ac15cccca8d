#!/usr/bin/python3
"""From the wire to a browser: HTTP calls go over a pair of interfaces past a real sensor, a control process and its store to a live
client (a WebSocket without a filter), and each call's age on arrival is taken: now less the record's own timestamp, which is when the
kernel saw the request's first byte. Needs root and a build; without libchdb, or with --no-store, nothing is stored beside it.

    SPANLIGHT_BUILD=build bench/live_latency.py [--calls 10000] [--seconds 30] [--connections 200] [--clients 1] [--no-store]
"""
import argparse
import contextlib
import json
import multiprocessing
import os
import pathlib
import re
import socket
import struct
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "system"), str(ROOT / "tests" / "support")]
import control_process  # noqa: E402
import spanlight  # noqa: E402

TICK_S = 0.001
TAIL_S = 2.0  # what is still under way when the last call was sent
REQUEST = (b"GET /api/items/7?page=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html,*/*;q=0.8\r\n"
           b"X-Request-Id: 0123456789abcdef\r\n\r\n")
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\nServer: nginx\r\n\r\n" + b"x" * 400
TIMESTAMP = re.compile(rb'"timestamp":"([^".]+)\.(\d{9})Z"')
LOST = re.compile(rb'"(missed|skipped)":(\d+)')  # behind the calls


class Frames:
    """The two frames of a call on an open connection, changed in place: numbers move on, checksums are left to offloading."""
    IP_ID, SEQ, ACK = 14 + 4, 14 + 20 + 4, 14 + 20 + 8

    def __init__(self, wire, client):
        tcp = spanlight.Tcp(client, ("10.0.0.2", 80))
        for frame in tcp.handshake():
            wire.send(frame)
        self.client, self.server = tcp.seq
        self.request, self.response = (bytearray(tcp.data(sender, payload)[0]) for sender, payload in ((0, REQUEST), (1, RESPONSE)))
        self.id = 0

    def send(self, wire):
        self.id = (self.id + 1) & 0xffff
        for frame, seq, ack in ((self.request, self.client, self.server), (self.response, self.server, self.client + len(REQUEST))):
            struct.pack_into(">H", frame, self.IP_ID, self.id)
            struct.pack_into(">II", frame, self.SEQ, seq & 0xffffffff, ack & 0xffffffff)
            wire.send(frame)
        self.client += len(REQUEST)
        self.server += len(RESPONSE)


def send_calls(interface, options, out):
    """In a process of its own: so many calls a second, those of each millisecond together."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((interface, 0))
    connections = [Frames(wire, ("10.0.0.1", 20_000 + n)) for n in range(options.connections)]
    began, sent, latest = time.monotonic(), 0, 0.0
    while sent < options.calls * options.seconds:
        due = int((time.monotonic() - began) * options.calls)
        while sent < due:
            connections[sent % len(connections)].send(wire)
            sent += 1
        latest = max(latest, time.monotonic() - began - sent / options.calls)
        time.sleep(TICK_S)
    out.put({"sent": sent, "seconds": time.monotonic() - began, "late_ms": 1e3 * latest, "cpu_s": time.process_time()})


def receive_calls(url, ready, stop, out):
    """In a process of its own: a live client."""
    stream = control_process.Stream(url, {"filter": ""})
    stream.socket.settimeout(0.2)
    seconds, ages, lost = {}, [], {b"missed": 0, b"skipped": 0}
    ready.set()
    cpu = time.process_time()
    while not stop.is_set():
        try:
            message = stream.text()
        except TimeoutError:
            continue
        now = time.time_ns()
        for second, rest in TIMESTAMP.findall(message):
            if second not in seconds:
                seconds[second] = int(time.mktime(time.strptime(second.decode(), "%Y-%m-%dT%H:%M:%S")) - time.timezone) * 1_000_000_000
            ages.append(now - seconds[second] - int(rest))
        for what, count in LOST.findall(message[-64:]):
            lost[what] += int(count)
    ages.sort()
    at = lambda share: round(ages[min(len(ages) - 1, int(share * len(ages)))] / 1e6, 1) if ages else None
    out.put({"received": len(ages), "missed": lost[b"missed"], "skipped": lost[b"skipped"], "p50_ms": at(0.5), "p90_ms": at(0.9),
             "p99_ms": at(0.99), "p999_ms": at(0.999), "most_ms": at(1), "cpu_s": time.process_time() - cpu})


class Lab(control_process.Wires):
    def __init__(self, stack):
        self.stack = stack

    def addCleanup(self, function, *arguments, **more):
        self.stack.callback(function, *arguments, **more)


def cpu_s(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def counter(lab, name):
    sensors = lab.control.get("/api/sensors", counters="true")["sensors"]
    return sum(c["value"] for c in sensors[0]["counters"] if c["name"] == name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("calls", 10_000), ("seconds", 30), ("connections", 200), ("clients", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--no-store", action="store_true")
    options = parser.parse_args()
    os.environ["TZ"] = "UTC"
    time.tzset()
    with contextlib.ExitStack() as stack:
        lab = Lab(stack)
        more = {"store": {"enabled": False}} if options.no_store or not control_process.LIBCHDB else {}
        lab.set_up_wires(**more)
        pids = {"sensor": lab.sensor.pid, "control": lab.control.process.pid, "store": lab.control.store_pid()}
        pids = {name: pid for name, pid in pids.items() if pid}
        ready, stop = multiprocessing.Event(), multiprocessing.Event()
        sent, heard = multiprocessing.Queue(), multiprocessing.Queue()
        clients = [multiprocessing.Process(target=receive_calls, args=(lab.control.url, ready, stop, heard)) for _ in range(options.clients)]
        for client in clients:
            client.start()
        ready.wait(30)
        before = {name: cpu_s(pid) for name, pid in pids.items()}
        sender = multiprocessing.Process(target=send_calls, args=(lab.ours, options, sent))
        sender.start()
        out = {"load": os.getloadavg()[0], "sender": sent.get()}
        time.sleep(TAIL_S)
        stop.set()
        out["clients"] = [heard.get() for _ in clients]
        out["cpu_share"] = {name: round((cpu_s(pid) - before[name]) / out["sender"]["seconds"], 2) for name, pid in pids.items()}
        out["records"] = counter(lab, "records_total")
        for process in (sender, *clients):
            process.join()
        print(json.dumps(out, indent=1))
    worst = max(client["p99_ms"] for client in out["clients"])
    print(f"p99 {worst} ms from wire to client at {out['sender']['sent'] / out['sender']['seconds']:,.0f} calls/s    issue: under 250 ms")


if __name__ == "__main__":
    main()
