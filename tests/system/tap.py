"""What passes an interface, in a file, and all of it: tcpdump with room for a busy machine, whose account of what it missed is heeded."""
import pathlib
import re
import signal
import subprocess
import time

# A frame in the kernel's ring takes what the longest packet does. The default holds eight of them.
SNAPLEN, RING_KIB = 66_000, 32_768
PATIENCE_S = 20
SETTLES_S = 1  # until what was said last has come here


class Missed(RuntimeError):
    pass


class Tap:
    """with Tap("lo", file, "tcp port 80"): ...; `prefix` runs tcpdump elsewhere, as in ("ip", "netns", "exec", name)."""

    def __init__(self, interface, capture, expression="", prefix=()):
        self.log = pathlib.Path(f"{capture}.log")
        self.command = [*prefix, "tcpdump", "-i", interface, "-nn", "-U", "--immediate-mode", "-s", str(SNAPLEN), "-B", str(RING_KIB),
                        "-Z", "root", "-w", str(capture), *expression.split()]

    def __enter__(self):
        with self.log.open("w") as log:
            self.process = subprocess.Popen(self.command, stderr=log)
        until = time.monotonic() + PATIENCE_S
        while "listening on" not in self.log.read_text():
            if time.monotonic() > until or self.process.poll() is not None:
                self.process.kill()
                self.process.wait()
                raise TimeoutError(f"tcpdump does not begin: {self.log.read_text()}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        time.sleep(SETTLES_S)
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        said = self.log.read_text()
        if not re.search(r"^0 packets dropped by kernel", said, re.M):
            raise Missed(f"the capture is not whole: {said}")
