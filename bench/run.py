#!/usr/bin/python3
"""Builds and runs the benchmarks and prints their figures; started by scripts/bench."""
import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARTS = ("micro", "replay", "device", "capture")
MICRO = ("decode", "flow", "stream", "http", "encode", "json", "publish", "port")
MIXES = ("rpc", "web", "bulk")
CAPTURE_LAPS = {"rpc": 12, "web": 20, "bulk": 6}  # some hundred MB each: the start of a program must not matter

# One thread's worth of Suricata for HTTP alone: no rules, streams to their end, the calls as JSON.
SURICATA = """%YAML 1.1
---
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [{http: {extended: yes}}]}
stream: {memcap: 1gb, checksum-validation: yes, reassembly: {memcap: 2gb, depth: 0}}
flow: {memcap: 512mb}
app-layer:
  protocols:
    http:
      enabled: yes
      memcap: 2gb
      libhtp: {default-config: {personality: IDS, request-body-limit: 100kb, response-body-limit: 100kb}}
"""


class Used:
    """What a program took: seconds by the clock, CPU seconds, MB of memory; and what it said."""

    def __init__(self, command, stop_after=None, discard=False):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.monotonic()
            child = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL if discard else out,
                                     stderr=err)
            if stop_after is not None:
                time.sleep(stop_after)
                os.kill(child.pid, signal.SIGINT)  # not send_signal(): that may reap it, and its usage with it
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            self.wall = time.monotonic() - began
            self.status = child.returncode
            self.cpu = usage.ru_utime + usage.ru_stime
            self.memory_mb = usage.ru_maxrss / 1024
            out.seek(0)
            err.seek(0)
            self.out = out.read().decode(errors="replace")
            self.err = err.read().decode(errors="replace")


def say(text=""):
    print(text, flush=True)


def heading(text):
    say(f"\n== {text} (load {os.getloadavg()[0]:.2f})")


