"""A client that sends what it is given and reads until nothing comes any more: for talks with servers whose answers need no understanding."""
import socket
import time

QUIET_S = 0.1


class Client:
    def __init__(self, server, port, patience_s=10):
        until = time.monotonic() + patience_s
        while True:
            try:
                self.socket = socket.create_connection((server, port), timeout=patience_s)
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def read(self):
        """All that comes until nothing came for a moment."""
        self.socket.settimeout(QUIET_S)
        said = b""
        try:
            while more := self.socket.recv(65536):
                said += more
        except (TimeoutError, socket.timeout):
            pass
        return said

    def __call__(self, *parts):
        """Sends the parts, each as a segment of its own, and gives what comes back."""
        for part in parts:
            self.socket.sendall(part)
        return self.read()
