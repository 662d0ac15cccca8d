#!/usr/bin/python3
"""Subscribers against a publisher with a script: the one in Python of the documentation, and `spanlight tail`."""
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types
import unittest

import spanlight

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCHEMAS = [os.path.join(ROOT, 'config', 'schema', name + '.fbs') for name in ('record', 'stats', 'hello')]
GIVEN = types.SimpleNamespace(
    publisher=str(spanlight.BUILD / 'config' / 'record' / 'record_sample_publisher'), flatc=shutil.which('flatc'),
    tail=str(spanlight.BUILD / 'spanlight-tail'))
TIMEOUT_S = 30


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.endpoint = 'ipc://' + os.path.join(self.folder.name, 'records.sock')

    def start(self, *command, **options):
        process = subprocess.Popen(command, text=True, **options)
        self.addCleanup(process.wait)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        for stream in (process.stdout, process.stderr):
            if stream:
                self.addCleanup(stream.close)
        return process

    def publish(self, script):
        publisher = self.start(GIVEN.publisher, self.endpoint, script, stdout=subprocess.PIPE)
        self.assertEqual(publisher.stdout.readline(), 'bound\n')
        return publisher

    def tail(self, *arguments, **options):
        options = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, **options}
        return self.start(GIVEN.tail, '--connect', self.endpoint, *arguments, **options)


