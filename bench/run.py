#!/usr/bin/python3
"""Builds and runs the benchmarks and prints their figures; started by scripts/bench."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import peers  # noqa: E402
import replays  # noqa: E402
import stages  # noqa: E402
from figures import Report, Used, describe_machine, heading, say  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARTS = ("micro", "replay", "published", "workers", "targets", "packets", "connections", "flows", "idle", "mirror", "stages", "device", "capture")
MICRO = ("decode", "flow", "stream", "http", "dns", "hello", "search", "encode", "json", "publish", "port")


def build(directory, options, wanted):
    if not (directory / "build.ninja").exists():
        subprocess.run(["meson", "setup", directory, "--buildtype=release", "-Db_lto=true", *options], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
    known = subprocess.run(["ninja", "-C", directory, "-t", "targets", "all"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout
    wanted = [name for name in wanted if f"\n{name}:" in "\n" + known]  # without Google Benchmark: the replay alone
    done = subprocess.run(["ninja", "-C", directory, *wanted], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("bench: the build failed:\n" + done.stdout[-3000:])
    return wanted


def micro(binaries, directory, quick, report):
    for binary in binaries:
        heading(pathlib.Path(binary).name)
        used = Used([directory / binary, f"--benchmark_min_time={0.1 if quick else 0.5}", "--benchmark_format=json"])
        if used.status != 0:
            report.fail(f"{binary}: {used.err.strip()[-300:]}")
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
            report.add("micro", run["name"], {"ns": each})


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a second for each figure, each taken once")
    parser.add_argument("--repeat", type=int, metavar="N", help="take each figure N times and print the median (default 5)")
    parser.add_argument("--only", action="append", choices=PARTS, help="one part; may be repeated")
    parser.add_argument("--build", default="build", metavar="DIR", help="build directory (default build)")
    parser.add_argument("--json", metavar="FILE", help="every single figure, the machine and the versions, as JSON")
    options = parser.parse_args()
    if options.repeat is None:
        options.repeat = 1 if options.quick else 5
    if options.repeat < 1:
        parser.error("--repeat: at least 1")
    return options


def main():
    options = arguments()
    parts = options.only or PARTS
    directory = ROOT / options.build
    micro_binaries = [f"bench/{name}_bench" for name in MICRO] if "micro" in parts else []
    built = build(directory, [], [*micro_binaries, "bench/spanlight-replay", "spanlight", "spanlight-sensor"])
    program = directory / "bench" / "spanlight-replay"
    report = Report()
    describe_machine(report, ROOT)
    seconds = 1 if options.quick else 3
    replay = replays.Replays(program, options.repeat, seconds, report)
    with tempfile.TemporaryDirectory(prefix="spanlight-bench-") as name:
        work = pathlib.Path(name)
        os.chmod(work, 0o755)
        run = {
            "micro": lambda: micro([name for name in built if name in micro_binaries], directory, options.quick, report),
            "replay": lambda: replays.mixes(replay),
            "published": lambda: replays.published(replay),
            "workers": lambda: replays.workers(replay),
            "targets": lambda: replays.targets(replay),
            "packets": lambda: replays.packets(replay),
            "connections": lambda: replays.connections(replay),
            "flows": lambda: replays.flows(replay, ten_million=not options.quick),
            "idle": lambda: replays.idle(replay),
            "mirror": lambda: replays.poor_mirror(replay),
            "stages": lambda: stages.stages(ROOT, directory, build, work, 2 * seconds, report),
            "device": lambda: peers.device(directory, program, work, 4 if options.quick else 10, report),
            "capture": lambda: peers.capture(directory, program, work, options.repeat, report),
        }
        for part in parts:
            run[part]()
            if options.json:
                report.write(options.json)  # after each part: a run that is cut short leaves what it has
    if report.failures:
        sys.exit("bench: failed: " + "; ".join(report.failures))


if __name__ == "__main__":
    main()
