"""The parts of the benchmarks that give other programs the same traffic: capture files, and one DPDK device."""
import os
import pathlib
import re
import shutil
import subprocess
import time

from figures import Single, Used, heading, ratio, say

LAPS = {"web": 8, "rpc": 12, "chunked": 12}  # 314 MB, 292 MB and 267 MB: the start of a program must not matter
BODY_BYTES = 4_096                           # of each body kept, in ours and in Suricata

# One thread's worth of Suricata for HTTP alone: no rules, streams to their end, every header of each call as JSON.
SURICATA = """%YAML 1.1
---
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [{http: {extended: yes, dump-all-headers: both}}]}
stream: {memcap: 1gb, checksum-validation: yes, reassembly: {memcap: 2gb, depth: 0}}
flow: {memcap: 512mb}
app-layer:
  protocols:
    http:
      enabled: yes
      memcap: 2gb
      libhtp: {default-config: {personality: IDS, request-body-limit: 4kb, response-body-limit: 4kb}}
"""

# The same behind DPDK's net_pcap. It wants threads pinned and every line of this.
SURICATA_DPDK = """
threading:
  set-cpu-affinity: yes
  cpu-affinity:
    - management-cpu-set: {cpu: [0]}
    - worker-cpu-set: {cpu: [1]}
dpdk:
  eal-params: {proc-type: primary, no-huge: "", m: 700, no-pci: "", no-shconf: "", no-telemetry: "", vdev: "net_pcap0,rx_pcap=TRACE"}
  interfaces:
    - {interface: net_pcap0, threads: 1, promisc: true, multicast: true, checksum-checks: true, checksum-checks-offload: false,
       mtu: 1500, mempool-size: 131071, mempool-cache-size: 257, rx-descriptors: 1024, tx-descriptors: 1024, copy-mode: none,
       copy-iface: none}
"""


def thousands(text):
    return int(text.replace(",", ""))


class Peer:
    """A program and how it reads a capture. `count` says what it found of calls, or, `flows`, of connections."""

    def __init__(self, name, needs, command, count, note="", flows=False, discard=False):
        self.name, self.needs, self.command, self.count = name, needs, command, count
        self.note, self.flows, self.discard = note, flows, discard
        self.starts, self.cpu, self.wall, self.memory_mb, self.found = Single(), Single(), Single(), Single(), Single()

    def installed(self):
        return self.needs is None or shutil.which(self.needs) is not None

    def start(self, first):
        self.starts.append(Used(self.command(first)).cpu)

    def run(self, trace):
        used = Used(self.command(trace), discard=self.discard)
        self.cpu.append(used.cpu)
        self.wall.append(used.wall)
        self.memory_mb.append(used.memory_mb)
        self.found.append(self.count(used) if used.status == 0 else 0)

    @property
    def net(self):
        """CPU seconds without the program's start."""
        return max(1e-3, self.cpu.median - self.starts.median)

    @property
    def calls_per_cpu_second(self):
        return self.found.median / self.net


def fresh(directory):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    return directory


def lines_with(path, text):
    return sum(text in line for line in open(path)) if path.exists() else 0


def suricata(work, single):
    logs = work / "suricata"
    settings = work / "suricata.yaml"
    settings.write_text(SURICATA)

    def command(trace):
        fresh(logs)
        return ["suricata", "-c", settings, "-S", "/dev/null", "-r", trace, "-l", logs, *(["--runmode", "single"] if single else [])]

    return Peer("suricata -r" + (", one thread" if single else ", its own threads"), "suricata", command,
                lambda used: lines_with(logs / "eve.json", '"event_type":"http"'), "HTTP alone, no rules, all headers as JSON")


def spanlight(programs, work, form):
    settings = work / "dissect.yaml"
    settings.write_text(f"dissectors:\n  bodyPreview: {BODY_BYTES}B\n")

    def count(used):
        found = re.search(r"^([\d,]+) calls: ([\d,]+) complete", used.err, re.M)
        return thousands(found[2]) if found else 0

    return Peer(f"spanlight dissect --format {form}", None,
                lambda trace: [programs / "spanlight", "dissect", "-c", settings, "--format", form, trace], count,
                "records built" if form == "none" else "records as JSON lines", discard=True)


def tshark(lap):
    return Peer("tshark -Y http.response", "tshark",
                lambda trace: ["tshark", "-r", lap if trace.name != "first.pcap" else trace, "-Y", "http.response", "-T", "fields", "-e",
                               "http.response.code", "-e", "http.time", "-e", "http.response_for.uri"],
                lambda used: len(used.out.splitlines()), "one lap: it takes minutes for more")


def tcpflow(work):
    out = work / "tcpflow"

    def command(trace):
        shutil.rmtree(out, ignore_errors=True)
        return ["tcpflow", "-q", "-r", trace, "-o", out]

    return Peer("tcpflow", "tcpflow", command, lambda used: sum(name.name != "report.xml" for name in out.iterdir()) // 2,
                "reassembles and writes files, parses nothing", flows=True)


