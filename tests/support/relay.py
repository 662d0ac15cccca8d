"""A relay on loopback between a client and a real server, which notes who said what: frames of a capture without a packet socket."""
import selectors
import socket
import threading
import time


class Relay:
    def __init__(self, server):
        """`server`: (address, port) that is connected to for each client."""
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.said = []  # (connection, 0 the client or 1 the server, bytes; empty: it ended, time in ns)
        self.open = 0
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        count = 0
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.open += 1
            threading.Thread(target=self._pass, args=(count, client), daemon=True).start()
            count += 1

    def _pass(self, number, client):
        ends = [client, socket.create_connection(self.server)]
        selector = selectors.DefaultSelector()
        for side, end in enumerate(ends):
            selector.register(end, selectors.EVENT_READ, side)
        left = 2
        while left:
            for key, _ in selector.select():
                try:
                    data = key.fileobj.recv(65536)
                except OSError:
                    data = b""
                with self.lock:
                    self.said.append((number, key.data, data, time.time_ns()))
                try:
                    if data:
                        ends[1 - key.data].sendall(data)
                        continue
                    ends[1 - key.data].shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                selector.unregister(key.fileobj)
                left -= 1
        for end in ends:
            end.close()
        with self.lock:
            self.open -= 1

    def settle(self, patience_s=10):
        """Waits until every connection has ended."""
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            with self.lock:
                if self.open == 0:
                    return True
            time.sleep(0.02)
        return False

    def close(self):
        self.listener.close()

    def frames(self, tcp_of, mss=1448):
        """(time in ns since the first of them, frame) of all that was said. `tcp_of(number)` makes the two ends of a connection (spanlight.Tcp)."""
        with self.lock:
            said = list(self.said)
        made, out, ended = {}, [], set()
        start = said[0][3] if said else 0
        for number, sender, data, at in said:
            frames = []
            if number not in made:
                made[number] = tcp_of(number)
                frames += made[number].handshake()
            tcp = made[number]
            if data:
                frames += tcp.data(sender, data, mss)
            elif number not in ended:
                ended.add(number)
                frames += tcp.close()
            out += [(at - start + i * 1000, frame) for i, frame in enumerate(frames)]
        return out
