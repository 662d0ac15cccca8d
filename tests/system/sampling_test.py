"""A sensor that looks at n of m connections: whole ones, the same ones each time, the rest counted."""
import os
import tempfile
import unittest

import spanlight

CONNECTIONS = 2_000


def capture(path):
    frames = []
    for n in range(CONNECTIONS):
        tcp = spanlight.Tcp(client=(f"10.2.{n // 200}.{n % 200 + 1}", 30_000 + n))
        frames += tcp.handshake() + tcp.data(0, b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n)
        frames += tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") + tcp.close()
    return spanlight.write_pcap(path, frames), len(frames)


class Sampling(unittest.TestCase):
    def test_whole_connections_of_a_share(self):
        with tempfile.TemporaryDirectory() as folder:
            path, frames = capture(os.path.join(folder, "many.pcap"))
            kept = {}
            for keep, of in ((1, 4), (3, 4), (1, 1)):
                settings = os.path.join(folder, "sensor.yaml")
                with open(settings, "w") as out:
                    out.write(f"sampling: {{keep: {keep}, of: {of}}}\n")
                records = spanlight.dissect(path, "-c", settings)
                self.assertEqual({r["state"] for r in records}, {"complete"})
                kept[keep, of] = {r["path"] for r in records}
                # Binomial: five deviations on either side.
                share, deviation = CONNECTIONS * keep / of, (CONNECTIONS * keep / of * (1 - keep / of)) ** 0.5
                self.assertLessEqual(abs(len(records) - share), 5 * deviation)
                counts = spanlight.counters(path, "-c", settings)
                self.assertEqual(spanlight.unaccounted(counts), 0)
                self.assertEqual(counts["packets_total{sampled_out}"] * CONNECTIONS, (CONNECTIONS - len(records)) * frames)
                self.assertEqual(kept[keep, of], {r["path"] for r in spanlight.dissect(path, "-c", settings, "--workers", "2")})
            self.assertLess(kept[1, 4], kept[3, 4])  # who is in a small sample is in every larger one


if __name__ == "__main__":
    unittest.main()
