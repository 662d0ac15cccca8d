"""What every part of the benchmarks needs: running a program, medians, headings, and the report that becomes JSON."""
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import tempfile
import time


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


def load():
    return os.getloadavg()[0]


def heading(text):
    say(f"\n== {text} (load {load():.2f})")


class Single(list):
    """The same figure, taken several times."""

    @property
    def median(self):
        return statistics.median(self)

    def __str__(self):
        return f"{self.median:,.0f} ({min(self):,.0f} to {max(self):,.0f})"


def ratio(one, other):
    return one / other if other else float("nan")


class Report:
    """All figures of a run, single ones beside their medians, for --json."""

    def __init__(self):
        self.parts = {}
        self.failures = []
        self.machine = {}

    def add(self, part, name, value):
        self.parts.setdefault(part, {})[name] = value

    def fail(self, what):
        say(f"  FAILED: {what}")
        self.failures.append(what)

    def write(self, path):
        def plain(value):
            if isinstance(value, Single):
                return {"median": value.median if value else None, "singles": list(value)}
            if isinstance(value, dict):
                return {key: plain(inner) for key, inner in value.items()}
            if isinstance(value, (list, tuple)):
                return [plain(inner) for inner in value]
            return value

        whole = {"machine": self.machine, "failures": self.failures, "load_at_end": list(os.getloadavg()), "parts": plain(self.parts)}
        pathlib.Path(path).write_text(json.dumps(whole, indent=1) + "\n")


# A program's version, by its own words.
VERSIONS = {
    "suricata": ["suricata", "-V"],
    "tshark": ["tshark", "--version"],
    "tcpflow": ["tcpflow", "--version"],
    "ndpiReader": ["ndpiReader", "-h"],
    "dpdk-testpmd": ["dpkg-query", "-W", "--showformat=dpdk ${Version}\n", "dpdk"],
    "perf": ["perf", "--version"],
}


def version_of(name):
    if shutil.which(name) is None:
        return None
    done = subprocess.run(VERSIONS[name], capture_output=True, text=True, check=False)
    words = {"ndpiReader": "nDPI", "suricata": "version"}
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    told = [line for line in lines if words.get(name, "") in line]
    return (told or lines or ["?"])[0]


def describe_machine(report, root):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = dict(line.split(":", 1) for line in open("/proc/meminfo"))
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True, check=False)
    report.machine = {
        "cpu": model, "cpus": os.cpu_count(), "kernel": platform.release(),
        "memory_kb": int(memory["MemTotal"].split()[0]), "hugepages": int(memory["HugePages_Total"]),
        "load_at_start": list(os.getloadavg()), "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": commit.stdout.strip(), "versions": {name: version_of(name) for name in VERSIONS},
    }
    say(f"{model}, {os.cpu_count()} CPUs, {report.machine['hugepages']} hugepages, Linux {platform.release()}, "
        f"load {' '.join(f'{x:.2f}' for x in os.getloadavg())}")
    if load() > 0.5:
        say("note: the machine is not quiet; figures are lower than they need be")
