"""A real server in a namespace of its own, at the other end of a pair of interfaces of which one is ours and captured. What the clients of
support/NAME_talk.py say to it is compared with the records of the capture."""
import importlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import spanlight
import tap

sys.path.insert(0, str(spanlight.ROOT / "tests" / "support"))
PATIENCE_S = 20


def works(program):
    return os.geteuid() == 0 and all(map(shutil.which, ("ip", "tcpdump", "ss", program)))


class Network:
    def __init__(self):
        number = os.getpid() % 60_000
        self.space, self.ours, self.theirs = f"slsrv{number}", f"sls{number}a", f"sls{number}b"
        net = f"10.{100 + number % 100}.{number // 100 % 250}"
        self.client, self.server = f"{net}.5", f"{net}.6"
        for command in (f"ip netns add {self.space}", f"ip link add {self.ours} type veth peer name {self.theirs} netns {self.space}",
                        f"ip addr add {self.client}/30 dev {self.ours}", f"ip link set {self.ours} up",
                        f"ip -n {self.space} addr add {self.server}/30 dev {self.theirs}", f"ip -n {self.space} link set {self.theirs} up",
                        f"ip -n {self.space} link set lo up"):
            subprocess.run(command.split(), check=True)

    def close(self):
        subprocess.run(["ip", "link", "del", self.ours], capture_output=True)
        subprocess.run(["ip", "netns", "del", self.space], capture_output=True)


def record(talk, port, capture, folder):
    """The talk, captured; what the talk says it has done."""
    network = Network()
    processes = []
    try:
        if hasattr(talk, "configure"):
            talk.configure(folder, network.server, port)
        command = [part.format(server=network.server, port=port, folder=folder) for part in talk.SERVER]
        processes.append(subprocess.Popen(["ip", "netns", "exec", network.space, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder))
        listening = f"until ss -Hltn | grep -q ':{port} '; do sleep 0.1; done"
        subprocess.run(["ip", "netns", "exec", network.space, "timeout", str(PATIENCE_S), "bash", "-c", listening], check=True)
        with tap.Tap(network.ours, capture, "tcp"):
            return talk.talk(network.server, port)
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()
        network.close()


class Served(unittest.TestCase):
    """What is asked of every capture; a test of a protocol's own goes on from there."""

    def calls(self, name, port, malformed=0):
        """The talk's own account, and the records in the order of their times."""
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            capture = pathlib.Path(folder, f"{name}.pcap")
            done = record(importlib.import_module(f"{name}_talk"), port, capture, pathlib.Path(folder))
            counts = spanlight.counters(capture)
            self.assertEqual(spanlight.unaccounted(counts), 0)
            self.assertEqual(counts["memory_bytes{state}"], 0)
            self.assertEqual(counts["dissect_total{malformed}"], malformed)
            records = spanlight.dissect(capture)
        self.assertEqual({r["protocol"] for r in records}, {name})
        self.assertNotIn("s3cret", str(records))
        return done, records


if __name__ == "__main__":  # served.py NAME PORT CAPTURE records what tests/captures/lab-NAME.pcap holds
    name, port, capture = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        record(importlib.import_module(f"{name}_talk"), int(port), pathlib.Path(capture), pathlib.Path(folder))
