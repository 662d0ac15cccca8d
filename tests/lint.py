#!/usr/bin/python3
"""clang-tidy over every source file that a build compiles.

    tests/lint.py                  what scripts/test does: see below
    tests/lint.py FILE...          these files, each alone, with every check
    tests/lint.py --each           every file so, tests without the analyzer; half an hour on two CPUs

Most of the time goes into headers, which each check walks through anew: gtest's, DPDK's, the standard library's. So the sources of a
target are read as one, and only clang's analyzer, which looks at a main file alone, gets them one by one, where bytes from
outside are handled. What that misses (misc-unused-using-decls looks at main files too) is for --each.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-14"
NO_ANALYZER = "-clang-analyzer-*"
ANALYZER = "-*,clang-analyzer-*,-clang-analyzer-optin.performance.Padding"
ANALYSED = ("dissectors", *(f"dataplane/{room}" for room in ("decode", "flow", "stream", "inspect", "encode", "lcore")))


# The suite has no time for these rooms yet: lint them by hand, with FILE... or --each.
BY_HAND = ("control/", "config/filter/")


class Source:
    """A file as one target compiles it."""

    def __init__(self, entry):
        self.directory = pathlib.Path(entry["directory"])
        self.path = pathlib.Path(os.path.normpath(self.directory / entry["file"]))
        self.name = str(self.path.relative_to(ROOT)) if self.path.is_relative_to(ROOT) else None
        self.target = str(pathlib.Path(entry["output"]).parent).removesuffix(".p")
        self.arguments = shlex.split(entry["command"])
        self.spelling = entry["file"]

    def is_test(self):
        return self.name.endswith("_test.cpp") or "testing" in self.path.parts or self.name.startswith("tests/")


def sources(build):
    """Every .cpp of ours, once: the first target that compiles it counts."""
    seen = {}
    for entry in json.load(open(build / "compile_commands.json")):
        source = Source(entry)
        if source.name and source.path.suffix == ".cpp" and not source.path.is_relative_to(build):
            seen.setdefault(source.name, source)
    return list(seen.values())


class Job:
    """One run of clang-tidy; `parts`: what to run instead if the file does not compile."""

    def __init__(self, name, database, path, checks, parts=()):
        self.name, self.database, self.path, self.checks, self.parts = name, database, path, checks, parts

    def run(self):
        """What clang-tidy has to say; nothing if all is well."""
        done = subprocess.run([TIDY, "--quiet", "--extra-arg=-Wno-error", "-p", str(self.database), f"--checks={self.checks}",
                               str(self.path)], cwd=ROOT, capture_output=True, text=True, errors="replace")
        if done.returncode == 0:
            return ""
        if self.parts and "[clang-diagnostic-error]" in done.stdout:
            return "".join(part.run() for part in self.parts)
        return done.stdout or done.stderr


def alone(build, source, checks):
    return Job(source.name, build, source.path, checks)


def joined(build, but=()):
    """A job for each target, whose file includes the target's sources. Names that two sources of a target both use for
    something of their own make that impossible: such a target is read source by source."""
    folder = build / "lint"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    targets = {}
    for source in sources(build):
        if source.name.startswith(but):
            continue
        targets.setdefault(source.target, []).append(source)
    database, jobs = [], []
    for target, members in targets.items():
        unit = folder / (target.replace("/", "_") + ".cpp")
        unit.write_text("".join(f'#include "{s.path}"\n' for s in members))
        arguments = [str(unit) if a == members[0].spelling else a for a in members[0].arguments]
        database.append({"directory": str(members[0].directory), "arguments": arguments, "file": str(unit)})
        parts = [alone(build, s, NO_ANALYZER) for s in members]
        jobs.append(Job(target, folder, unit, NO_ANALYZER + ",-bugprone-suspicious-include", parts))
    (folder / "compile_commands.json").write_text(json.dumps(database))
    return jobs


def suite_jobs(build):
    analysed = [s for s in sources(build) if s.name.startswith(ANALYSED) and not s.is_test()]
    return joined(build, BY_HAND) + [Job(f"{s.name} (analyzer)", build, s.path, ANALYZER) for s in analysed]


def each_jobs(build, names=()):
    return [alone(build, s, NO_ANALYZER if s.is_test() else "") for s in sources(build) if s.name in names or not names]


def run(jobs):
    """Yields (name, what clang-tidy says) as they end."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(job.run): job.name for job in jobs}
        for done in concurrent.futures.as_completed(running):
            yield running[done], done.result()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", action="store_true", help="every file alone")
    parser.add_argument("--build", default="build", help="the build directory (build)")
    parser.add_argument("files", nargs="*", metavar="FILE")
    arguments = parser.parse_args()
    build = (ROOT / arguments.build).resolve()
    names = {os.path.relpath(f, ROOT) for f in arguments.files}
    jobs = each_jobs(build, names) if arguments.each or names else suite_jobs(build)
    begun, wrong = time.monotonic(), 0
    for name, said in run(jobs):
        if said:
            wrong += 1
            print(f"{name}:\n{said}", flush=True)
    print(f"{len(jobs) - wrong} clean, {wrong} not, {time.monotonic() - begun:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
