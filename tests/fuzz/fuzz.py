#!/usr/bin/python3
"""Builds and runs the fuzz targets, and measures which lines of each parser they reach. See scripts/fuzz."""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import run as tests  # noqa: E402  how a flavour is built

# Those with a file of their own, and the protocols that dissector_fuzz.cpp is built for.
GENERIC = re.findall(r"'(\w+)'", re.search(r"foreach name : \[(.*?)\]", (ROOT / "tests" / "fuzz" / "meson.build").read_text())[1])
TARGETS = sorted({path.stem.removesuffix("_fuzz") for path in (ROOT / "tests" / "fuzz").glob("*_fuzz.cpp")} - {"dissector"} | set(GENERIC))
# Whose lines a target has to reach, if they are not those of the protocol of its name. Not here: files that are
# half set-up and read no bytes from outside there (redact.cpp compiles rules, table.cpp asks the terminal).
PARSERS = {
    "decode": ["dataplane/decode"],
    "pcapng": ["dataplane/port/pcapng"],
    "stream": ["dataplane/stream"],
    "http": ["dissectors/http", "dissectors/core/call_queue.cpp"],
    "gql": ["dissectors/core/gql/json", "dissectors/core/gql/document", "dissectors/core/gql/request", "dissectors/core/gql/multipart"],
    "ws": ["dissectors/ws", "dissectors/core/ws"],
    "datagrams": ["dissectors/icmp", "dissectors/sctp", "dissectors/core/sctp"],
    "diameter": ["dissectors/diameter", "dissectors/core/diameter"],
    "memcached": ["dissectors/memcached/text_connection", "dissectors/memcached/emit", "dissectors/memcached/memcached"],
    "memcached_binary": ["dissectors/memcached/binary_connection"],
    "tls": ["dissectors/tls", "dissectors/core/tls"],
    "redact": ["dataplane/encode/mask", "dataplane/encode/name_set", "dataplane/encode/utf8"],
    "record": ["config/record/reader", "config/record/verify", "config/record/json", "config/record/table_text",
               "config/record/text_buffer"],
    "batch_stream": ["config/record/batch_stream"],
    "settings": ["config/settings"],
    "control_settings": ["config/settings/control_content", "config/settings/control_table",
                         "config/settings/control_together", "config/settings/kubernetes_content"],
    "filter": ["config/filter/check", "config/filter/parse", "config/filter/literal", "config/filter/diagnose", "config/filter/match",
               "config/filter/values", "config/filter/sql", "config/filter/columns", "config/filter/access", "config/filter/tree"],
    "body": ["control/body"],
    "kubernetes": ["control/kubernetes/parse"],
    "response": ["control/kubernetes/response_reader"],
    "serve_text": ["control/serve/url", "control/serve/time_text", "control/serve/network", "control/serve/wishes"],
}
LINES_MIN = 95.0  # per cent, of each file
COVERAGE = "-fprofile-instr-generate -fcoverage-mapping"


def parsers(target):
    return PARSERS.get(target, [f"dissectors/{target}"])


def build(coverage=False, targets=("fuzzers",)):
    # Optimised, unlike beside the tests: a campaign runs for longer than it is built.
    options = [*tests.ADDRESS_OPTIONS, "-Dtests=disabled", "-Doptimization=1"]
    directory = "build-fuzz"
    if coverage:
        directory = "build-coverage"
        options += ["-Db_sanitize=none", f"-Dc_args={COVERAGE}", f"-Dcpp_args={COVERAGE}",
                    f"-Dc_link_args={COVERAGE}", f"-Dcpp_link_args={COVERAGE}"]
    quiet = {"LLVM_PROFILE_FILE": "/dev/null"}  # of what meson compiles and runs to know the compiler
    if not tests.build(directory, options, targets=targets, env=quiet):
        sys.exit(f"fuzz: {directory} was not built")
    return ROOT / directory


