"""A real server on the loopback interface of a network namespace of its own, its clients beside it, and what passes between them
captured: for protocols whose servers come from Debian. Needs root, ip and tcpdump."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import spanlight
import tap

ADDRESS = "127.0.0.1"
SUPPORT = spanlight.ROOT / "tests" / "support"


def works(*programs):
    return os.geteuid() == 0 and all(map(shutil.which, ("ip", "tcpdump", *programs)))


class Space(unittest.TestCase):
    """A namespace for each test; everything that was started in it ends with it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="spanlight-real-")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.folder = pathlib.Path(folder.name)
        self.name = f"slreal{os.getpid()}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.addCleanup(subprocess.run, ["ip", "netns", "del", self.name])
        self.addCleanup(self.end_all)
        subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up"], check=True)

    def end_all(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            pids = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True).stdout.split()
            for pid in pids:
                try:
                    os.kill(int(pid), how)
                except ProcessLookupError:
                    pass
            until = time.monotonic() + 10
            while time.monotonic() < until and subprocess.run(["ip", "netns", "pids", self.name], capture_output=True).stdout:
                time.sleep(0.1)

    def inside(self, *command):
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def start(self, *command):
        """In the background; what it says lies in a file that a failed wait shows."""
        log = open(self.folder / "server.log", "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen(self.inside(*command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def run_inside(self, *command, check=True, timeout=120):
        return subprocess.run(self.inside(*command), capture_output=True, text=True, timeout=timeout, check=check, cwd=self.folder)

    def wait_until(self, condition, what, seconds=120):
        until = time.monotonic() + seconds
        while not condition():
            log = self.folder / "server.log"
            said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            self.assertLess(time.monotonic(), until, f"{what}: {said}")
            time.sleep(0.2)

    def wait_for_port(self, port, kind="t", seconds=120):
        self.wait_until(lambda: f":{port} " in self.run_inside("ss", f"-Hln{kind}").stdout, f"port {port}", seconds)

    def captured(self, talk, expression=""):
        """The records of what passes while `talk()` runs."""
        capture = self.folder / "talk.pcap"
        with tap.Tap("lo", capture, expression, prefix=self.inside()):
            said = talk()
        counts = spanlight.counters(capture)
        self.assertEqual(spanlight.unaccounted(counts), 0)
        self.assertEqual(counts["memory_bytes{state}"], 0)
        if os.environ.get("KEEP_CAPTURE"):
            shutil.copy(capture, os.environ["KEEP_CAPTURE"])
        return said, spanlight.dissect(capture)
