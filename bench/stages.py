"""Where a worker's cycles go: perf samples of the replay's worker, laid to the stage whose source they fall into.

The worker carries no instrument. perf looks at its instruction pointer two thousand times a second; every address is resolved through
all functions that were inlined into each other there, from the innermost outwards, to the first source file that belongs to a stage.
What is shared by all rooms (memory copies, slabs, DPDK's inline functions) is so laid to whoever asked for it."""
import collections
import json
import os
import re
import shutil
import subprocess
import sys

from figures import Used, heading, say

STAGES = ("receive", "loop", "decode", "flow", "stream", "identify", "dissect", "encode", "publish", "not known")
SAMPLES_A_SECOND = 1_999
WORKER_THREADS = ("rte-worker", "lcore-worker")  # as the versions of DPDK call them
STACK_BYTES = 2_048  # enough for the few frames above a memcpy

# Rooms by their folder; a folder that is not here (dissectors/core, DPDK, the libraries) is looked through, to its caller.
# A flow's key is compared and hashed for the table.
ROOMS = (("dataplane/decode/flow_key", "flow"), ("dataplane/decode/", "decode"), ("dataplane/flow/", "flow"), ("dataplane/stream/", "stream"), ("dataplane/inspect/identify", "identify"),
         ("dataplane/inspect/", "dissect"), ("dataplane/encode/", "encode"), ("dataplane/publish/", "publish"),
         ("dataplane/lcore/", "loop"), ("bench/", "receive"))
PROTOCOL = re.compile(r"dissectors/(?!core/)[^/]+/")

# Of the inspector, what works on a flow that has no protocol yet; of the worker, what is done for one stage's sake.
IDENTIFYING = re.compile(r"Inspector::(open|look_at_head|search|probe|probe_among|rule_out|start|replay_heads|candidates_of)\b")
FLOWING = re.compile(r"Worker::(flow_of|open_flow|orient|arm|idle_deadline|on_timer|run_timers|end_connection|remove)\b")
STREAMING = re.compile(r"Worker::(on_tcp|give_segments|after_segment)\b")
LENDING = re.compile(r"Worker::(lend|give_back)\b")
DECODING = re.compile(r"Worker::(decode_one|note_frame|is_mine)\b")


def stage_of(function, path):
    """Of one function of the chain; None: look further out."""
    if "dataplane/inspect/" in path and IDENTIFYING.search(function):
        return "identify"
    if "dataplane/lcore/" in path:
        for pattern, stage in ((FLOWING, "flow"), (STREAMING, "stream"), (DECODING, "decode"), (LENDING, "dissect")):
            if pattern.search(function):
                return stage
    if PROTOCOL.search(path):
        return "dissect"
    return next((stage for folder, stage in ROOMS if folder in path), None)


class Resolver:
    """Addresses of a program → its functions there, innermost first, each with its file."""

    def __init__(self, program):
        self.program = program
        loads = subprocess.run(["readelf", "-lW", program], capture_output=True, text=True, check=True).stdout
        # (file offset, virtual address, size in the file) of each segment
        self.segments = [tuple(int(x, 16) for x in found) for found in
                         re.findall(r"LOAD\s+(0x[0-9a-f]+) (0x[0-9a-f]+) 0x[0-9a-f]+ (0x[0-9a-f]+)", loads)]
        self.known = {}

    def virtual(self, offset):
        for start, address, size in self.segments:
            if start <= offset < start + size:
                return offset - start + address
        return None

    def resolve(self, addresses):
        wanted = sorted(a for a in addresses if a not in self.known)
        if not wanted:
            return
        done = subprocess.run(["addr2line", "-e", self.program, "-a", "-i", "-f", "-C"], input="\n".join(map(hex, wanted)),
                              capture_output=True, text=True, check=True).stdout
        chain = None
        lines = iter(done.splitlines())
        for line in lines:
            if re.fullmatch(r"0x[0-9a-f]+", line):
                chain = self.known.setdefault(int(line, 16), [])
            else:
                chain.append((line, next(lines).split(":")[0]))