def fuzz(directory, target, limit):
    """Runs one target, with what it has learned before, and keeps what it learns."""
    learned, found = directory / "learned" / target, directory / "found"
    learned.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    began = time.monotonic()
    done = subprocess.run([*command(directory, target, learned), limit, f"-artifact_prefix={found}/{target}-"], cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    seconds = time.monotonic() - began
    if done.returncode != 0:
        print(done.stdout[-6000:])
    runs = tests.executions(done.stdout)
    what = "nothing found" if done.returncode == 0 else f"a finding, in {found.relative_to(ROOT)}/"
    print(f"{target:9} {runs:9} runs in {seconds:6.0f} s, {runs / seconds:6.0f} a second: {what}", flush=True)
    return done.returncode == 0


def command(directory, target, learned):
    return tests.fuzz_command(directory / "tests" / "fuzz" / f"{target}_fuzz", seeds(target), learned)


def seeds(target):
    return ROOT / "tests" / "fuzz" / "corpus" / target


def write_seeds():
    """Those that a program of ours writes; the others are few, and files as they are."""
    writers = {name: f"tests/fuzz/{name}_seeds" for name in ("decode", "http2")}
    directory = build(targets=list(writers.values()))
    programs = {name: [str(directory / writer)] for name, writer in writers.items()}
    for script in sorted((ROOT / "tests" / "fuzz").glob("*_seeds.py")):
        programs[script.stem.removesuffix("_seeds")] = ["/usr/bin/python3", str(script)]
    for target, program in programs.items():
        subprocess.run([*program, str(seeds(target))], check=True)
        print(f"{target:9} {len(list(seeds(target).iterdir())):3} seeds")


def reached(directory, target, limit):
    """The lines of each file that the seeds, and a short run from them, reach: {file: {line: count}}."""
    with tempfile.TemporaryDirectory() as fresh:
        raw, profile = f"{fresh}/raw", f"{fresh}/profile"
        learned = pathlib.Path(fresh, "learned")
        learned.mkdir()
        done = subprocess.run([*command(directory, target, learned), limit, "-seed=1", f"-artifact_prefix={fresh}/"], cwd=ROOT,
                              env={"LLVM_PROFILE_FILE": raw}, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            sys.exit(f"fuzz: {target} ended with a finding; see scripts/fuzz {target}")
        subprocess.run(["llvm-profdata-14", "merge", "-o", profile, raw], check=True)
        table = subprocess.run(["llvm-cov-14", "export", "-format=lcov", f"-instr-profile={profile}",
                                command(directory, target, learned)[0]], check=True, capture_output=True, text=True).stdout
    files, lines = {}, {}
    for row in table.splitlines():
        kind, _, value = row.partition(":")
        if kind == "SF":
            path = (directory / value).resolve()
            lines = files.setdefault(str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else value, {})
        elif kind == "DA":
            line, count = value.split(",")[:2]
            lines[int(line)] = max(lines.get(int(line), 0), int(count))
    return files


def cover(directory, target, limit):
    good = True
    for path, lines in sorted(reached(directory, target, limit).items()):
        if not path.endswith(".cpp") or not path.startswith(tuple(parsers(target))):
            continue
        lines = run_lines(ROOT / path, lines)
        missed = [n for n, count in sorted(lines.items()) if count == 0]
        share = 100 * (len(lines) - len(missed)) / len(lines)
        good = good and share >= LINES_MIN
        mark = " " if share >= LINES_MIN else "!"
        print(f"{target:9} {path:40} {len(lines) - len(missed):4} of {len(lines):4} {share:6.1f} % {mark} {spans(missed)}", flush=True)
    return good


def run_lines(path, lines):
    """Without the functions that only the compiler runs: they make tables."""
    text = path.read_text().splitlines()
    out, passing = dict(lines), None
    for n, line in enumerate(text, 1):
        indent = len(line) - len(line.lstrip())
        if passing is None and line.lstrip().startswith("constexpr ") and line.rstrip().endswith(("{", ",")) and lines.get(n + 1) == 0:
            passing = indent
        if passing is None:
            continue
        if lines.get(n, 0) == 0:
            out.pop(n, None)
        if line.startswith(" " * passing + "}"):
            passing = None
    return out


def spans(numbers):
    """[1, 2, 3, 7] -> "1-3 7"."""
    out = []
    for n in numbers:
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def main():
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="target", choices=[[], *TARGETS], help=", ".join(TARGETS))
    parser.add_argument("--coverage", action="store_true", help="which lines of its parser each target reaches")
    parser.add_argument("--runs", type=int, help="how many executions of each target")
    parser.add_argument("--seconds", type=int, help="for how long each target (60; with --coverage 20)")
    parser.add_argument("--seeds", action="store_true", help="write the seeds anew")
    arguments = parser.parse_args()
    if arguments.seeds:
        return write_seeds()
    if not arguments.targets and not arguments.coverage:
        for target in TARGETS:
            print(f"{target:9} {len(list(seeds(target).iterdir())):3} seeds   {', '.join(parsers(target))}")
        return 0
    seconds = arguments.seconds or (20 if arguments.coverage else 60)
    limit = f"-runs={arguments.runs}" if arguments.runs else f"-max_total_time={seconds}"
    directory = build(arguments.coverage)
    work = cover if arguments.coverage else fuzz
    return 0 if all([work(directory, target, limit) for target in arguments.targets or TARGETS]) else 1


if __name__ == "__main__":
    sys.exit(main())
