"""Every file names the standard headers that it needs, by itself or by what it includes of ours: here many sources are compiled as one,
where a neighbour's include hides that one is missing, and a user's build compiles each alone."""
import collections
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HEADERS_UNDER = ["dissectors", "config", "dataplane", "control", "bench", "tests", "tests/support", "."]

# std::name → the headers that promise it. What nearly everything brings along (std::size_t and the like) is left out.
PROMISED_BY = {
    "algorithm": "sort stable_sort find_if min max clamp copy_n fill_n any_of all_of none_of lower_bound upper_bound",
    "array": "array",
    "atomic": "atomic",
    "bit": "bit_cast popcount countr_zero has_single_bit bit_ceil",
    "bitset": "bitset",
    "charconv": "from_chars to_chars",
    "condition_variable": "condition_variable",
    "cstring": "memcpy memcmp memmove memset strlen strerror",
    "deque": "deque",
    "filesystem": "filesystem",
    "fstream": "ifstream ofstream",
    "functional": "function",
    "initializer_list": "initializer_list",
    "iostream": "cout cerr cin",
    "limits": "numeric_limits",
    "map": "map",
    "memory": "unique_ptr shared_ptr make_unique make_shared",
    "mutex": "mutex lock_guard unique_lock",
    "numeric": "accumulate iota",
    "optional": "optional nullopt",
    "random": "mt19937 mt19937_64",
    "set": "set",
    "span": "span",
    "sstream": "ostringstream istringstream",
    "stdexcept": "runtime_error",
    "string": "string",
    "string_view": "string_view",
    "thread": "thread jthread",
    "tuple": "tuple tie",
    "unordered_map": "unordered_map",
    "unordered_set": "unordered_set",
    "utility": "exchange",
    "variant": "variant visit get_if",
    "vector": "vector",
}
HEADER_OF = {name: header for header, names in PROMISED_BY.items() for name in names.split()}
# Headers that bring what another promises; and those with which a list in braces may be walked.
ALSO_IN = {"string_view": {"string"}}
LISTS_IN_BRACES = {"algorithm", "array", "deque", "functional", "initializer_list", "iterator", "list", "map", "random", "ranges", "regex", "set",
                   "span", "string", "unordered_map", "unordered_set", "utility", "vector"}
INCLUDE = re.compile(r'#include ([<"])([^>"]+)[>"]')


def code_of(text):
    return re.sub(r'//.*|"(?:\\.|[^"\\])*"', "", text)


def missing_in(code, included):
    """The standard headers that this code needs and that nobody names."""
    needed = {HEADER_OF[name] for name in re.findall(r"\bstd::(\w+)", code) if name in HEADER_OF}
    missing = {header for header in needed if not included & ({header} | ALSO_IN.get(header, set()))}
    if re.search(r"for \([^;()]*: \{", code) and not included & LISTS_IN_BRACES:
        missing.add("initializer_list")
    return missing


class Includes(unittest.TestCase):
    def setUp(self):
        listed = subprocess.run(["git", "ls-files", "*.h", "*.cpp"], cwd=ROOT, capture_output=True, text=True, check=True)
        self.texts = {name: (ROOT / name).read_text() for name in listed.stdout.splitlines() if (ROOT / name).exists()}

    def header_of_ours(self, name, includer):
        places = [str(pathlib.PurePosixPath(includer).parent), *HEADERS_UNDER]
        found = (str(pathlib.PurePosixPath(place) / name) for place in places)
        return next((path for path in found if path in self.texts), None)

    def standard_headers(self, name):
        """All that this file and ours behind it include in angle brackets."""
        seen, waiting, found = set(), collections.deque([name]), set()
        while waiting:
            at = waiting.popleft()
            if at in seen:
                continue
            seen.add(at)
            for bracket, header in INCLUDE.findall(self.texts[at]):
                ours = self.header_of_ours(header, at) if bracket == '"' else None
                if ours is None:
                    found.add(header)
                else:
                    waiting.append(ours)
        return found

    def test_every_file_can_be_compiled_alone(self):
        faults = [f"{name} needs <{header}>" for name, text in sorted(self.texts.items())
                  for header in sorted(missing_in(code_of(text), self.standard_headers(name)))]
        self.assertEqual(faults, [])

    def test_the_rule_sees_what_is_missing(self):
        self.assertEqual(missing_in("std::vector<int> a;", {"string"}), {"vector"})
        self.assertEqual(missing_in("std::string_view a;", {"string"}), set())
        self.assertEqual(missing_in("for (const int a : {1, 2}) f(a);", {"cstdint"}), {"initializer_list"})
        self.assertEqual(missing_in("for (const int a : {1, 2}) f(a);", {"vector"}), set())


if __name__ == "__main__":
    unittest.main()
