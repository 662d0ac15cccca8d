"""The parts of the benchmarks that replay preloaded frames through the sensor's own workers (spanlight-replay)."""
import json

from figures import Single, Used, heading, ratio, say

MIXES = ("rpc", "web", "bulk", "pipelined", "chunked", "grpc", "dns", "redis", "postgresql", "kafka")
SEGMENT_BYTES, BULK_BODY_BYTES = 1_448, 1_000_000  # trace.cpp, messages.cpp

# Issue "The sensor core", cycles above the baseline, publishing included: bound, aim. What they are of: AIM_OF.
CYCLES = {"rpc": (6_000, 4_000), "web": (9_000, 6_000), "bulk": (350, 200)}
GUIDES = {"rpc": ("calls/s", 400_000), "web": ("Gbit/s", 15), "bulk": ("Gbit/s", 40),
          "grpc": ("calls/s", 200_000), "postgresql": ("calls/s", 300_000), "kafka": ("calls/s", 300_000)}


class Replays:
    def __init__(self, program, repeat, seconds, report):
        self.program, self.repeat, self.seconds, self.report = program, repeat, seconds, report

    def run(self, *arguments):
        """One run's figures, or None: it failed, and the report says so."""
        used = Used([self.program, "--json", "--seconds", self.seconds, *arguments])
        if used.status != 0:
            self.report.fail(f"spanlight-replay {' '.join(map(str, arguments))}: {used.err.strip()[-300:]}")
            return None
        return json.loads(used.out)

    def alternately(self, cases):
        """Each case `repeat` times, in turn, so that what else the machine does falls on all alike."""
        runs = {name: [] for name in cases}
        for _ in range(self.repeat):
            for name, arguments in cases.items():
                got = self.run(*arguments)
                if got is not None:
                    runs[name].append(got)
        return runs


def of(runs, *path):
    """The figure at `path` in every run."""
    values = Single()
    for run in runs:
        for key in path:
            run = run[key]
        values.append(run)
    return values


def above_baseline(runs, key):
    """Pipeline less baseline of the same run; a baseline has no calls, so a call's is that of its packets."""
    values = Single()
    for run in runs:
        packet = run["pipeline"]["cycles_per_packet"] - run["baseline"]["cycles_per_packet"]
        each = {"packet": 1, "call": run["frames_per_lap"] / max(1, run["calls_per_lap"])}[key]
        values.append(packet * each)
    return values


def mixes(replays):
    heading(f"replay: frames from memory through the whole pipeline, one worker, median of {replays.repeat}")
    runs = replays.alternately({mix: ["--mix", mix] for mix in MIXES})
    say(f"  {'mix':<10} {'M packets/s':>12} {'Gbit/s':>8} {'calls/s':>10} {'cycles/packet':>14} {'/byte':>7} {'baseline':>9} "
        f"{'above it: /packet':>18} {'/call':>28}  {'CPU':>5}")
    for mix, got in runs.items():
        if not got:
            continue
        calls = above_baseline(got, "call")
        say(f"  {mix:<10} {of(got, 'pipeline', 'packets_per_s').median / 1e6:12.3f} {of(got, 'pipeline', 'gbit_per_s').median:8.2f} "
            f"{of(got, 'pipeline', 'calls_per_s').median:10,.0f} {of(got, 'pipeline', 'cycles_per_packet').median:14.1f} "
            f"{of(got, 'pipeline', 'cycles_per_byte').median:7.3f} {of(got, 'baseline', 'cycles_per_packet').median:9.1f} "
            f"{above_baseline(got, 'packet').median:18.1f} {str(calls):>28}  {of(got, 'pipeline', 'cpu_share').median:5.0%}")
        replays.report.add("replay", mix, {"cycles_above_per_packet": above_baseline(got, "packet"), "cycles_above_per_call": calls,
                                           "packets_per_s": of(got, "pipeline", "packets_per_s"),
                                           "gbit_per_s": of(got, "pipeline", "gbit_per_s"),
                                           "calls_per_s": of(got, "pipeline", "calls_per_s"), "runs": got})
    say("  beside the aims:")
    for mix, (name, least) in GUIDES.items():
        if not runs[mix]:
            continue
        bound, aim = CYCLES.get(mix, (None, None))
        calls = above_baseline(runs[mix], "call").median
        figures = {f"a {mix} call": calls}
        if mix == "bulk":  # a third of its packets are acknowledgements
            figures = {"a packet of bulk, body or acknowledgement": above_baseline(runs[mix], "packet").median,
                       "a body packet and its half acknowledgement": calls / (BULK_BODY_BYTES / SEGMENT_BYTES)}
        for what, figure in figures.items():
            beside = f"    issue: at most {bound:,}, aim {aim:,}" if bound else ""
            say(f"    {what:<44} {figure:9,.0f} cycles{beside}")
        median = of(runs[mix], "pipeline", {"calls/s": "calls_per_s", "Gbit/s": "gbit_per_s"}[name]).median
        say(f"    {'of one core, by the clock':<44} {median:9,.1f} {name:<9} issue: guide {least:,}")
    replayed = sum(run["pipeline"]["replaced"] for got in runs.values() for run in got)
    say(f"  frames that were still in use when due and went on as copies: {replayed}")


