#!/usr/bin/python3
"""What a table of the store costs by how it is made: CPU time of the store's child, for inserts, merges and pages.

    ninja -C build spanlight-store bench/store_bench
    bench/store_tables.py                                   all that is known below
    bench/store_tables.py --only base,lz4 --rounds 9        some of it, in turn
    bench/store_tables.py --try 'mine:min_compress_block_size=1048576'

Each round makes every table anew, one after the other in a changing order, and inserts the same blocks into it as the writer
does; figures are medians over the rounds, with the least. Compare figures of one run only.
"""
import argparse
import http.client
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INSERT = {'max_threads': 1, 'max_insert_threads': 1, 'max_block_size': 10_000_000, 'max_insert_block_size': 10_000_000,
          'min_insert_block_size_rows': 10_000_000, 'min_insert_block_size_bytes': 0}
PAGE = {'max_block_size': 2048, 'preferred_block_size_bytes': 4_000_000}


class Child:
    def __init__(self, program, folder):
        self.path = folder + '/s'
        self.process = subprocess.Popen([program, '--directory', folder + '/store', '--socket', self.path])
        for _ in range(600):
            try:
                self.ask('SELECT 1')
                return
            except OSError:
                time.sleep(0.1)
        sys.exit('store_tables: the child does not answer')

    def ask(self, sql, **settings):
        connection = http.client.HTTPConnection('store', timeout=600)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.path)
        connection.request('POST', '/?' + urllib.parse.urlencode({'database': 'spanlight', **settings}), sql.encode())
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != 200:
            sys.exit(f'store_tables: {text.decode()[:2000]}\n  in: {sql[:500]}')
        return text.decode(errors='replace')

    def cpu(self):
        with open(f'/proc/{self.process.pid}/stat', encoding='ascii') as file:
            words = file.read().rpartition(')')[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')

    def end(self):
        self.process.terminate()
        self.process.wait()


def setting(create, name, value):
    head, _, rest = create.partition(' SETTINGS ')
    settings, comment, note = rest.partition(' COMMENT ')
    all_settings = dict(re.findall(r"(\w+) = ('[^']*'|[^,]+)", settings))
    all_settings[name] = value
    return head + ' SETTINGS ' + ', '.join(f'{key} = {what}' for key, what in all_settings.items()) + comment + note


def with_settings(**settings):
    def change(create):
        for name, value in settings.items():
            create = setting(create, name, value)
        return create
    return change


def codec(new, only='[^`]*'):
    def change(create):
        return re.sub(rf'(`(?:{only})` [^`]*?CODEC\((?:Delta(?:\(\d\))?, )?)Default\)', rf'\1{new})', create)
    return change


def all_of(*changes):
    def change(create):
        for one in changes:
            create = one(create)
        return create
    return change


def no_indexes(create):
    return re.sub(r', INDEX .*?GRANULARITY 1(?=\))', '', create)


STATISTICS = with_settings(auto_statistics_types="'minmax, uniq'")
TABLES = {
    'as it is': lambda create: create,
    'as in version 1': all_of(STATISTICS, codec('ZSTD(1)')),
    'statistics': STATISTICS,
    'zstd': codec('ZSTD(1)'),
    'lz4': codec('LZ4'),
    'not compressed': codec('NONE'),
    'dense': with_settings(ratio_of_defaults_for_sparse_serialization='1.0'),
    'no indexes': no_indexes,
    'by column': with_settings(enable_vertical_merge_algorithm=1),
    'compact': with_settings(min_bytes_for_wide_part=10**12),
    'strings in one': with_settings(string_serialization_version="'single_stream'"),
    'marks 512': with_settings(index_granularity=512),
    'marks 1024': with_settings(index_granularity=1024),
    'marks 2048': with_settings(index_granularity=2048),
    'marks 8192': with_settings(index_granularity=8192),
}


def light(columns):
    return ', '.join('1' if re.match(r'(request|response)_(header_|field_|body$)', name) else f'`{name}`' for name in columns)


class Bench:
    def __init__(self, child, folder, arguments):
        self.child, self.folder, self.arguments = child, folder, arguments
        self.columns = child.ask("SELECT name FROM system.columns WHERE database = 'spanlight' AND table = 'calls' ORDER BY position").split()
        self.create = child.ask("SELECT create_table_query FROM system.tables WHERE database = 'spanlight' AND name = 'calls' FORMAT TSVRaw").strip()
        for block in range(arguments.blocks):
            child.ask(f"INSERT INTO FUNCTION file('{folder}/block-{block}', 'Native') SELECT {self.names()} FROM calls "
                      f"ORDER BY time LIMIT {arguments.rows} OFFSET {block * arguments.rows}", max_block_size=10_000_000, max_threads=1)

    def names(self):
        return ', '.join(f'`{name}`' for name in self.columns)

    def cost(self, act):
        """CPU seconds of the child, less what it takes when nobody asks."""
        before = self.child.cpu()
        act()
        return self.child.cpu() - before

    def page(self, columns):
        places = self.child.ask('SELECT toUnixTimestamp64Nano(time), epoch, record_id FROM variant WHERE cityHash64(record_id) % 700 = 0 '
                                'ORDER BY time DESC LIMIT 100 FORMAT TSV').split('\n')[:-1]
        rows = [place.split('\t') for place in places]
        places = ', '.join(f"(fromUnixTimestamp64Nano(toInt64({t}), 'UTC'), {e}, {r})" for t, e, r in rows)
        sql = (f"SELECT {columns} FROM variant WHERE (time >= fromUnixTimestamp64Nano(toInt64({rows[-1][0]}), 'UTC')) AND "
               f'((time, epoch, record_id) IN ({places})) ORDER BY time DESC, epoch DESC, record_id DESC FORMAT RowBinary')
        return self.cost(lambda: [self.child.ask(sql, **PAGE) for _ in range(2)]) / 2

    def round(self, change):
        child, rows = self.child, self.arguments.rows * self.arguments.blocks
        child.ask('DROP TABLE IF EXISTS variant SYNC')
        child.ask(change(self.create.replace('spanlight.calls', 'spanlight.variant', 1)))
        child.ask('SYSTEM STOP MERGES variant')
        insert = self.cost(lambda: [child.ask(
            f"INSERT INTO variant ({self.names()}) SELECT * FROM file('{self.folder}/block-{block}', 'Native')", **INSERT)
            for block in range(self.arguments.blocks)])
        child.ask('SYSTEM START MERGES variant')
        merge = self.cost(lambda: child.ask('OPTIMIZE TABLE variant FINAL'))
        size = int(child.ask("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'variant'"))
        figures = {'insert µs': insert * 1e6 / rows, 'merge µs': merge * 1e6 / rows, 'bytes': size / rows}
        if self.arguments.pages:
            figures |= {'page ms': self.page(self.names()) * 1e3, 'light page ms': self.page(light(self.columns)) * 1e3}
        return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=ROOT + '/build')
    parser.add_argument('--rows', type=int, default=36_000, help='of an insert; default 36,000: 64 MiB of messages')
    parser.add_argument('--blocks', type=int, default=6, help='inserts; together more than store_child/engine.cpp compresses well')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--pages', action=argparse.BooleanOptionalAction, default=True, help='also what 100 calls that lie apart cost')
    parser.add_argument('--only', help='names, with commas')
    parser.add_argument('--try', dest='tried', action='append', default=[], metavar='NAME:SETTING=VALUE,…')
    arguments = parser.parse_args()
    tables = {name: TABLES[name] for name in arguments.only.split(',')} if arguments.only else dict(TABLES)
    for text in arguments.tried:
        name, _, rest = text.partition(':')
        tables[name] = with_settings(**dict(part.split('=') for part in rest.split(',')))
    folder = tempfile.mkdtemp(prefix='store-tables-')
    subprocess.run([arguments.build + '/bench/store_bench', '--fill', '-n', str(arguments.rows * arguments.blocks), '-d', folder + '/store'],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    child = Child(arguments.build + '/spanlight-store', folder)
    figures = {name: [] for name in tables}
    try:
        bench = Bench(child, folder, arguments)
        for _ in range(arguments.rounds):
            for name in random.sample(list(tables), len(tables)):
                figures[name].append(bench.round(tables[name]))
                print(name, {kind: round(figure, 1) for kind, figure in figures[name][-1].items()}, file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print('store_tables: interrupted; what there is until here', file=sys.stderr)
    finally:
        child.end()
        shutil.rmtree(folder)
    figures = {name: rounds for name, rounds in figures.items() if rounds}
    if not figures:
        sys.exit(1)
    kinds = list(next(iter(figures.values()))[0])
    print(f'{"table":<20}' + ''.join(f'{kind:>22}' for kind in kinds) + f'   (load {os.getloadavg()[0]:.1f})')
    for name, rounds in figures.items():
        print(f'{name:<20}' + ''.join(
            f'{statistics.median(r[kind] for r in rounds):>13.1f} ({min(r[kind] for r in rounds):>6.1f})' for kind in kinds))


if __name__ == '__main__':
    main()
