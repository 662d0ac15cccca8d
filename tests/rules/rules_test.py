"""Rules about the code itself: who may know whom, how files look, what must not stand in the repository."""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOP_LEVEL = {"meson.build", "meson_options.txt", "dataplane", "dissectors", "control", "config", "bench", "tests", "scripts",
             "README.md", "LICENSE"}

# Room → the roots whose headers it may include. Enforced by include directories too, but those a stray dependency widens.
MAY_INCLUDE = {
    "dissectors": {"dissectors"},
    "config": {"config", "dissectors"},  # the check program alone asks the registry
    "dataplane": {"dataplane", "dissectors", "config"},
    "control": {"control", "config"},
}


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in out.stdout.splitlines()]


def room_of_header(name):
    """The root that a quoted include lies under."""
    for root in MAY_INCLUDE:
        if (ROOT / root / name).exists():
            return root
    return None


class Rules(unittest.TestCase):
    def test_the_top_level_is_as_agreed(self):
        names = {p.relative_to(ROOT).parts[0] for p in tracked()}
        self.assertEqual({n for n in names if not n.startswith(".")} - TOP_LEVEL, set())

    def test_rooms_include_only_what_they_may_know(self):
        for path in tracked("*.h", "*.cpp"):
            room = path.relative_to(ROOT).parts[0]
            if room not in MAY_INCLUDE or path.name.endswith("_test.cpp"):
                continue
            for name in re.findall(r'#include "([^"]+)"', path.read_text()):
                known = room_of_header(name)
                if known is not None:
                    self.assertIn(known, MAY_INCLUDE[room], f"{path.relative_to(ROOT)} includes {name}")

    def test_config_asks_dissectors_only_in_its_program(self):
        for path in tracked("config/**/*.h", "config/**/*.cpp"):
            if path.name != "check_main.cpp":
                self.assertNotRegex(path.read_text(), r'#include "(core|http)/', str(path))

    def test_no_protocol_knows_another(self):
        protocols = {p.parent.name for p in tracked("dissectors/*/meson.build")} - {"core"}
        for path in tracked("dissectors/*/*.h", "dissectors/*/*.cpp"):
            own = path.parent.name
            for name in re.findall(r'#include "([^"/]+)/', path.read_text()):
                self.assertTrue(name == own or name not in protocols, f"{path.relative_to(ROOT)} includes {name}/")

    def test_dissectors_are_pure(self):
        for path in tracked("dissectors/**/*.h", "dissectors/**/*.cpp"):
            if "test" not in path.name and "testing" not in path.parts:
                self.assertNotRegex(path.read_text(), r"#include <(rte_|flatbuffers|zmq|iostream|mutex|thread)", str(path))

    def test_no_marks_of_unfinished_work(self):
        for path in tracked("*.h", "*.cpp", "*.py", "scripts/*", "*.fbs"):
            if path != pathlib.Path(__file__).resolve():
                self.assertNotRegex(path.read_text(), r"\b(TODO|FIXME|XXX|HACK)\b", str(path))

    def test_every_folder_of_code_has_a_readme(self):
        folders = {p.parent for p in tracked("*.cpp", "*.fbs")}
        lacking = [str(f.relative_to(ROOT)) for f in folders
                   if not any((d / "README.md").exists() for d in (f, f.parent))]
        self.assertEqual(lacking, [])

    @unittest.skipUnless(shutil.which("clang-format-14"), "clang-format-14 is not installed")
    def test_no_name_stands_for_two_types(self):
        """In what is linked into one program. No compiler sees it, and the linker takes either's functions for both."""
        programs = {"sensor": ("dissectors", "dataplane", "config"), "control": ("control", "config")}
        for program, rooms in programs.items():
            headers = collections.defaultdict(set)
            for header in (path for room in rooms for path in (ROOT / room).rglob("*.h") if not path.stem.endswith(("_for_tests", "_fixture"))):
                namespaces = []
                for line in header.read_text().splitlines():
                    if opened := re.match(r"namespace ([\w:]*) ?\{", line):
                        namespaces.append(opened[1])
                    elif line.startswith("}  // namespace") and namespaces:
                        namespaces.pop()
                    elif named := re.match(r"(?:template <[^>]*>\s*)?(?:struct|class|enum class|union) (?:alignas\([^)]*\) )?(\w+)[^;]*\{", line):
                        headers["::".join([*namespaces, named[1]])].add(os.path.relpath(header, ROOT))
            with self.subTest(program=program):
                self.assertGreater(len(headers), 100)
                self.assertEqual({name: sorted(where) for name, where in headers.items() if len(where) > 1}, {})

    def test_formatting(self):
        files = [str(p) for p in tracked("*.h", "*.cpp")]
        done = subprocess.run(["clang-format-14", "--dry-run", "--Werror", *files], capture_output=True, text=True)
        wrong = sorted({l.split(":")[0] for l in done.stderr.splitlines() if "error" in l})
        self.assertEqual([os.path.relpath(w, ROOT) for w in wrong], [])

    def test_no_path_of_one_machine(self):
        for path in tracked("*.md", "*.h", "*.cpp", "*.py", "*.yaml", "scripts/*", ".ci/*"):
            if path != pathlib.Path(__file__).resolve():
                self.assertNotRegex(path.read_text(), r"/work/|/root/|/home/", str(path))


if __name__ == "__main__":
    unittest.main()