def samples_of(recording, program):
    """Call chains of the workers' samples: for each frame the offset in the program's file, or None where it is another's."""
    # perf (5.11 and later) prints user addresses as offsets in their file.
    text = subprocess.run(["perf", "script", "-i", recording, "--no-inline", "-F", "comm,ip,dso"],
                          capture_output=True, text=True, check=True).stdout
    chains, chain = [], None
    program = os.path.realpath(program)
    for line in text.splitlines():
        frame = re.match(r"\s+([0-9a-f]+) \((.*)\)$", line)
        if frame:
            if chain is not None:
                # A caller's address is where it goes on: one back is within the call.
                at = int(frame[1], 16) - (1 if chain else 0)
                chain.append(at if os.path.realpath(frame[2]) == program else None)
        elif line.strip():
            chain = [] if line.strip().startswith(WORKER_THREADS) else None
            if chain is not None:
                chains.append(chain)
    return [chain for chain in chains if chain]


def shares_of(recording, program):
    chains = samples_of(recording, program)
    resolver = Resolver(program)
    virtual = {offset: resolver.virtual(offset) for chain in chains for offset in chain if offset is not None}
    resolver.resolve({address for address in virtual.values() if address is not None})
    counts = collections.Counter()
    for chain in chains:
        stage = None
        for offset in chain:
            for function, path in resolver.known.get(virtual.get(offset), []):
                stage = stage or stage_of(function, path)
            if stage:
                break
        counts[stage or "not known"] += 1
    return counts


def profiled_build(root, directory, build):
    """The same build with line numbers in it, beside the first: they cost nothing at run time."""
    options = json.loads((directory / "meson-info" / "intro-buildoptions.json").read_text())
    if next(o["value"] for o in options if o["name"] == "debug"):
        return directory
    profiled = directory.with_name(directory.name + "-profiled")
    build(profiled, ["-Ddebug=true"], ["bench/spanlight-replay"])
    return profiled


def stages(root, directory, build, work, seconds, report):
    if shutil.which("perf") is None:
        say("\nstages: perf is not installed (package linux-perf): left out")
        return
    program = profiled_build(root, directory, build) / "bench" / "spanlight-replay"
    for mix in ("rpc", "web", "bulk", "pipelined", "chunked"):
        recording = work / "perf.data"
        used = Used(["perf", "record", "-q", "-e", "cpu-clock:u", "-F", SAMPLES_A_SECOND, "--call-graph", f"dwarf,{STACK_BYTES}", "-o", recording, "--",
                     program, "--mix", mix, "--seconds", seconds, "--no-baseline", "--json"])
        found = re.search(r"^\{.*\}$", used.out, re.M)
        if used.status != 0 or found is None:
            report.fail(f"stages of {mix}: {used.err.strip()[-300:]}")
            continue
        run = json.loads(found[0])
        counts = shares_of(recording, program)
        total = sum(counts.values())
        packet = run["pipeline"]["cycles_per_packet"]
        calls = run["frames_per_lap"] / max(1, run["calls_per_lap"])
        heading(f"stages of {mix}: {total:,} samples of the worker, {packet:,.0f} cycles/packet, {packet * calls:,.0f} cycles/call")
        if total < 500:
            report.fail(f"stages of {mix}: too few samples")
            continue
        for stage in STAGES:
            share = counts[stage] / total
            say(f"  {stage:<10} {share:6.1%} {share * packet:9.1f} cycles/packet {share * packet * calls:11.0f} cycles/call")
        report.add("stages", mix, {"samples": dict(counts), "cycles_per_packet": {s: counts[s] / total * packet for s in STAGES}, "run": run})


if __name__ == "__main__":
    print(shares_of(sys.argv[1], sys.argv[2]))
