#!/usr/bin/env python3
"""What the dashboard costs a browser while calls come fast: real packets on a pair of interfaces, a real sensor and control process of a
build, headless Chromium before them. Needs root, and control/web's packages (scripts/setup). Prints a table; ends with 1 when a bound is missed.

    bench/dashboard.py [--build DIR] [--rate 5000] [--seconds 60] [--json FILE]
"""
import argparse
import gzip
import json
import multiprocessing
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CALLS_EACH = 50  # on one connection
CLIENTS = 40
PATHS = ["/items?page=%d", "/api/orders/%d", "/basket/%d", "/search?q=tea&n=%d", "/static/%d.css"]
STATES = ["200 OK"] * 30 + ["404 Not Found"] * 2 + ["503 Service Unavailable"]


def frames_of(number):
    """One connection with its calls. Sensors do not judge checksums, but these are right."""
    tcp = spanlight.Tcp((f"10.0.1.{number % CLIENTS + 1}", 10_000 + number % 50_000), (f"10.0.2.{number % 12 + 1}", 80))
    out = tcp.handshake()
    for n in range(CALLS_EACH):
        path = PATHS[(number + n) % len(PATHS)] % (number * CALLS_EACH + n)
        out += tcp.data(0, f"GET {path} HTTP/1.1\r\nHost: shop\r\nUser-Agent: bench/1\r\nAccept: application/json\r\nX-Request-Id: r-{number}-{n}\r\n\r\n".encode())
        body = json.dumps({"path": path, "ok": True, "items": list(range(n % 40))}).encode()
        out += tcp.data(1, f"HTTP/1.1 {STATES[(number * 7 + n) % len(STATES)]}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return out + tcp.close()


def offer(device, rate, sent, over):
    """So many calls each second, evenly, until it is over."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((device, 0))
    connections = [frames_of(number) for number in range(400)]
    began = time.monotonic()
    calls, number = 0, 0
    while not over.is_set():
        for frame in connections[number % len(connections)]:
            wire.send(frame)
        number += 1
        calls += CALLS_EACH
        sent.value = calls
        ahead = began + calls / rate - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)


def script_bytes(web):
    return sum(len(gzip.compress(script.read_bytes())) for script in web.rglob("*.js"))


def measured(control, device, arguments, chromium):
    sent, over = multiprocessing.Value("q", 0), multiprocessing.Event()
    source = multiprocessing.Process(target=offer, args=(device, arguments.rate, sent, over), daemon=True)
    source.start()
    try:
        began, before = time.monotonic(), sent.value
        done = subprocess.run(["node", str(ROOT / "bench" / "dashboard.mjs"), str(ROOT / "control" / "web"), chromium, control.url, str(arguments.seconds)],
                              capture_output=True, text=True, timeout=arguments.seconds * 4 + 300)
        offered = (sent.value - before) / (time.monotonic() - began)
    finally:
        over.set()
        source.join(5)
        source.kill()
    if done.returncode != 0:
        sys.exit(done.stderr)
    return {**json.loads(done.stdout), "offered": offered}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build"))
    parser.add_argument("--rate", type=int, default=5_000, help="calls a second (5000)")
    parser.add_argument("--seconds", type=int, default=60, help="for how long each phase looks (60)")
    parser.add_argument("--json", help="a file for the figures")
    arguments = parser.parse_args()
    os.environ["SPANLIGHT_BUILD"] = str(pathlib.Path(arguments.build).resolve())
    sys.path.insert(0, str(ROOT / "tests" / "system"))
    global spanlight
    import control_test
    import spanlight
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or not control_test.wires_work() or not control_test.LIBCHDB:
        sys.exit("dashboard: this needs root, chromium, and what scripts/setup installs")
    ours, theirs = (f"slv{os.getpid()}{end}" for end in "ab")
    folder = pathlib.Path(tempfile.mkdtemp())
    control = control_test.Control(folder, store={"directory": str(folder / "data")})  # inserts as often as by default
    machines = [{"address": f"10.0.2.{n + 1}", "name": f"svc-{n}-0", "namespace": "shop" if n % 2 else "billing", "service": f"svc-{n}", "workload": f"Deployment/svc-{n}"} for n in range(12)]
    machines += [{"address": f"10.0.1.{n + 1}", "name": f"client-{n}", "namespace": "edge", "workload": f"Deployment/client-{n % 6}"} for n in range(CLIENTS)]
    (folder / "machines.yaml").write_text(json.dumps(machines))
    sensor = None
    try:
        subprocess.run(["ip", "link", "add", ours, "type", "veth", "peer", "name", theirs], check=True)
        for name in (ours, theirs):
            pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        control.start()
        (folder / "sensor.yaml").write_text(json.dumps({"publishing": {"records": f"ipc://{folder}/records.sock", "commands": f"ipc://{folder}/command.sock", "metrics": ""}, "sensor": {"runAs": ""}}))
        sensor = subprocess.Popen([spanlight.PROGRAM, "sensor", "-c", str(folder / "sensor.yaml"), theirs], stderr=open(folder / "sensor.log", "w"))
        control_test.wait_for(lambda: control.get("/api/sensors")["sensors"][0]["link"] == "connected", "the sensor is there")
        load = os.getloadavg()[0]
        found = measured(control, ours, arguments, chromium)
    finally:
        if sensor is not None:
            sensor.kill()
            sensor.wait()
        control.end(signal.SIGTERM)
        subprocess.run(["ip", "link", "del", ours], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
    found["script_kb"] = script_bytes(pathlib.Path(arguments.build) / "web") / 1_000
    return report(found, arguments, load)


def report(found, arguments, load):
    # what, figure, unit, bound, whether more is better
    rows = [("calls offered", found["offered"], "/s", None, False), ("calls told by the page", found["told"], "/s", None, False),
            ("compressed JavaScript", found["script_kb"], "kB", 350, False), ("first view usable", found["first_view_ms"], "ms", 1_000, False),
            ("long tasks (over 50 ms)", found["long_tasks"], "", None, False), ("  p95 of their length", found["long_p95_ms"], "ms", 100, False), ("  longest", found["long_most_ms"], "ms", None, False),
            ("memory after a third", found["heap_mb"][0], "MB", None, False), ("memory at the end", found["heap_mb"][1], "MB", found["heap_mb"][0] * 1.15 + 2, False),
            ("scrolling, live", found["scroll_fps"], "frames/s", 50, True), ("scrolling, 1 % of frames slower than", found["scroll_p99_ms"], "ms", None, False)]
    print(f"dashboard at {arguments.rate} calls/s for {arguments.seconds} s; {os.cpu_count()} cores, load {load:.1f} before; {found['browser']}")
    missed = False
    for what, figure, unit, bound, more in rows:
        holds = bound is None or (figure >= bound if more else figure <= bound)
        missed = missed or not holds
        limit = "" if bound is None else f"{'at least' if more else 'at most'} {bound:.0f}{'' if holds else '  MISSED'}"
        print(f"  {what:<38}{figure:>10.1f} {unit:<9} {limit}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(found, indent=1) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