def ndpi():
    def count(used):
        found = re.search(r"Unique flows:\s+(\d+)", used.out)
        return int(found[1]) if found else 0

    return Peer("ndpiReader", "ndpiReader", lambda trace: ["ndpiReader", "-i", trace], count,
                "names the protocol of each flow, no calls", flows=True)


def write_trace(program, mix, path, laps, *more):
    used = Used([program, "--mix", mix, "--write", path, "--laps", laps, *more])
    if used.status != 0:
        raise SystemExit("bench: " + used.err)
    calls, frames = re.search(r"(\d+) calls, (\d+) frames", used.err).groups()
    subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)  # in the page cache for everybody
    return int(calls), int(frames)


def write_first_packet(trace, path):
    """The capture's header and its first packet: without any, Suricata's single thread waits busily for seconds."""
    header_bytes, packet_header_bytes = 24, 16
    with open(trace, "rb") as file:
        head = file.read(header_bytes + packet_header_bytes)
        captured = int.from_bytes(head[header_bytes + 8:header_bytes + 12], "little")
        path.write_bytes(head + file.read(captured))


def cpu_of_process(pid):
    """CPU seconds of all its threads so far."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass  # a thread that has just ended
    return total / 1e9


def suricata_on_dpdk(work, trace, calls):
    """A worker that polls is busy whether there is traffic or not: its CPU seconds are counted from the first call in its log to the
    last, and the calls of that time with them. (calls, CPU seconds), or the sentence of its refusal."""
    logs = fresh(work / "suricata-dpdk")
    settings = work / "suricata-dpdk.yaml"
    settings.write_text(SURICATA + SURICATA_DPDK.replace("TRACE", str(trace)))
    log = logs / "eve.json"
    patience_s, step_s = 60, 0.02
    with open(work / "suricata-dpdk.err", "wb") as err:
        child = subprocess.Popen(["suricata", "-c", settings, "-S", "/dev/null", "--dpdk", "-l", logs], stdout=err, stderr=err)
        seen, marks, began = 0, [], time.monotonic()
        with_text = '"event_type":"http"'
        reader = None
        while child.poll() is None and time.monotonic() - began < patience_s and seen < calls:
            time.sleep(step_s)
            if reader is None and log.exists():
                reader = open(log)
            new = reader.read().count(with_text) if reader else 0
            if new:
                seen += new
                marks.append((seen, cpu_of_process(child.pid)))
        if child.poll() is None:
            child.terminate()
        child.wait()
    if len(marks) < 2:
        said = (work / "suricata-dpdk.err").read_text(errors="replace").strip().splitlines()
        return next((line for line in said if line.startswith("Error")), said[-1] if said else "it said nothing")
    return seen, marks[-1][0] - marks[0][0], marks[-1][1] - marks[0][1]


def capture(programs, replay_program, work, repeat, report):
    for mix, laps in LAPS.items():
        trace, lap, first = work / f"{mix}.pcap", work / "lap.pcap", work / "first.pcap"
        calls, frames = write_trace(replay_program, mix, trace, laps)
        lap_calls, _ = write_trace(replay_program, mix, lap, 1)
        write_first_packet(trace, first)  # what starting costs
        heading(f"the same capture: {mix}, {frames:,} frames, {trace.stat().st_size / 1e6:.0f} MB, {calls:,} calls; median of {repeat}, in turn; "
                f"bodies to {BODY_BYTES} bytes")
        peers = [spanlight(programs, work, "none"), spanlight(programs, work, "json"), suricata(work, True), suricata(work, False),
                 tshark(lap), tcpflow(work), ndpi()]
        for peer in [peer for peer in peers if not peer.installed()]:
            say(f"  {peer.needs} is not installed: left out")
        peers = [peer for peer in peers if peer.installed()]
        for _ in range(repeat):
            for peer in peers:
                peer.start(first)
                peer.run(trace)
        table(mix, peers, calls, lap_calls, report)
        if mix == "web" and shutil.which("suricata") is not None:
            on_dpdk(work, trace, calls, peers[0], repeat, report)
        trace.unlink()


def table(mix, peers, calls, lap_calls, report):
    say(f"  {'':<32} {'wall s':>7} {'CPU s':>7} {'start':>7} {'net CPU s':>10} {'MB':>6} {'calls':>9} {'calls/CPU s':>12} {'ours are':>9}")
    ours = peers[0]
    if ours.found.median != calls:
        report.fail(f"dissect of {mix} found {ours.found.median} of {calls} calls")
    for peer in peers:
        # Where no calls are found: the same bytes, so the CPU seconds themselves.
        times = ratio(peer.net, ours.net) if peer.flows else ratio(ours.calls_per_cpu_second, peer.calls_per_cpu_second)
        found = f"{peer.found.median:,.0f}" + (" fl" if peer.flows else "")
        say(f"  {peer.name:<32} {peer.wall.median:7.2f} {peer.cpu.median:7.2f} {peer.starts.median:7.2f} {peer.net:10.3f} "
            f"{peer.memory_mb.median:6.0f} {found:>9} {'' if peer.flows else format(peer.calls_per_cpu_second, ',.0f'):>12} "
            f"{times:8.1f}x  {peer.note}")
        report.add("capture", f"{mix}: {peer.name}", {
            "found": peer.found, "flows_not_calls": peer.flows, "cpu_s": peer.cpu, "start_cpu_s": peer.starts, "wall_s": peer.wall,
            "memory_mb": peer.memory_mb, "calls_per_cpu_s": None if peer.flows else peer.calls_per_cpu_second, "ours_are_times": times})
    if mix == "web":
        say("    issue: at least 20 x Suricata's calls per CPU second, at least 100 x tshark's")
    say(f"  calls in the capture {calls:,}, in tshark's lap {lap_calls:,}; fl: flows, compared by CPU seconds for the same packets")


def on_dpdk(work, trace, calls, ours, repeat, report):
    rates = Single()
    for _ in range(repeat):
        got = suricata_on_dpdk(work, trace, calls)
        if isinstance(got, str):
            say(f"  suricata on DPDK's net_pcap does not run: {got}")
            report.add("capture", "web: suricata --dpdk", got)
            return
        seen, counted, cpu = got
        rates.append(counted / max(cpu, 1e-3))
    say(f"  {'suricata --dpdk, net_pcap':<32} {seen:,} of {calls:,} calls, {rates.median:,.0f} calls/CPU s from its first call to its last; "
        f"ours are {ratio(ours.calls_per_cpu_second, rates.median):.1f}x")
    report.add("capture", "web: suricata --dpdk", {"found": seen, "calls_per_cpu_s": rates,
                                                   "ours_are_times": ratio(ours.calls_per_cpu_second, rates.median)})


def device(programs, replay_program, work, seconds, report):
    """net_pcap, infinite_rx: DPDK's own device on the same trace, under testpmd and under the sensor."""
    heading("the same device: net_pcap replaying the web trace without end, received by one core")
    trace = work / "device.pcap"
    write_trace(replay_program, "web", trace, 1)
    # net_pcap keeps the whole trace in mbufs and copies each frame into another one; without hugepages an mbuf takes a
    # page.
    mbufs = 131_071
    source = f"net_pcap0,rx_pcap={trace},infinite_rx=1"
    settings = work / "device.yaml"
    settings.write_text(f"sensor:\n  runAs: \"\"\ndpdk:\n  mbufs: {mbufs}\n  memoryMb: 700\nlcores:\n  idle: poll\n"
                        f"publishing:\n  records: \"ipc://{work}/records.sock\"\n"
                        f"  commands: \"ipc://{work}/command.sock\"\n  metrics: \"\"\n")
    ours = Used([programs / "spanlight", "sensor", "-c", settings, source], stop_after=seconds)
    ended = re.search(r"ended: (\d+) packets, (\d+) records", ours.err)
    if ours.status != 0 or ended is None:
        report.fail("the sensor on net_pcap: " + ours.err.strip()[-400:])
        return
    rows = [("spanlight sensor, one worker", ours, int(ended[1]), "records built, nobody subscribed")]
    if shutil.which("dpdk-testpmd") is None:
        say("  dpdk-testpmd is not installed (package dpdk): left out")
    else:
        used = Used(["dpdk-testpmd", "-l", "0-1", "--no-huge", "-m", 700, "--no-pci", "--no-shconf", "--no-telemetry",
                     "--file-prefix", f"bench_{os.getpid()}", "--vdev", source, "--", "--forward-mode=rxonly",
                     f"--total-num-mbufs={mbufs}", "--no-mlockall", "--stats-period=1", "--no-lsc-interrupt",
                     "--auto-start"], stop_after=seconds)
        received = re.findall(r"RX-packets: (\d+)", used.out)
        if received:
            rows.append(("dpdk-testpmd, rxonly", used, int(received[-1]), "receives and frees, nothing else"))
        else:
            say("  dpdk-testpmd did not run: " + (used.out + used.err).strip()[-300:])
    for name, used, packets, note in rows:
        say(f"  {name:<32} {used.wall:7.2f} s, {used.cpu:6.2f} CPU s, {used.memory_mb:.0f} MB, {packets / used.cpu / 1e6:8.3f} M packets/CPU s  {note}")
        report.add("device", name, {"wall_s": used.wall, "cpu_s": used.cpu, "packets": packets})
    say("  times include the start of the program")