def build(directory):
    if not (ROOT / directory / "build.ninja").exists():
        subprocess.run(["meson", "setup", directory, "--buildtype=release", "-Db_lto=true"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
    wanted = [f"bench/{name}_bench" for name in MICRO if (ROOT / "bench" / f"{name}_bench.cpp").exists()]
    wanted += ["bench/spanlight-replay", "spanlight", "spanlight-sensor"]
    known = subprocess.run(["ninja", "-C", directory, "-t", "targets", "all"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout
    wanted = [name for name in wanted if f"\n{name}:" in "\n" + known]  # without Google Benchmark: the replay alone
    done = subprocess.run(["ninja", "-C", directory, *wanted], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("bench: the build failed:\n" + done.stdout[-3000:])
    return [name for name in wanted if name.endswith("_bench")]


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    pages = next((line.split()[1] for line in open("/proc/meminfo") if line.startswith("HugePages_Total")), "0")
    say(f"{model}, {os.cpu_count()} CPUs, {pages} hugepages, Linux {platform.release()}, "
        f"load {' '.join(f'{x:.2f}' for x in os.getloadavg())}")
    if os.getloadavg()[0] > 0.5:
        say("note: the machine is not quiet; figures are lower than they need be")


def micro(binaries, directory, quick):
    for binary in binaries:
        heading(pathlib.Path(binary).name)
        used = Used([ROOT / directory / binary, f"--benchmark_min_time={0.1 if quick else 0.5}",
                     "--benchmark_format=json"])
        if used.status != 0:
            say(f"failed with {used.status}: {used.err.strip()[-300:]}")
            continue
        for run in json.loads(used.out)["benchmarks"]:
            if run.get("error_occurred"):
                say(f"  {run['name']:<44} {run['error_message']}")
                continue
            # Where a benchmark counts items, the time of one: an iteration may hold thousands.
            each = 1e9 / run["items_per_second"] if "items_per_second" in run else \
                run["cpu_time"] * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[run["time_unit"]]
            more = f"  {run['bytes_per_second'] / 1e9:8.2f} GB/s" if "bytes_per_second" in run else ""
            say(f"  {run['name']:<44} {each:12.1f} ns{more}")


def replay(program, quick, failures):
    heading("replay: frames from memory through the whole pipeline, one worker")
    for mix in MIXES:
        for extra in ([], ["--publish"]):
            used = Used([program, "--mix", mix, "--seconds", 1 if quick else 3, *extra,
                         *(["--no-baseline"] if extra else [])])
            say(used.out.rstrip())
            if used.status != 0:
                say(used.err.strip())
                failures.append(f"replay {mix} {' '.join(extra)}")


def thousands(text):
    return int(text.replace(",", ""))


class Table:
    def __init__(self):
        self.rows = []

    def add(self, name, used, packets, calls=None, note=""):
        self.rows.append((name, used, packets, calls, note))

    def print(self, expected_calls=None):
        say(f"  {'':<34} {'wall s':>7} {'CPU s':>7} {'MB':>6} {'M packets/s':>12} {'M packets/CPU s':>16} "
            f"{'calls':>10} {'CPU, ours = 1':>14}")
        ours = self.rows[0][1].cpu / max(1, self.rows[0][2])
        for name, used, packets, calls, note in self.rows:
            found = "" if calls is None else str(calls)
            each = used.cpu / max(1, packets)
            say(f"  {name:<34} {used.wall:7.2f} {used.cpu:7.2f} {used.memory_mb:6.0f} {packets / used.wall / 1e6:12.3f} "
                f"{packets / used.cpu / 1e6:16.3f} {found:>10} {each / ours:14.2f}  {note}")
        if expected_calls is not None:
            say(f"  calls in the trace: {expected_calls}")


def write_trace(program, mix, path, laps):
    used = Used([program, "--mix", mix, "--write", path, "--laps", laps])
    if used.status != 0:
        sys.exit("bench: " + used.err)
    calls, frames = re.search(r"(\d+) calls, (\d+) frames", used.err).groups()
    return int(calls), int(frames)


def device(programs, replay_program, work, quick):
    """net_pcap, infinite_rx: DPDK's own device on the same trace, under testpmd and under the sensor."""
    heading("the same device: net_pcap replaying the web trace without end, received by one core")
    trace = work / "device.pcap"
    _, frames = write_trace(replay_program, "web", trace, 1)
    seconds = 4 if quick else 10
    # net_pcap keeps the whole trace in mbufs and copies each frame into another one; without hugepages an mbuf takes a
    # page.
    mbufs = 131_071
    source = f"net_pcap0,rx_pcap={trace},infinite_rx=1"
    settings = work / "device.yaml"
    settings.write_text(f"sensor:\n  runAs: \"\"\ndpdk:\n  mbufs: {mbufs}\n  memoryMb: 700\nlcores:\n  idle: poll\n"
                        f"publishing:\n  records: \"ipc://{work}/records.sock\"\n"
                        f"  commands: \"ipc://{work}/command.sock\"\n  metrics: \"\"\n")
    table = Table()
    ours = Used([programs / "spanlight", "sensor", "-c", settings, source], stop_after=seconds)
    ended = re.search(r"ended: (\d+) packets, (\d+) records", ours.err)
    if ours.status != 0 or ended is None:
        say("  the sensor did not run: " + ours.err.strip()[-400:])
        return
    table.add("spanlight sensor, one worker", ours, int(ended[1]), int(ended[2]), "records built, nobody subscribed")
    if shutil.which("dpdk-testpmd") is None:
        say("  dpdk-testpmd is not installed (package dpdk): left out")
    else:
        used = Used(["dpdk-testpmd", "-l", "0-1", "--no-huge", "-m", 700, "--no-pci", "--no-shconf", "--no-telemetry",
                     "--file-prefix", f"bench_{os.getpid()}", "--vdev", source, "--", "--forward-mode=rxonly",
                     f"--total-num-mbufs={mbufs}", "--no-mlockall", "--stats-period=1", "--no-lsc-interrupt",
                     "--auto-start"], stop_after=seconds)
        received = re.findall(r"RX-packets: (\d+)", used.out)
        if received:
            table.add("dpdk-testpmd, rxonly", used, int(received[-1]), None, "receives and frees, nothing else")
        else:
            say("  dpdk-testpmd did not run: " + (used.out + used.err).strip()[-300:])
    table.print()
    say("  seconds and rates include the start of the program; packets/CPU s is the figure to compare")


def suricata(table, trace, work, frames, single):
    logs = work / "suricata"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    (logs / "suricata.yaml").write_text(SURICATA)
    used = Used(["suricata", "-c", logs / "suricata.yaml", "-S", "/dev/null", "-r", trace, "-l", logs,
                 *(["--runmode", "single"] if single else [])])
    log = logs / "eve.json"
    calls = sum('"event_type":"http"' in line for line in open(log)) if log.exists() else 0
    table.add("suricata -r" + (", one thread" if single else ", its own threads"), used, frames, calls,
              "HTTP alone, no rules, EVE JSON")


def capture(programs, replay_program, work, quick, failures):
    for mix in MIXES:
        trace = work / f"{mix}.pcap"
        laps = max(1, CAPTURE_LAPS[mix] // (4 if quick else 1))
        calls, frames = write_trace(replay_program, mix, trace, laps)
        heading(f"the same capture: {mix}, {frames} frames, {trace.stat().st_size / 1e6:.0f} MB")
        subprocess.run(["cat", trace], stdout=subprocess.DEVNULL, check=True)  # in the page cache for everybody
        table = Table()
        for form in ("none", "json"):
            used = Used([programs / "spanlight", "dissect", "--format", form, trace], discard=True)
            found = re.search(r"^([\d,]+) calls: ([\d,]+) complete", used.err, re.M)
            lost = re.search(r"^beside that: (.*)", used.err, re.M)
            table.add(f"spanlight dissect --format {form}", used, frames, thousands(found[2]) if found else 0,
                      lost[1] if lost else "")
            if used.status != 0 or found is None or thousands(found[2]) != calls:
                failures.append(f"dissect --format {form} of {mix} did not find every call")
        if shutil.which("suricata") is None:
            say("  suricata is not installed (bookworm-backports): left out")
        else:
            suricata(table, trace, work, frames, True)
            suricata(table, trace, work, frames, False)
        if shutil.which("tshark") is None:
            say("  tshark is not installed: left out")
        else:
            # One lap: it takes minutes for what the others do in a second.
            used = Used(["tshark", "-r", trace, "-c", frames // laps, "-Y", "http.response", "-T", "fields", "-e", "http.response.code",
                         "-e", "http.time", "-e", "http.response_for.uri"])
            table.add("tshark -Y http.response", used, frames // laps, len(used.out.splitlines()),
                      f"one lap: {calls // laps} calls")
        table.print(calls)
        trace.unlink()


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter runs, smaller captures")
    parser.add_argument("--only", action="append", choices=PARTS, help="one part; may be repeated")
    parser.add_argument("--build", default="build", metavar="DIR", help="build directory (default build)")
    options = parser.parse_args()
    parts = options.only or PARTS
    directory = ROOT / options.build
    binaries = build(str(directory))
    replay_program = directory / "bench" / "spanlight-replay"
    failures = []
    machine()
    if "micro" in parts:
        micro(binaries, directory, options.quick)
    if "replay" in parts:
        replay(replay_program, options.quick, failures)
    with tempfile.TemporaryDirectory(prefix="spanlight-bench-") as work:
        os.chmod(work, 0o755)
        if "device" in parts:
            device(directory, replay_program, pathlib.Path(work), options.quick)
        if "capture" in parts:
            capture(directory, replay_program, pathlib.Path(work), options.quick, failures)
    if failures:
        sys.exit("bench: failed: " + ", ".join(failures))


if __name__ == "__main__":
    main()
