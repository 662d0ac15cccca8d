#!/usr/bin/python3
"""Subscribes to a sensor's records, prints one line for each call, and says what it missed.

    flatc --python -o DIR config/schema/record.fbs config/schema/stats.fbs config/schema/hello.fbs
    config/record/subscriber.py --generated DIR [--connect ENDPOINT] [--protocol NAME]... [--count N]

Needs Debian's python3-zmq and python3-flatbuffers, and the accessors that flatc makes from the schemas. It is meant to
be read: README.md beside it says why it does what it does.
"""
import argparse
import ipaddress
import sys

import zmq

SOURCES = {b'record.': b'SLRB', b'stats.': b'SLST', b'hello.': b'SLHE'}
MESSAGE_BYTES_MAX = 16 << 20


class Loss:
    """Batches are numbered per (sensor, epoch, worker, topic) from 0; stats say the next number of each."""

    def __init__(self, topics):
        self.topics = topics
        self.epochs = {}      # sensor -> epoch
        self.from_zero = {}   # sensor -> a series not seen yet has missed all before its first number
        self.expected = {}    # (sensor, worker, topic) -> number
        self.missed = 0
        self.restarts = 0

    def epoch(self, sensor, epoch):
        known = self.epochs.get(sensor)
        if known == epoch:
            return
        self.epochs[sensor] = epoch
        self.from_zero[sensor] = known is not None
        if known is not None:
            self.restarts += 1
            self.expected = {key: number for key, number in self.expected.items() if key[0] != sensor}

    def advance(self, key, number, following):
        expected = self.expected.get(key, 0 if self.from_zero[key[0]] else number)
        if number >= expected:
            self.missed += number - expected
            self.expected[key] = following

    def batch(self, batch):
        sensor = batch.Sensor()
        self.epoch(sensor, batch.SensorEpoch())
        self.advance((sensor, batch.Worker(), batch.Topic()), batch.Sequence(), batch.Sequence() + 1)

    def stats(self, stats):
        sensor = stats.Sensor()
        self.epoch(sensor, stats.SensorEpoch())
        for i in range(stats.NextSequencesLength()):
            series = stats.NextSequences(i)
            if series.Topic().startswith(tuple(self.topics)):  # of other topics nothing can be missed
                self.advance((sensor, series.Worker(), series.Topic()), series.Next(), series.Next())
        self.from_zero[sensor] = True


def text(value):
    """A string of the record, safe to print: what is not printable is escaped."""
    decoded = (value or b'').decode('utf-8', 'backslashreplace')
    return ''.join(c if c.isprintable() else c.encode('unicode_escape').decode() for c in decoded)


def address(value):
    ip = ipaddress.IPv6Address(value.High() << 64 | value.Low())
    return str(ip.ipv4_mapped or ip)


def line(record):
    status = record.StatusCode() if record.HasStatus() else '-'
    if record.Timestamp() and record.ResponseTimestamp():
        latency = '%d us' % ((record.ResponseTimestamp() - record.Timestamp()) // 1000)
    else:
        latency = '-'
    return '%s %s %s %s %s:%d -> %s:%d' % (
        text(record.Protocol()), text(record.Method()), text(record.Path()) or text(record.Summary()) or '-',
        '%s %s' % (status, latency), address(record.Src()), record.SrcPort(), address(record.Dst()), record.DstPort())


def is_ours(frames):
    """Two frames; the identifier stands at bytes 4 to 7 and fits the topic."""
    if len(frames) != 2 or len(frames[1]) < 8:
        return False
    return any(frames[0].startswith(topic) and frames[1][4:8] == identifier for topic, identifier in SOURCES.items())


def take(frames, loss, wire):
    """Handles one message, returns the lines to print. Python's FlatBuffers verify nothing: a message that is wrong
    inside raises an exception, or gives wrong values; C++ programs check it first (reader.h)."""
    if frames[0] == b'hello.':
        hello = wire['Hello'].GetRootAs(frames[1], 0)
        loss.epoch(hello.Sensor(), hello.SensorEpoch())
        return []
    if frames[0] == b'stats.':
        loss.stats(wire['Stats'].GetRootAs(frames[1], 0))
        return []
    batch = wire['RecordBatch'].GetRootAs(frames[1], 0)
    if batch.Topic() != frames[0]:
        raise ValueError('a batch under the wrong topic')
    lines = [line(batch.Records(i)) for i in range(batch.RecordsLength())]
    loss.batch(batch)
    return lines


def generated(directory):
    sys.path.insert(0, directory)
    from spanlight.wire import Hello, RecordBatch, Stats
    return {'Hello': Hello.Hello, 'RecordBatch': RecordBatch.RecordBatch, 'Stats': Stats.Stats}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--generated', required=True, help='where flatc --python wrote')
    options.add_argument('--connect', default='ipc:///run/spanlight/records.sock')
    options.add_argument('--protocol', action='append', default=[])
    options.add_argument('--count', type=int, default=0, help='stop after so many records')
    options.add_argument('--idle-s', type=float, default=0, help='stop after so many seconds without a message')
    given = options.parse_args()
    wire = generated(given.generated)

    records = ['record.%s.' % name for name in given.protocol] or ['record.']
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVHWM, 1000)
    socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES_MAX)
    for topic in records + ['hello.', 'stats.']:
        socket.subscribe(topic)
    socket.connect(given.connect)

    loss = Loss([topic.encode() for topic in records])
    shown = malformed = 0
    try:
        while not given.count or shown < given.count:
            if given.idle_s and not socket.poll(given.idle_s * 1000):
                break
            frames = socket.recv_multipart()
            try:
                if not is_ours(frames):
                    raise ValueError('not a message of a sensor')
                for call in take(frames, loss, wire):
                    print(call, flush=True)
                    shown += 1
            except Exception:  # of any kind: hostile bytes are read by code that does not verify them
                malformed += 1
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        sys.stdout = None
    print('%d records, missed %d batches, %d restarts, %d malformed' % (shown, loss.missed, loss.restarts, malformed),
          file=sys.stderr)


if __name__ == '__main__':
    main()
