import { describe, expect, it } from 'vitest';
import type { Call, Edge, Sensor } from '../api/types';
import { lossesOf, verdictOf } from '../health/losses';
import { sparkPath, stepOf } from '../health/step';
import { focused, graphOf, healthOf, termsOf } from '../map/graph';
import { indexAt } from '../shell/chart_index';
import * as text from './format';

it.each([[null, ''], [7, '7 µs'], [1_234, '1.23 ms'], [12_345, '12.3 ms'], [999_999, '1.00 s'], [999.7, '1.00 ms'], [1_350_000, '1.35 s'], [-20, '−20 µs'], [75_000_000, '1 min 15 s']])('%s µs', (us, wanted) =>
  expect(text.duration(us)).toBe(wanted),
);
it.each([[0, '0 B'], [999, '999 B'], [1_822, '1.82 kB'], [12_345_678, '12.3 MB']])('%s bytes', (n, wanted) => expect(text.bytes(n)).toBe(wanted));
it.each([[0, '0'], [0.0833, '0.083'], [0.15, '0.15'], [0.00002, '< 0.001'], [1, '1'], [2.34, '2.3'], [1_234, '1.23k']])('%s as short as can be', (n, wanted) => expect(text.short(n)).toBe(wanted));
it('tells small shares from none', () => {
  expect([text.share(0, 10), text.share(1, 100_000), text.share(3, 100), text.share(1, 0)]).toEqual(['0 %', '< 0.1 %', '3.0 %', '']);
});
it('keeps milliseconds as they are written', () => expect(text.clock('2026-11-23T04:20:00.123956789Z')).toMatch(/:20:00\.123$/));
it('tells the day where it is another', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  expect(text.moment('2026-11-23T12:00:00.5Z', now)).toMatch(/:00:00\.500$/);
  expect(text.moment('2026-11-20T12:00:00.5Z', now)).toMatch(/^11-20 \d\d:00:00$/);
  expect(text.moment(null, now)).toBe('');
});
it.each([[5, true, -1], [10, true, 0], [19, true, 0], [99, true, 2], [5, false, 0], [16, false, 1], [14, false, 0], [99, false, 2]])('points at %s (bars: %s) in the chart', (moment, bars, wanted) =>
  expect(indexAt([10, 20, 30], moment, bars)).toBe(wanted),
);
it('names a party as people do', () => {
  const party = { ip: 'fd00::1', port: 80 };
  expect(text.partyName(party)).toBe('[fd00::1]:80');
  expect(text.partyName({ ...party, name: 'web-7d9f', workload: { kind: 'Deployment', name: 'web' } })).toBe('web');
});
it('calls an error what its protocol calls one', () => {
  const call = { id: '', protocol: 'dns', state: 'complete', flags: [], src: { ip: '' }, dst: { ip: '' } } as const;
  const toned = (change: Partial<Call>) => text.toneOf({ ...call, flags: [], ...change });
  expect([toned({}), toned({ status_code: 3, is_error: true }), toned({ status_code: 404, is_error: true }), toned({ status_code: 500 })]).toEqual(['good', 'bad', 'warn', 'good']);
  expect(toned({ state: 'no_response' })).toBe('bad');
});
it('gives each protocol a colour of its own', () => {
  const hues = ['http', 'dns', 'redis', 'kafka', 'grpc', 'postgresql', 'mysql', 'mongodb'].map(text.hueOf);
  expect(new Set(hues).size).toBe(hues.length);
});

describe('the line of a call', () => {
  const lineOf = (method: string, path: string, summary: string, query_string?: string) => text.lineOf({ method, path, summary, query_string } as Call);
  it('is its path, or what says more than that', () => {
    expect(lineOf('GET', '/items', 'GET /items', 'page=1')).toBe('/items?page=1');
    expect(lineOf('GET', '/a/long/one', 'GET /a/lo')).toBe('/a/long/one');
    expect(lineOf('POST', '/shop.Cart/Add', 'shop.Cart/Add')).toBe('/shop.Cart/Add');
    expect(lineOf('POST', '/graphql', 'mutation Buy')).toBe('mutation Buy');
    expect(lineOf('GET', '/p', 'GET http://h/p')).toBe('/p');
    expect(lineOf('SET', '', 'SET basket')).toBe('basket');
    expect(lineOf('SELECT', '', 'select 1')).toBe('1');
  });
});

