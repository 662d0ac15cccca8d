"""What goes over the wire only ever grows: each schema is an evolution of its first version, as flatc sees it."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCHEMAS = ROOT / "config" / "schema"
NAMES = sorted(p.name for p in (SCHEMAS / "first").glob("*.fbs"))


def members(text):
    """(table or struct, field) of a schema."""
    text = re.sub(r"//.*", "", text)
    return {(name, field) for name, body in re.findall(r"(?:table|struct)\s+(\w+)\s*{([^}]*)}", text)
            for field in re.findall(r"(\w+)\s*:", body)}


@unittest.skipUnless(shutil.which("flatc"), "flatc is not installed")
class Schemas(unittest.TestCase):
    def conforms(self, name, text):
        """Whether `text` may stand in the place of the first version."""
        with tempfile.TemporaryDirectory() as folder:
            old, new = pathlib.Path(folder, "old.fbs"), pathlib.Path(folder, "new.fbs")
            # In one namespace: flatc compares what has the same name.
            frozen = (SCHEMAS / "first" / name).read_text()
            old.write_text(frozen.replace("namespace spanlight.wire.first;", "namespace spanlight.wire;"))
            new.write_text(text)
            done = subprocess.run(["flatc", "--conform", str(old), str(new)], capture_output=True, text=True)
            return done.returncode == 0, done.stdout + done.stderr

    def test_every_schema_has_its_first_version(self):
        self.assertEqual(NAMES, sorted(p.name for p in SCHEMAS.glob("*.fbs")))

    def test_every_schema_is_an_evolution_of_its_first_version(self):
        for name in NAMES:
            good, said = self.conforms(name, (SCHEMAS / name).read_text())
            self.assertTrue(good, f"{name}: {said}")

    def test_nothing_was_removed(self):
        for name in NAMES:
            first = members((SCHEMAS / "first" / name).read_text())
            self.assertGreater(len(first), 5, name)
            self.assertEqual(first - members((SCHEMAS / name).read_text()), set(), name)

    def test_what_must_not_be_changed_is_found(self):
        text = (SCHEMAS / "command.fbs").read_text()
        changes = (("  sensor: string;\n", ""), ("  id: uint64;", "  fresh: uint64; id: uint64;"), ("sensor_epoch: uint64;", "sensor_epoch: uint32;"),
                   ("{ Ping, SetTargets, GetPackets }", "{ SetTargets, Ping, GetPackets }"))
        for before, after in changes:
            self.assertIn(before, text)
            good, _ = self.conforms("command.fbs", text.replace(before, after))
            self.assertFalse(good, f"{before} -> {after}")


if __name__ == "__main__":
    unittest.main()