def published(replays):
    heading(f"replay, published over ZeroMQ (ipc) to a subscriber that verifies every batch, median of {replays.repeat}")
    runs = replays.alternately({mix: ["--mix", mix, "--publish"] for mix in MIXES})
    for mix, got in runs.items():
        if not got:
            continue
        say(f"  {mix:<10} {of(got, 'pipeline', 'calls_per_s').median:10,.0f} calls/s  worker {above_baseline(got, 'call')} cycles/call above the "
            f"baseline; publisher {of(got, 'publisher_cycles_per_record').median:,.0f} cycles/record on its own thread; "
            f"held {of(got, 'pipeline', 'held_share').median:.0%}, CPU {of(got, 'pipeline', 'cpu_share').median:.0%}")
        replays.report.add("published", mix, {"cycles_above_per_call": above_baseline(got, "call"),
                                              "publisher_cycles_per_record": of(got, "publisher_cycles_per_record"), "runs": got})


def workers(replays):
    heading(f"one worker and two, records counted and thrown away, median of {replays.repeat}, in turn")
    for mix in ("rpc", "web", "bulk"):
        runs = replays.alternately({n: ["--mix", mix, "--workers", n, "--look-every", 0, "--no-baseline"] for n in (1, 2)})
        if not runs[1] or not runs[2]:
            continue
        cycles = {n: of(got, "pipeline", "cycles_per_packet") for n, got in runs.items()}
        found = ratio(cycles[2].median, cycles[1].median)
        say(f"  {mix:<10} one {cycles[1]} cycles/packet, two {cycles[2]}; ratio {found:.3f}    issue: at most 1.05; "
            f"CPU {of(runs[1], 'pipeline', 'cpu_share').median:.0%} and {of(runs[2], 'pipeline', 'cpu_share').median:.0%}")
        replays.report.add("workers", mix, {"one": cycles[1], "two": cycles[2], "ratio": found, "runs": runs})


def targets(replays):
    """What a packet costs that nobody asked for, beside one that is looked at."""
    heading(f"capture targets: packets that are left out (web), median of {replays.repeat}, in turn")
    hosts = " or ".join(f"host 192.0.2.{n}" for n in range(1, 21))
    cases = {"all looked at": [], "a set of 5,000 addresses": ["--targets", 5_000], "a set of 1,000,000": ["--targets", 1_000_000],
             "filter: tcp port 81": ["--filter", "tcp port 81"], "filter: 20 hosts": ["--filter", hosts]}
    for name, got in replays.alternately({name: ["--mix", "web", *more] for name, more in cases.items()}).items():
        if not got:
            continue
        say(f"  {name:<26} {str(above_baseline(got, 'packet')):>28} cycles/packet above the baseline of "
            f"{of(got, 'baseline', 'cycles_per_packet').median:.0f}; {of(got, 'pipeline', 'packets_per_s').median / 1e6:.2f} M packets/s")
        replays.report.add("targets", name, {"cycles_above_per_packet": above_baseline(got, "packet"), "runs": got})


def packets(replays):
    """What it costs to keep the packets behind the calls."""
    heading(f"packet ring of 256 MiB, median of {replays.repeat}, in turn")
    cases = {"without": [], "whole packets": ["--keep", 256], "128 bytes of each": ["--keep", 256, "--keep-bytes", 128]}
    for mix in ("rpc", "web", "bulk"):
        for name, got in replays.alternately({name: ["--mix", mix, *more] for name, more in cases.items()}).items():
            if not got:
                continue
            say(f"  {mix:<10} {name:<20} {str(above_baseline(got, 'packet')):>28} cycles/packet above the baseline, "
                f"{of(got, 'pipeline', 'gbit_per_s').median:.2f} Gbit/s")
            replays.report.add("packets", f"{mix}, {name}", {"cycles_above_per_packet": above_baseline(got, "packet"), "runs": got})


def connections(replays):
    """What records of connections cost: counting each packet, and a record for each connection."""
    heading(f"records of connections, median of {replays.repeat}, in turn")
    for mix in ("rpc", "web", "bulk", "headers"):
        runs = replays.alternately({records: ["--mix", mix, "--connection-records", records]
                                    for records in ("none", "sampled", "all")})
        if not runs["none"]:
            continue
        without = of(runs["none"], "pipeline", "cycles_per_packet").median
        for records, got in runs.items():
            if not got:
                continue
            cycles = of(got, "pipeline", "cycles_per_packet")
            say(f"  {mix:<10} {records:<8} {str(cycles):>28} cycles/packet, {cycles.median - without:+7.1f}, ratio "
                f"{ratio(cycles.median, without):.3f}")
            replays.report.add("connections", f"{mix}, {records}",
                               {"cycles_per_packet": cycles, "ratio": ratio(cycles.median, without), "runs": got})