class PythonSubscriber(Case):
    def subscribe(self, script):
        generated = os.path.join(self.folder.name, 'generated')
        subprocess.run([GIVEN.flatc, '--python', '-o', generated] + SCHEMAS, check=True)
        self.publish(script)
        done = subprocess.run(
            [os.path.join(ROOT, 'config', 'record', 'subscriber.py'), '--generated', generated,
             '--connect', self.endpoint, '--idle-s', '2'],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines(), done.stderr.splitlines()[-1]

    def test_prints_calls_and_tells_the_hole_the_loss_at_the_end_and_the_malformed_message(self):
        calls, summary = self.subscribe('holes')
        self.assertEqual(calls, ['http GET /call/%d 200 1234 us 10.244.1.7:50514 -> 10.244.2.9:8080' % n
                                 for n in (0, 1, 3, 4)])
        self.assertEqual(summary, '4 records, missed 3 batches, 0 restarts, 1 malformed')

    def test_counts_from_zero_after_a_restart_and_not_before_it_came(self):
        calls, summary = self.subscribe('restart')
        self.assertEqual(len(calls), 2)
        self.assertEqual(summary, '2 records, missed 2 batches, 1 restarts, 0 malformed')


class Tail(Case):
    def interrupt(self, process):
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT_S)
        self.assertLess(time.monotonic() - begun, 1.0)
        self.assertEqual(process.returncode, 0)
        return out, err

    def test_prints_json_lines_and_tells_what_was_missed(self):
        publisher = self.publish('holes')
        tail = self.tail('--json')
        self.assertEqual(publisher.stdout.readline(), 'sent\n')
        lines = [json.loads(tail.stdout.readline()) for _ in range(4)]
        time.sleep(0.5)
        _, err = self.interrupt(tail)
        self.assertEqual([line['path'] for line in lines], ['/call/%d' % n for n in (0, 1, 3, 4)])
        self.assertEqual(lines[3]['elapsed_time'], 1234)
        self.assertIn('sensor sample, Spanlight 0.1.0, 1 worker.', err)
        self.assertEqual(err.splitlines()[-1],
                         'spanlight tail: 4 records, missed 3 batches, skipped 1 malformed message.')

    def test_tells_a_restart(self):
        publisher = self.publish('restart')
        tail = self.tail('--json')
        self.assertEqual(publisher.stdout.readline(), 'sent\n')
        time.sleep(0.5)
        _, err = self.interrupt(tail)
        self.assertIn('the sensor was restarted;', err)
        self.assertIn('2 records, missed 2 batches, the sensor was restarted 1 time.', err)

    def test_stops_after_the_count(self):
        self.publish('holes')
        out, err = self.tail('--json', '--count', '2').communicate(timeout=TIMEOUT_S)
        self.assertEqual(len(out.splitlines()), 2)
        self.assertIn('2 records', err)

    def test_prints_only_what_the_filter_matches(self):
        self.publish('holes')
        out, err = self.tail('--json', '--filter', 'http && path in ["/call/1", "/call/4"] && status_code == 200',
                             '--count', '2').communicate(timeout=TIMEOUT_S)
        self.assertEqual([json.loads(line)['path'] for line in out.splitlines()], ['/call/1', '/call/4'])
        self.assertIn('2 records', err)
        self.assertIn('4 looked at', err)

    def test_a_filter_with_a_slip_ends_before_anything_is_waited_for(self):
        tail = self.tail('--filter', 'status_code = 200')
        out, err = tail.communicate(timeout=TIMEOUT_S)
        self.assertEqual((tail.returncode, out), (2, ''))
        self.assertIn('Write == to compare.', err)

    def test_a_name_that_the_sensor_does_not_bring_ends_when_it_comes(self):
        self.publish('holes')
        tail = self.tail('--filter', 'http_flavour == "sweet"')
        out, err = tail.communicate(timeout=TIMEOUT_S)
        self.assertEqual((tail.returncode, out), (2, ''))
        self.assertIn('There is no "http_flavour".', err)

    def test_waits_for_a_sensor_and_says_so_once(self):
        tail = self.tail('--json', '--count', '1')
        time.sleep(2.5)
        self.publish('holes')
        out, err = tail.communicate(timeout=TIMEOUT_S)
        self.assertEqual(len(out.splitlines()), 1)
        self.assertEqual(err.count('waiting for it'), 1)
        self.assertIn('the sensor is there.', err)

    def test_ends_quietly_when_its_reader_goes_away(self):
        self.publish('flood')
        tail = self.tail('--json')
        tail.stdout.readline()
        tail.stdout.close()
        self.assertEqual(tail.wait(timeout=TIMEOUT_S), 0)
        self.assertNotIn('Broken', tail.stderr.read())

    def test_a_reader_that_stands_still_does_not_stop_ctrl_c(self):
        self.publish('flood')
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        tail = self.tail('--json', stdout=writing)
        os.close(writing)
        time.sleep(1.5)  # the pipe is full long since
        self.assertIsNone(tail.poll())
        self.interrupt(tail)

    def test_hostile_bytes_do_not_reach_a_terminal(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        self.publish('escapes')
        environment = dict(os.environ, TERM='xterm', NO_COLOR='1', COLUMNS='80')
        tail = self.tail('--count', '1', stdout=theirs, env=environment)
        tail.wait(timeout=TIMEOUT_S)
        os.close(theirs)
        shown = b''
        while select.select([ours], [], [], 0.5)[0]:
            try:
                shown += os.read(ours, 4096)
            except OSError:  # the other side is closed
                break
        self.assertIn(rb'\x1b[31m', shown)   # the six characters, not the byte
        self.assertIsNone(re.search(rb'[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]', shown), shown)

    def test_tells_wrong_command_lines_in_one_sentence(self):
        for arguments, sentence in (
                (['--conect', 'x'], 'there is no option --conect; did you mean --connect?'),
                (['--count', '0'], '--count: 0 is too small; give a number from 1 on'),
                (['--count', '12x'], '--count: "12x" is not a whole number; give a number from 1 on'),
                (['--format', 'xml'], '--format: "xml" is not a choice; give table or json'),
                (['--protocol', ','], '--protocol: an item is empty; write the items with one comma between them'),
                (['stray'], 'unexpected argument "stray"; see spanlight tail --help'),
                (['--connect'], '--connect needs a value; give an ENDPOINT'),
                (['--json', '--format', 'table'], '--json and --format contradict each other; keep one of the two'),
                (['--key-file', 'x'], '--key-file is of use only with --server-key; give both or neither')):
            done = subprocess.run([GIVEN.tail] + arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  timeout=TIMEOUT_S)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(done.stderr, f'spanlight tail: {sentence}\n')
            self.assertEqual(done.stdout, '')

    def test_tells_what_cannot_be_connected_to(self):
        for arguments, sentence in ((['--connect', 'nonsense'], '"nonsense" is not an endpoint'),
                                    (['--protocol', 'HTTP'], '"HTTP" is not a protocol\'s name'),
                                    (['--server-key', 'short'], 'is not a CURVE key')):
            done = subprocess.run([GIVEN.tail] + arguments, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn(sentence, done.stderr)


if __name__ == '__main__':
    unittest.main()