describe('what is lost', () => {
  const sensor = (counters: Sensor['counters'], change: Partial<Sensor> = {}): Sensor => ({
    endpoint: 'ipc:///x', name: 'rack12', link: 'connected', trouble: '', version: '', workers: 1, batches: 0, records: 0, bytes: 0, missed_batches: 0,
    malformed: 0, restarts: 0, disconnects: 0, clock_offset_us: 0, targets_in_force: true, targets_fault: '', protocols: [], counters, ...change,
  });
  const kernel = { of: 'port', who: 'eth1', name: 'port_dropped_packets_total', label: 'kernel', value: 900, per_second: 40 };
  it('is said where it happens now, with what to do', () => {
    const verdict = verdictOf([sensor([kernel])]);
    expect(verdict.tone).toBe('bad');
    expect(verdict.sentence).toBe('Calls are being lost at rack12: 40 packets were dropped by the kernel before the sensor read them, each second.');
    expect(verdict.advice).not.toBe('');
  });
  it('is not alarming when it has passed', () => expect(verdictOf([sensor([{ ...kernel, per_second: 0 }])]).tone).toBe('warn'));
  it('is nothing when nothing was', () => expect(verdictOf([sensor([])]).tone).toBe('good'));
  it('is not told to who may not know', () => expect(verdictOf([sensor(undefined)]).sentence).toBe('The sensors are connected.'));
  it('is everything without a sensor', () => {
    expect(verdictOf([]).tone).toBe('bad');
    expect(verdictOf([sensor([], { link: 'connecting' })]).sentence).toMatch(/not connected/);
  });
  it('warns of a clock that is astray', () => {
    const verdict = verdictOf([sensor([], { clock_trouble: 'the clock of sensor rack12 is 1.250 s ahead of ours: keep both right with a time service' })]);
    expect(verdict).toEqual({ tone: 'warn', sentence: 'The clock of sensor rack12 is 1.250 s ahead of ours.', advice: 'Keep both right with a time service.' });
  });
  it.each([
    ['port_dropped_packets_total', 'unknown_link'],
    ['packets_total', 'fragment_refused'],
    ['frames_total', 'cut'],
    ['flows_total', 'evicted'],
    ['reassembly_total', 'limit_hit'],
    ['inspect_total', 'state_exhausted'],
    ['dissect_total', 'open_calls_exceeded'],
  ])('has a sentence and a mend: %s %s', (name, label) => {
    const [loss] = lossesOf(sensor([{ of: 'worker', who: '0', name, label, value: 7, per_second: 1 }]));
    expect(loss).toMatchObject({ grave: true, total: 7, perSecond: 1 });
    expect(loss?.advice).toMatch(/\.$/);
  });
  it('counts batches that did not arrive', () => expect(lossesOf(sensor([], { missed_batches: 3 }))[0]?.total).toBe(3));
});

describe('the map', () => {
  const node = (name: string, kind = 'Deployment', namespace = 'shop') => ({ kind, name, namespace });
  const edge = (src: string, dst: string, calls: number, errors = 0, protocol = 'http'): Edge => ({
    src: node(src), dst: node(dst), protocol, calls, errors, timed: calls, per_second: calls / 10, p50_us: 1, p95_us: calls, p99_us: 3, request_bytes: 0, response_bytes: 0,
  });
  const graph = graphOf([edge('a', 'b', 100), edge('a', 'b', 50, 5, 'dns'), edge('b', 'c', 10)]);
  it('draws one line for a pair, whatever it speaks', () => {
    expect(graph.lines.length).toBe(2);
    expect(graph.lines[0]).toMatchObject({ calls: 150, errors: 5, protocols: ['http', 'dns'], p95: 100 });
    expect(graph.nodes.map((each) => each.name)).toEqual(['a', 'b', 'c']);
  });
  it('focuses on one and its neighbours', () => {
    expect(focused(graph, 'Deployment|shop|c').nodes.map((each) => each.name)).toEqual(['b', 'c']);
    expect(focused(graph, 'gone').nodes.length).toBe(3);
  });
  it('calls ill what is ill', () => expect([healthOf(0, 0), healthOf(100, 1), healthOf(100, 9)]).toEqual(['good', 'warn', 'bad']));
  it('chooses the calls of a node', () => {
    expect(termsOf(node('web'), 'dst').map((term) => term.variable)).toEqual(['dst.workload.name', 'dst.namespace']);
    expect(termsOf(node('10.0.0.7', '', ''), 'src')).toEqual([{ variable: 'src.ip', value: '10.0.0.7' }]);
    expect(termsOf(node('shop', 'namespace'), 'src')).toEqual([{ variable: 'src.namespace', value: 'shop' }]);
  });
});

it('asks for steps that live counts can answer', () => {
  expect([stepOf(900_000), stepOf(60_000), stepOf(86_400_000)]).toEqual(['10s', '10s', '960s']);
  expect(sparkPath([1, 2], 10, 20)).toMatch(/^M0\.0 /);
});
