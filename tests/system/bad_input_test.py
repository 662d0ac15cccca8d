"""Files that are not what they should be: one clear sentence, an exit status that says so, and what could be read."""
import json
import os
import pathlib
import random
import struct
import subprocess
import tempfile
import unittest

import spanlight
from spanlight import Tcp


def one_call():
    tcp = Tcp()
    return [*tcp.handshake(), *tcp.data(0, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"),
            *tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), *tcp.close()]


def block(kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def section():
    return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(link, snapshot):
    return block(1, struct.pack("<HHI", link, 0, snapshot))


def packet(of, milliseconds, frame):
    return block(6, struct.pack("<IIIII", of, 0, milliseconds * 1000, len(frame), len(frame)) + frame)


class BadFiles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def refused(self, path, *words):
        done = spanlight.run("dissect", "--json", "--quiet", path)
        sentence = done.stderr.decode()
        self.assertEqual(done.returncode, 1, sentence)
        self.assertEqual(len(sentence.strip().splitlines()), 1, sentence)
        for word in words:
            self.assertIn(word, sentence)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def test_a_file_that_is_not_there(self):
        self.refused(self.folder / "nosuch.pcap", "nosuch.pcap", "No such file")

    def test_an_empty_file(self):
        self.refused(self.write("empty.pcap", b""), "empty")

    def test_a_file_that_is_no_capture(self):
        self.refused(self.write("text.pcap", b"GET / HTTP/1.1\r\n" * 100), "text.pcap", "not a capture")

    def test_a_directory(self):
        self.refused(self.folder, "directory")

    @unittest.skipIf(os.geteuid() == 0, "root reads everything")
    def test_a_file_that_may_not_be_read(self):
        path = self.write("closed.pcap", b"x")
        path.chmod(0)
        self.refused(path, "ermission")

    def test_an_unknown_link_type_is_named(self):
        path = spanlight.write_pcap(self.folder / "radio.pcap", one_call(), link=127)
        self.refused(path, "IEEE802_11_RADIO")

    def test_interfaces_of_different_kinds_in_one_file(self):
        blocks = [interface(105, 0), interface(1, 65535), interface(101, 262144)]  # radio, Ethernet, raw IP
        for at, frame in enumerate(one_call()):
            blocks += [packet(0, at, b"radio"), packet(1, at, frame) if at % 2 else packet(2, at, frame[14:])]
        calls = self.refused(self.write("several.pcapng", section() + b"".join(blocks)), "IEEE802_11", f"left out: {len(one_call())}")
        self.assertEqual([call["path"] for call in calls], ["/a"])

    def test_the_doctor_does_not_judge_what_could_not_be_read(self):
        path = self.write("damaged.pcapng", section() + interface(1, 0) + struct.pack("<III", 6, 0, 0))
        done = spanlight.run("doctor", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("damaged.pcapng is damaged", done.stderr.decode())
        self.assertIn("cannot be judged", done.stdout.decode())
        self.assertNotIn("mirror session", done.stdout.decode())

    def test_a_truncated_file_shows_what_could_be_read(self):
        whole = spanlight.write_pcap(self.folder / "whole.pcap", one_call()).read_bytes()
        records = self.refused(self.write("cut.pcap", whole[:-20]), "cut")
        self.assertEqual([r["path"] for r in records], ["/a"])

    def test_one_bad_file_does_not_hide_the_others(self):
        good = spanlight.write_pcap(self.folder / "good.pcap", one_call())
        done = spanlight.run("dissect", "--json", "--quiet", self.write("bad.pcap", b"no"), good)
        self.assertEqual(done.returncode, 1)
        self.assertEqual([json.loads(l)["path"] for l in done.stdout.splitlines()], ["/a"])

    def test_the_standard_input(self):
        content = spanlight.write_pcap(self.folder / "good.pcap", one_call()).read_bytes()
        done = spanlight.run("dissect", "--json", "--quiet", "-", stdin=content)
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 1), done.stderr)

    def test_noise_is_counted_and_nothing_breaks(self):
        chance = random.Random(3)
        frames = [chance.randbytes(chance.randrange(0, 200)) for _ in range(3000)]
        for i in range(0, 3000, 2):  # some that begin well
            frames[i] = one_call()[i % 8][:chance.randrange(14, 60)] + frames[i]
        for link in (1, 113, 276, 101, 0):
            counts = spanlight.counters(spanlight.write_pcap(self.folder / "noise.pcap", frames, link=link))
            self.assertEqual(counts["received_packets_total"], 3000)
            self.assertEqual(spanlight.unaccounted(counts), 0)

    def test_datagrams_and_fragments_larger_than_can_be(self):
        """A length of 0 leaves it to the frame, which a capture lets be 262,144 bytes long."""
        address = bytes([10, 0, 0, 1]) + bytes([10, 0, 0, 2])
        for flags, payload in ((0, struct.pack(">HHHH", 1000, 2000, 0, 0)), (0x2000, b"")):
            ip = struct.pack(">BBHHHBBH", 0x45, 0, 0, 7, flags, 64, 17, 0) + address
            frame = b"\0" * 12 + b"\x08\0" + ip + payload + b"d" * 250_000
            counts = spanlight.counters(spanlight.write_pcap(self.folder / "huge.pcap", [frame, frame]))
            self.assertEqual(counts["received_packets_total"], 2)
            self.assertEqual(spanlight.unaccounted(counts), 0)

    def test_a_reader_that_goes_away_ends_the_program_quietly(self):
        frames = []
        for port in range(20000, 21000):
            tcp = Tcp(client=("10.0.0.1", port))
            frames += [*tcp.handshake(), *tcp.data(0, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"),
                       *tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), *tcp.close()]
        path = spanlight.write_pcap(self.folder / "many.pcap", frames)
        status = os.system(f"{spanlight.PROGRAM} dissect --json --quiet {path} | head -1 > {self.folder}/one")
        self.assertEqual(status, 0)
        self.assertTrue((self.folder / "one").read_bytes().startswith(b'{"id"'))

    def test_standard_output_that_cannot_be_written(self):
        path = spanlight.write_pcap(self.folder / "one.pcap", one_call())
        for form, status in (("table", 1), ("json", 1), ("flatbuffers", 1), ("none", 0)):
            with self.subTest(form), open("/dev/full", "wb") as full:
                done = subprocess.run([spanlight.PROGRAM, "dissect", "--quiet", "--format", form, path], stdout=full,
                                      stderr=subprocess.PIPE)
                sentence = b"spanlight dissect: standard output: No space left on device\n" if status else b""
                self.assertEqual((done.returncode, done.stderr), (status, sentence))

    def test_what_is_told_and_cannot_be_written(self):
        for arguments in (["--help"], ["--version"], ["help", "sensor"], ["dissect", "--help"], ["query", "--help"], ["check"],
                          ["check", "--keys"], ["check", "--keys", "control"]):
            with self.subTest(" ".join(arguments)), open("/dev/full", "wb") as full:
                done = subprocess.run([spanlight.PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("standard output: ", done.stderr)

    def test_closed_standard_streams(self):
        path = spanlight.write_pcap(self.folder / "one.pcap", one_call())
        command = f"{spanlight.PROGRAM} dissect --json --quiet {path}"
        for closed, status in ((">&-", 1), ("<&- >&-", 1), ("<&-", 0), ("2>&-", 0)):
            with self.subTest(closed):
                done = subprocess.run(["sh", "-c", f"{command} {closed}"], capture_output=True)
                sentence = b"spanlight dissect: standard output: Bad file descriptor\n" if status else b""
                self.assertEqual((done.returncode, done.stderr), (status, sentence))
        done = subprocess.run(["sh", "-c", f"{spanlight.PROGRAM} dissect --json --quiet - <&-"], capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (1, b"spanlight dissect: the standard input is empty\n"))

    def test_a_snap_length_is_flagged_not_hidden(self):
        path = self.folder / "snap.pcap"
        tcp = Tcp()
        frames = [*tcp.handshake(), *tcp.data(0, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"),
                  *tcp.data(1, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"z" * 1000), *tcp.close()]
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 200, 1))
            for i, frame in enumerate(frames):
                out.write(struct.pack("<IIII", 1_700_000_000, i * 1000, min(200, len(frame)), len(frame)) + frame[:200])
        records = spanlight.dissect(path)
        self.assertEqual([(r["state"], "gap" in r["flags"]) for r in records], [("complete", True)])
        self.assertEqual(records[0]["response"]["body"]["size"], 1000)


class BadCommands(unittest.TestCase):
    CASES = [
        (["dissekt"], 2, ["dissect"]),
        (["dissect"], 2, ["FILE"]),
        (["dissect", "--jsn", "x"], 2, ["--json"]),
        (["dissect", "--format", "xml", "x"], 2, ["table", "json", "none"]),
        (["dissect", "--workers", "many", "x"], 2, ["--workers"]),
        (["sensor"], 1, ["no port"]),
        (["sensor", "nosuch0"], 1, ["nosuch0"]),
        (["sensor", "-c", "/nonexistent.yaml", "lo"], 1, ["/nonexistent.yaml"]),
        (["doctor"], 2, ["SOURCE"]),
        (["check", "-c", "/nonexistent.yaml"], 1, ["/nonexistent.yaml"]),
        (["tail", "--connect", "nonsense"], 1, ["nonsense"]),
    ]

    def test_one_sentence_with_the_mend(self):
        for arguments, status, words in self.CASES:
            with self.subTest(arguments=arguments):
                done = spanlight.run(*arguments, timeout=20)
                said = done.stderr.decode().strip()
                self.assertEqual(done.returncode, status, said)
                self.assertEqual(len([l for l in said.splitlines() if "info:" not in l]), 1, said)
                for word in words:
                    self.assertIn(word, said)

    def test_help_of_every_command_reads_like_a_manual(self):
        for command in ("sensor", "dissect", "tail", "check", "doctor"):
            done = spanlight.run(command, "--help")
            self.assertEqual(done.returncode, 0)
            for part in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"):
                self.assertIn(part, done.stdout.decode(), command)


if __name__ == "__main__":
    unittest.main()
