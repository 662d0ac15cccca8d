"""Connections that are silent between their calls keep next to nothing, and go on as if nothing had been."""
import os
import tempfile
import unittest

import spanlight

CONNECTIONS = 20
CALLS = 5
SILENCE_NS = 1_500_000_000  # longer than a flow stays awake


def frames_of_all():
    """Each connection's frames as lists: what stands in one list comes without a pause."""
    turns = []
    connections = [spanlight.Tcp(client=(f"10.3.0.{n + 1}", 30_000 + n)) for n in range(CONNECTIONS)]
    for tcp in connections:
        turns.append(tcp.handshake())
    for call in range(CALLS):
        for n, tcp in enumerate(connections):
            turns.append(tcp.data(0, b"GET /%d/%d HTTP/1.1\r\nHost: h\r\n\r\n" % (n, call)))
            turns.append(tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    for tcp in connections:
        turns.append(tcp.close())
    return [frame for turn in turns for frame in turn]


class Resting(unittest.TestCase):
    def test_calls_of_silent_connections(self):
        with tempfile.TemporaryDirectory() as folder:
            busy = spanlight.write_pcap(os.path.join(folder, "busy.pcap"), frames_of_all(), step_ns=1_000)
            silent = spanlight.write_pcap(os.path.join(folder, "silent.pcap"), frames_of_all(), step_ns=SILENCE_NS)

            def told(path):
                records = spanlight.dissect(path)
                self.assertEqual({(r["state"], tuple(r.get("flags", []))) for r in records}, {("complete", ())})
                return sorted((r["path"], r["src"]["ip"], r["src"]["port"], r["summary"]) for r in records)

            self.assertEqual(told(silent), told(busy))
            self.assertEqual(len(told(silent)), CONNECTIONS * CALLS)
            rested = spanlight.counters(silent)["inspect_total{parked}"]
            # Behind each call, and never while one is open.
            self.assertEqual(rested, CONNECTIONS * CALLS)
            self.assertEqual(spanlight.counters(busy).get("inspect_total{parked}", 0), 0)


if __name__ == "__main__":
    unittest.main()
