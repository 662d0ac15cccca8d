#!/usr/bin/python3
"""The map of a cluster of 5,000 pods that changes 100 times a second: time to full sync, memory and CPU of the process that
follows it (build/control/targets/cluster_follow; nothing of the API server is counted).

    SPANLIGHT_BUILD=build bench/kubernetes_map.py [--pods 5000] [--services 200] [--nodes 100] [--change 100] [--seconds 30]
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "system"), str(ROOT / "tests" / "support")]
import kubernetes_test  # noqa: E402


class Remote:
    """The server of the tests, in a process of its own."""
    context = None

    def __init__(self, options):
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tests" / "support" / "kubernetes_server.py", "--pods", str(options.pods), "--services", str(options.services),
             "--nodes", str(options.nodes), "--change", str(options.change)], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def close(self):
        self.process.kill()
        self.process.wait()


def cpu_s(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid, key):
    return next(int(line.split()[1]) / 1024 for line in open(f"/proc/{pid}/status") if line.startswith(key))


def main():
    parser = argparse.ArgumentParser()
    for name, value in (("pods", 5000), ("services", 200), ("nodes", 100), ("change", 100), ("seconds", 30)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    server = Remote(options)
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        follower = kubernetes_test.Follower(kubernetes_test.kubeconfig(folder, server))
        pid = follower.process.pid
        try:
            follower.ask("tap", "namespaces=team-1;team-2;team-3", "regex=app")
            follower.wait_synced()
            follower.wait(lambda: follower.ask("counters")["addresses"] >= options.pods)
            out = {"sync_s": round(time.monotonic() - began, 2), "sync_cpu_s": cpu_s(pid), "rss_mb_after_sync": round(memory_mb(pid, "VmRSS"), 1)}
            events, cpu, before = follower.kind("pods")["events"], cpu_s(pid), time.monotonic()
            time.sleep(options.seconds)
            passed = time.monotonic() - before
            out["changes_per_s"] = round((follower.kind("pods")["events"] - events) / passed, 1)
            out["cpu_percent"] = round(100 * (cpu_s(pid) - cpu) / passed, 2)
            out.update(rss_mb=round(memory_mb(pid, "VmRSS"), 1), peak_mb=round(memory_mb(pid, "VmHWM"), 1), counters=follower.ask("counters"))
            print(json.dumps(out))
        finally:
            follower.close()
            server.close()


if __name__ == "__main__":
    main()
