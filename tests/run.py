#!/usr/bin/python3
"""Builds every flavour of Spanlight and runs every test; the last line is "N passed, N failed".

Flavours: release (unit and system tests), address (ASan+UBSan: unit tests, every capture through the sanitized program,
and libFuzzer, some seconds for each target), thread (TSan: the rooms where threads meet), lint (clang-tidy).
Test programs are asked from meson: whatever a room registers there is run here.
"""
import argparse
import base64
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import lint

ROOT = pathlib.Path(__file__).resolve().parent.parent
THREAD_SUITE = "threads"  # what meson calls the tests that also run under TSan,
PLAIN_SUITE = "plain"     # those that are no GoogleTest programs (their exit status says it all),
NATIVE_SUITE = "native"   # and those that no sanitizer can run
# Line numbers are all that a sanitizer's report needs; where time is short, ASan has to do with the names of functions. TSan has
# not: what tsan.supp names stands in functions of DPDK that are inlined, and only debug information knows these.
SOON = os.environ.get("SOON") == "1"
LINES = ["-Ddebug=true", "-Dcpp_args=-g1"]
# Compiling is what takes the time: not optimised, it takes half of it.
SANITIZED = ["-Doptimization=0", "-Db_ndebug=false", "-Db_lundef=false", "-Dbenchmarks=disabled",
             # A target's sources read as one: most of the time would go into headers.
             "-Dunity=on", "-Dunity_size=100"]
ADDRESS_OPTIONS = [*SANITIZED, *(["-Ddebug=false"] if SOON else LINES), "-Dfuzz=true", "-Db_sanitize=address,undefined"]
THREAD_OPTIONS = [*SANITIZED, *LINES, "-Db_sanitize=thread"]
# Programs of this priority (meson's) or a higher one take long, and some of it they wait: their cases are dealt out to several runs.
SHARDED_PRIORITY, SHARDS = 3, 3
# A sanitized build takes what the tests beside it leave.
NICELY = ["nice", "-n", "19"]
# Clang: it makes sanitized code in half of GCC's time, and libFuzzer's with it. LLD: it links such code in a third of the time.
CLANG = {"CC": "clang-14", "CXX": "clang++-14", "CC_LD": "lld", "CXX_LD": "lld"}


class Score:
    # Told again at the end, of the first failures: of a long log the end may be all that is kept.
    SAID_CHARACTERS = 1_500
    SAID_FAILURES = 6

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.said = {}
        self.skipped = []
        self._lock = threading.Lock()  # several programs are run at a time

    def add(self, name, good, said=""):
        self.add_all(1 if good else 0, {} if good else {name: said})

    def add_all(self, passed, failed):
        """`failed`: what each of them said, by name."""
        with self._lock:
            self.passed += passed
            self.failed += failed
            self.said.update(failed)

    def tell(self):
        for name in self.failed[:self.SAID_FAILURES]:
            if self.said.get(name):
                print(f"{name}:", *self.said[name].splitlines(), sep="\n    ")
        for name in self.skipped:
            print(f"skipped: {name}")
        for name in self.failed:
            print(f"FAILED: {name}")
        print(f"{self.passed} passed, {len(self.failed)} failed")


@contextlib.contextmanager
def timed(what):
    """Where the suite's time goes."""
    begun = time.monotonic()
    yield
    print(f"time     {what:40} {time.monotonic() - begun:4.0f} s", flush=True)


def build(directory, options, targets=(), env=None):
    """A sanitized build, by clang."""
    werror = "true" if os.environ.get("WERROR") == "1" else "false"
    options = [*options, f"-Dwerror={werror}"]
    fresh = not (ROOT / directory / "build.ninja").exists()
    setup = ["meson", "setup", directory] if fresh else ["meson", "configure", directory]
    environment = {**os.environ, **CLANG, **(env or {})}
    with timed(f"{directory} is built"):
        return told([*setup, *options], environment) and told([*NICELY, "ninja", "-C", directory, *targets], environment)


def compile_in(directory, targets):
    return told(["ninja", "-C", directory, *targets], None)