def flows(replays, ten_million):
    heading(f"headers: packets without payload on connections that stay open, median of {replays.repeat}, in turn")
    cases = {"1,000": ["--connections", 1_000], "1,000,000": ["--connections", 1_000_000],
             "1,000, frames in cache": ["--connections", 1_000, "--frames", 4_096]}
    runs = replays.alternately({name: ["--mix", "headers", *more] for name, more in cases.items()})
    for name, got in runs.items():
        if not got:
            continue
        say(f"  {name:<24} {of(got, 'pipeline', 'packets_per_s').median / 1e6:8.3f} M packets/s, "
            f"{str(of(got, 'pipeline', 'cycles_per_packet')):>22} cycles/packet, baseline {of(got, 'baseline', 'cycles_per_packet').median:.1f}; "
            f"hugepages {'yes' if got[0]['hugepages'] else 'NO'}, CPU {of(got, 'pipeline', 'cpu_share').median:.0%}")
        replays.report.add("flows", name, {"packets_per_s": of(got, "pipeline", "packets_per_s"),
                                           "cycles_per_packet": of(got, "pipeline", "cycles_per_packet"), "runs": got})
    few, many = runs["1,000"], runs["1,000,000"]
    if few and many:
        by_clock = ratio(of(many, "pipeline", "packets_per_s").median, of(few, "pipeline", "packets_per_s").median)
        by_cycles = ratio(of(few, "pipeline", "cycles_per_packet").median, of(many, "pipeline", "cycles_per_packet").median)
        say(f"  rate at 1,000,000 over rate at 1,000: {by_clock:.2f} by the clock, {by_cycles:.2f} by cycles    issue: at least 0.6")
        replays.report.add("flows", "ratio", {"by_clock": by_clock, "by_cycles": by_cycles})
    if ten_million:
        most_flows(replays)


def most_flows(replays):
    got = replays.run("--mix", "headers", "--connections", 10_000_000, "--no-baseline")
    if got is None:
        return
    taken = got["resident_after"] - got["resident_before"]
    say(f"  {'10,000,000':<24} {got['pipeline']['packets_per_s'] / 1e6:8.3f} M packets/s, {got['pipeline']['cycles_per_packet']:,.0f} cycles/packet; "
        f"hugepages {'yes' if got['hugepages'] else 'NO'}, CPU {got['pipeline']['cpu_share']:.0%}")
    say(f"    flow tables told at start {got['told_tables_bytes'] / 1e6:,.0f} MB, taken {taken / 1e6:,.0f} MB    issue: the memory is what was told; "
        f"frames {got['told_frames_bytes'] / 1e6:,.0f} MB told, {got['hugepages_bytes'] / 1e6:,.0f} MB of hugepages; "
        f"open flows {got['open_flows']:,}")
    replays.report.add("flows", "10,000,000", got)


def idle(replays):
    heading("memory of a connection that stays open (HTTP/1; slabs, flow entry, its share of the index)")
    got = replays.run("--idle-flows", "--mix", "rpc")
    if got is None:
        return
    aims = {"identified, idle": "issue: at most 256", "call open": "issue: at most 1,024, buffered heads apart"}
    for state, figures in got.items():
        if isinstance(figures, dict):
            say(f"  {state:<18} {figures['bytes_per_flow']:8.1f} bytes: table {figures['table']:.1f}, state slabs {figures['state']:.1f}, "
                f"preview slabs {figures['preview']:.1f}    {aims.get(state, '')}")
            replays.report.add("idle", state, figures)


def poor_mirror(replays):
    heading("a poor mirror: 10 of 1,000 frames lost, 50 out of order (accounts balance to the frame, or the run fails)")
    for mix in MIXES:
        got = replays.run("--mix", mix, "--loss", 10, "--disorder", 50, "--look-every", 1)
        if got is None:
            continue
        looked = max(1, got["records_looked_at"])
        whole = looked - got["records_touched"] - got["records_incomplete"]
        above = above_baseline([got], "call").median
        say(f"  {mix:<10} {got['records_found']:,} records of {got['records_expected']:,} calls: whole {whole / looked:.1%}, touched by a gap "
            f"{got['records_touched'] / looked:.1%}, one half missing {got['records_incomplete'] / looked:.1%}; {above:,.0f} cycles/call above the baseline; "
            f"{got['gaps']:,} gaps, {got['early_segments']:,} early segments; records dropped {got['records_dropped']}, state exhausted "
            f"{got['state_exhausted']}")
        replays.report.add("poor_mirror", mix, got)
