"""What is said of connections against an independent dissector: tshark's analysis of the same captures. Neither tshark nor the
captures are a part of the project: without them the test is skipped. Where the two differ for a reason stands in
tests/golden/connections.md."""
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import spanlight

CAPTURES = spanlight.SHARED / "captures"
# Not those of tunnels, in which the two mean other ends, nor those that are damaged on purpose.
LEFT_OUT = ("expected", "encap", "robustness")
ANALYSES = ("retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "zero_window")
FIELDS = ("tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport", "tcp.analysis.initial_rtt",
          *(f"tcp.analysis.{name}" for name in ANALYSES))
AGREEMENT_MIN = 0.95
# Without the filter for second copies, which tshark does not have either; one connection is one, however long it rests.
SETTINGS = "decode: {removeDuplicates: false}\nflows: {tcpIdle: 86400, tcpOpening: 3600}\nconnections: {records: all, interval: 0}\n"


def key_of(a, b):
    return tuple(sorted((a, b)))


def theirs(captures, folder):
    """Ends of a connection -> counts, summed over all connections of these ends."""
    together = tempfile.NamedTemporaryFile(dir=folder, suffix=".pcapng")
    subprocess.run(["mergecap", "-a", "-F", "pcapng", "-w", together.name, *captures], check=True, capture_output=True, timeout=300)
    done = subprocess.run(["tshark", "-n", "-r", together.name, "-Y", "tcp && !icmp && !icmpv6", "-T", "fields", "-E", "occurrence=f",
                           "-o", "tcp.desegment_tcp_streams:FALSE", *(x for f in FIELDS for x in ("-e", f))],
                          capture_output=True, text=True, timeout=300)
    found = collections.defaultdict(collections.Counter)
    streams = collections.defaultdict(set)
    for line in done.stdout.splitlines():
        row = dict(zip(FIELDS, line.split("\t")))
        key = key_of((row["ip.src"] or row["ipv6.src"], int(row["tcp.srcport"])), (row["ip.dst"] or row["ipv6.dst"], int(row["tcp.dstport"])))
        counts = found[key]
        counts["packets"] += 1
        counts["sent_again"] += any(row[f"tcp.analysis.{name}"] for name in ANALYSES[:3])
        counts["out_of_order"] += bool(row["tcp.analysis.out_of_order"])
        counts["zero_windows"] += bool(row["tcp.analysis.zero_window"])
        streams[key].add(row["tcp.stream"])
        if row["tcp.analysis.initial_rtt"] and len(streams[key]) == 1:
            counts["handshake"] = round(float(row["tcp.analysis.initial_rtt"]) * 1e6)
    return found


def ours(capture, settings):
    found = collections.defaultdict(collections.Counter)
    for record in spanlight.dissect(capture, "-c", settings, "--filter", "conn"):
        fields = (record.get("request") or record.get("response"))["fields"]
        key = key_of(*((record[end]["ip"], record[end]["port"]) for end in ("src", "dst")))
        counts = found[key]
        for name in ("local", "remote"):
            counts["packets"] += fields[f"{name}_pkts"]
            counts["sent_again"] += fields[f"{name}_retransmissions"]
            counts["out_of_order"] += fields[f"{name}_out_of_order"]
            counts["zero_windows"] += fields[f"{name}_zero_windows"]
        if "handshake" not in counts and "handshake_time" in fields:
            counts["handshake"] = fields["handshake_time"]
    return found


def without_common_ends(captures, own):
    """Lists of captures in which no two connections have the same ends: tshark starts slowly, and reads each list as one."""
    lists = []
    for capture in captures:
        fitting = next((taken for taken in lists if taken["ends"].isdisjoint(own[capture])), None)
        if fitting is None:
            lists.append(fitting := {"ends": set(), "captures": []})
        fitting["ends"].update(own[capture])
        fitting["captures"].append(capture)
    return [taken["captures"] for taken in lists]


@unittest.skipUnless(CAPTURES.exists() and shutil.which("tshark"), "tshark and the shared captures are not there")
class Peer(unittest.TestCase):
    def test_counts_agree_connection_by_connection(self):
        total = collections.Counter()
        differences = []
        with tempfile.TemporaryDirectory() as folder:
            settings = pathlib.Path(folder) / "s.yaml"
            settings.write_text(SETTINGS)
            captures = sorted(c for c in CAPTURES.glob("*/*.pcap*") if c.parent.name not in LEFT_OUT)
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as cores:
                own = dict(zip(captures, cores.map(lambda capture: ours(capture, settings), captures)))
                lists = without_common_ends(captures, own)
                peer = list(cores.map(lambda taken: theirs([str(c) for c in taken], folder), lists))
            for taken, found in zip(lists, peer):
                for key, counts in found.items():
                    capture = next((c for c in taken if key in own[c]), None)
                    for name in ("packets", "sent_again", "out_of_order", "zero_windows", "handshake"):
                        a, b = counts[name], own[capture][key][name] if capture else 0
                        near = abs(a - b) <= 2 if name == "handshake" else a == b
                        total[name] += 1
                        total[f"{name} agreed"] += near
                        total[f"{name} theirs"] += a
                        total[f"{name} ours"] += b
                        if not near:
                            differences.append(f"{capture and capture.name} {key} {name}: theirs {a}, ours {b}")
        print(json.dumps(total))
        for name in ("packets", "sent_again", "out_of_order", "zero_windows", "handshake"):
            self.assertGreaterEqual(total[f"{name} agreed"] / total[name], AGREEMENT_MIN, "\n".join(differences[:80]))
        self.assertGreater(total["packets"], 100)
        self.differences = differences


if __name__ == "__main__":
    unittest.main()