def told(command, environment):
    """Whether a command succeeded; otherwise its last words are printed."""
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        print(done.stdout[-8000:])
    return done.returncode == 0


def test_programs(directory, suite=None):
    """(name, command, environment) of each test that meson knows in this build."""
    out = subprocess.run(["meson", "introspect", "--tests", directory], cwd=ROOT, capture_output=True, text=True, check=True)
    # The longest first (meson's priority), or one core would wait for them at the end.
    for test in sorted(json.loads(out.stdout), key=lambda test: -test["priority"]):
        suites = {s.split(":")[-1] for s in test["suite"]}
        if suite in suites or (suite is None and PLAIN_SUITE not in suites):
            shards = SHARDS if test["priority"] >= SHARDED_PRIORITY else 1
            for shard in range(shards):  # as GoogleTest knows them
                which = {"GTEST_TOTAL_SHARDS": str(shards), "GTEST_SHARD_INDEX": str(shard)} if shards > 1 else {}
                name = f"{test['name']} {shard + 1}/{shards}" if shards > 1 else test["name"]
                yield name, test["cmd"], {**test["env"], **which}


def run_gtest(score, flavour, name, command, env):
    """One GoogleTest program; each of its cases counts."""
    begun = time.monotonic()
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        environment = {**os.environ, **env, "ASAN_OPTIONS": "detect_stack_use_after_return=1:alloc_dealloc_mismatch=0",
                       "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
                       "TSAN_OPTIONS": f"halt_on_error=1:suppressions={ROOT}/tests/tsan.supp"}
        try:
            done = subprocess.run([*command, f"--gtest_output=json:{report.name}"], cwd=ROOT / flavour_directory(flavour), env=environment, timeout=600,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
            output, status = done.stdout, done.returncode
        except subprocess.TimeoutExpired as late:
            output, status = (late.stdout or b"").decode(errors="replace") + "\nno end after 600 s", -1
        try:
            cases = [case for suite in json.load(open(report.name))["testsuites"] for case in suite["testsuite"]]
        except ValueError:
            cases = []
    seconds = time.monotonic() - begun
    failed = 0
    for case in cases:
        title = f"{flavour} {case['classname']}.{case['name']}"
        if case["result"] == "SUPPRESSED":  # a part that another case runs in a process of its own
            continue
        if case["result"] == "SKIPPED":
            score.skipped.append(title)
            continue
        good = case["result"] == "COMPLETED" and not case.get("failures")
        failed += not good
        said = "\n".join(failure["failure"] for failure in case.get("failures", []))[:Score.SAID_CHARACTERS]
        score.add(title, good, said)
        if said:
            print(f"{title}: {said}")
    if status != 0 and failed == 0:
        score.add(f"{flavour} {name}: ended with status {status}", False, report_of(output))
        failed = 1
    if failed:
        print(output[-6000:])
    print(f"{flavour:8} {name:22} {len(cases):4} cases, {failed} failed, {seconds:.0f} s", flush=True)


def report_of(output):
    """From where a sanitizer, or a fuzz target's own check, says what is wrong; of others the last words."""
    found = re.search(r"^broken: |^.*(ERROR|WARNING): \w*Sanitizer|^.*runtime error: ", output, re.MULTILINE)
    return output[found.start():][:Score.SAID_CHARACTERS] if found else output[-Score.SAID_CHARACTERS:]


def flavour_directory(flavour):
    return {"release": "build", "address": "build-address", "thread": "build-thread"}[flavour]


def run_plain(score, flavour, directory):
    for name, command, env in test_programs(directory, PLAIN_SUITE):
        done = subprocess.run(command, cwd=ROOT / directory, env={**os.environ, **env}, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
        print(f"{flavour:8} {name:22} status {done.returncode}", flush=True)
        if done.returncode != 0:
            print(done.stdout[-4000:])
        score.add(f"{flavour} {name}", done.returncode == 0, report_of(done.stdout))


def start_flavour(cores, score, flavour, directory, suite=None):
    """Test programs share nothing: each is a job of its own."""
    return [cores.submit(run_gtest, score, flavour, *test) for test in test_programs(directory, suite)]


def test_cores():
    """Every core runs a test program, and one more: some wait for children of theirs."""
    return concurrent.futures.ThreadPoolExecutor(os.cpu_count() + 1)


def wait_for(jobs):
    for done in jobs:
        done.result()


class TimedResult(unittest.TextTestResult):
    """Says how long the longest took."""
    LONGEST = 12

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.took = []

    def startTest(self, test):
        self.begun = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        self.took.append((time.monotonic() - self.begun, test.id()))

    def printErrors(self):
        super().printErrors()
        for seconds, name in sorted(self.took, reverse=True)[:self.LONGEST]:
            if seconds >= 1:
                self.stream.writeln(f"time     {name:80} {seconds:4.0f} s")


def run_python(score, flavour, directory, folder, pattern="*_test.py"):
    """unittest cases of a folder, against the programs of one build."""
    os.environ["SPANLIGHT_BUILD"] = str(ROOT / directory)
    sys.path.insert(0, str(ROOT / folder))
    suite = unittest.defaultTestLoader.discover(str(ROOT / folder), pattern=pattern, top_level_dir=str(ROOT / folder))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=TimedResult).run(suite)
    bad = result.failures + result.errors + [(t, "") for t in result.unexpectedSuccesses]
    # Several parts of one test may fail.
    failed = {f"{flavour} {getattr(test, 'test_case', test)}": said[-Score.SAID_CHARACTERS:] for test, said in bad}
    score.add_all(result.testsRun - len(failed) - len(result.skipped), failed)
    if result.testsRun == 0:
        score.add(f"{flavour} {folder}/{pattern}: no test was found", False)
    score.skipped += [f"{flavour} {test}: {why}" for test, why in result.skipped]
    for name in [m for m in sys.modules if getattr(sys.modules[m], "__file__", None) and
                 str(ROOT / folder) in str(sys.modules[m].__file__)]:
        del sys.modules[name]
    sys.path.pop(0)


def run_web(score):
    """The dashboard's unit tests; what needs a browser is in tests/system."""
    folder = ROOT / "control" / "web"
    if not (folder / "node_modules" / "vitest").exists():
        score.skipped.append("web: its packages are not loaded; scripts/setup does it")
        return
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        done = subprocess.run(["npx", "--no-install", "vitest", "run", "--reporter=json", f"--outputFile={report.name}"], cwd=folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        try:
            cases = [case for file in json.load(open(report.name))["testResults"] for case in file["assertionResults"]]
        except ValueError:
            cases = []
    bad = [case for case in cases if case["status"] != "passed"]
    for case in cases:
        score.add(f"web {case['fullName'][:100]}", case["status"] == "passed", "\n".join(case.get("failureMessages", []))[:Score.SAID_CHARACTERS])
    if done.returncode != 0 and not bad or not cases:
        score.add(f"web: vitest ended with status {done.returncode}", False, report_of(done.stdout))
    if done.returncode != 0:
        print(done.stdout[-6000:], *(case["failureMessages"] for case in bad), sep="\n")
    print(f"web      {'vitest':22} {len(cases):4} cases, {len(bad)} failed", flush=True)


def fuzz_command(target, seeds, learned):
    """Names of new functions are not asked for: the symbolizer is slow."""
    return [str(target), str(learned), str(seeds), "-timeout=20", "-rss_limit_mb=4096", "-print_final_stats=1", "-print_funcs=0"]


def executions(output):
    """How many runs libFuzzer says there were."""
    return next((int(line.split()[-1]) for line in output.splitlines() if line.startswith("stat::number_of_executed_units")), 0)


def run_fuzzer(score, target, seconds):
    seeds = ROOT / "tests" / "fuzz" / "corpus" / target.name.removesuffix("_fuzz")
    with tempfile.TemporaryDirectory() as fresh:
        done = subprocess.run([*fuzz_command(target, seeds, fresh), f"-max_total_time={seconds}",
                               f"-artifact_prefix={fresh}/{target.name}-"],
                              cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        # The folder goes with the test; who reads the log can make the input again.
        inputs = [f"\nthe input, in base64: {base64.b64encode(path.read_bytes()).decode()}"
                  for path in pathlib.Path(fresh).glob(f"{target.name}-*") if path.stat().st_size <= 8_192]
    print(f"fuzz     {target.name:22} {executions(done.stdout)} runs in {seconds} s, status {done.returncode}", flush=True)
    if done.returncode != 0:
        print(done.stdout[-6000:], *inputs)
    score.add(f"fuzz {target.name}", done.returncode == 0, "".join([report_of(done.stdout), *inputs]))


def start_fuzzers(cores, score, directory, seconds):
    targets = sorted((ROOT / directory / "tests" / "fuzz").glob("*_fuzz"))
    each = max(1, seconds // max(1, len(targets)))
    return [cores.submit(run_fuzzer, score, target, each) for target in targets]


def run_lint(score):
    if not shutil.which(lint.TIDY):
        score.skipped.append(f"lint: {lint.TIDY} is not installed")
        return
    print("linting", flush=True)
    begun = time.monotonic()
    jobs = lint.suite_jobs(ROOT / "build")
    for name, said in lint.run(jobs):
        if said:
            print(f"{name}:\n{said[-6000:]}")
        score.add(f"lint {name}", not said, said[-Score.SAID_CHARACTERS:])
    print(f"lint     {len(jobs)} runs of {lint.TIDY} in {time.monotonic() - begun:.0f} s", flush=True)


def run_release(score, soon, lint_too):
    with timed("unit tests"):
        with test_cores() as cores:
            wait_for(start_flavour(cores, score, "release", "build", NATIVE_SUITE if soon else None))
        run_plain(score, "release", "build")
        run_web(score)
    with timed("system tests"):
        run_python(score, "release", "build", "tests/system")
        run_python(score, "rules", "build", "tests/rules")
    if lint_too:
        run_lint(score)


def run_sanitized(score, address, thread, fuzz_seconds):
    """Both sanitized flavours together, each as soon as it is built, or a core would wait for the longest program of each."""
    with timed("tests with ASan and UBSan, TSan, and fuzzing"), test_cores() as cores:
        jobs = []
        score.add("build with ASan and UBSan", address.result())
        if address.result():
            jobs += [cores.submit(run_python, score, "address", "build-address", "tests/system", "sanitized_*.py")]
            jobs += start_flavour(cores, score, "address", "build-address")
        score.add("build with TSan", thread.result())
        if thread.result():
            jobs += start_flavour(cores, score, "thread", "build-thread", THREAD_SUITE)
        if address.result() and fuzz_seconds > 0:  # while the last of those wait
            jobs += start_fuzzers(cores, score, "build-address", fuzz_seconds)
        wait_for(jobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the release build alone")
    parser.add_argument("--update", action="store_true", help="write the golden files anew")
    arguments = parser.parse_args()
    if arguments.update:
        os.environ["UPDATE_GOLDEN"] = "1"
    score = Score()
    with timed("build of the release"):
        good = subprocess.run(["scripts/build"], cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0
        # Every test runs under ASan and UBSan: where time is short, the release runs only what cannot.
        soon = SOON and not arguments.quick
        good = good and compile_in("build", ["natives"] if soon else [])
    score.add("build of the release", good)

    # System tests mostly wait for each other's ends: meanwhile the sanitized builds are made, one after the other.
    with concurrent.futures.ThreadPoolExecutor(1) as builder:
        if not arguments.quick:
            address = builder.submit(build, "build-address", ADDRESS_OPTIONS, ["all", "fuzzers"])
            thread = builder.submit(build, "build-thread", THREAD_OPTIONS, ["threads"])
        if good:
            run_release(score, soon, lint_too=not arguments.quick and os.environ.get("LINT", "1") != "0")
        if not arguments.quick:
            run_sanitized(score, address, thread, int(os.environ.get("FUZZ_SECONDS", "10")))

    score.tell()
    return 1 if score.failed else 0


if __name__ == "__main__":
    sys.exit(main())
