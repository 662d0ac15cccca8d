import { describe, expect, it } from 'vitest';
import type { Call } from '../api/types';
import { termText } from '../filter/compose';
import { hexLines, modesOf, variableOf } from './body';
import { figuresOf, handshakeOf, healthOf } from './connection';
import { curlOf } from './curl';
import { headerPairs } from './exchange';
import { indented, operationsOf, operationsOfQuery } from './graphql';
import { linesOf, piecesOf, prettyJson } from './json_text';
import { fieldPairs, type Pair } from './pairs';
import { cookiePairs, formPairs, parametersOf, queryPairs } from './parameters';
import { barsOf, microsOfTime, phasesOf } from './phases';
import { readingsOf } from './protobuf_view';
import { spansOf } from './waterfall';

const call = (change: Partial<Call>): Call => ({ id: '0', protocol: 'http', state: 'complete', flags: [], src: { ip: '10.0.0.1' }, dst: { ip: '10.0.0.2', port: 80 }, ...change });

describe('JSON made readable', () => {
  it('keeps numbers and the order of keys as they are on the wire', () => {
    expect(prettyJson('{"b":91234567890123456789,"a":1.50,"b":[]}')).toBe('{\n  "b": 91234567890123456789,\n  "a": 1.50,\n  "b": []\n}');
  });
  it.each(['{"a":[1,2', '{"a":"unfinished', '}}}]]]', '{"a":tru', '', '{'.repeat(2_000)])('bears what is broken (%#)', (text) => {
    expect(prettyJson(text).replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
  });
  it('tells keys from texts', () => {
    expect(piecesOf('{"a":"b"}').filter((piece) => piece.text.startsWith('"')).map((piece) => piece.kind)).toEqual(['key', 'text']);
  });
});

describe('curl', () => {
  it('quotes what a shell would take for itself', () => {
    const text = curlOf(call({ method: 'POST', url: "/a'b;$(rm)", request: { size: 1, headers: [['Host', 'shop'], ['X-A', "it's `x`"], ['Content-Length', '3']], body: { size: 3 } } }), 'a=1&b=\'2\'');
    expect(text).toBe("curl 'http://shop/a'\\''b;$(rm)' \\\n  -H 'X-A: it'\\''s `x`' \\\n  --data-binary 'a=1&b='\\''2'\\'''");
  });
  it('names the method where curl would take another', () => {
    expect(curlOf(call({ method: 'DELETE', path: '/x', request: { size: 1, headers: [], body: { size: 0 } } }), null)).toBe('curl http://10.0.0.2:80/x \\\n  -X DELETE');
  });
});

const plain = (pairs: Pair[]) => pairs.map(({ name, value }) => [name, value]);
const asked = (pairs: Pair[]) => pairs.map(({ term }) => (term ? termText(term) : ''));

describe('values that go into the filter', () => {
  it('reads parameters and cookies, also broken ones', () => {
    expect(plain(parametersOf('a=1&b=%zz&c&d=x+y'))).toEqual([['a', '1'], ['b', '%zz'], ['c', ''], ['d', 'x y']]);
    expect(plain(cookiePairs([['Cookie', 'a=1; b=2=3']], 'request'))).toEqual([['a', '1'], ['b', '2=3']]);
    expect(plain(cookiePairs([['set-cookie', 's=1; Path=/'], ['Set-Cookie', '[redacted]']], 'response'))).toEqual([['s', '1; Path=/']]);
  });
  it('asks for parameters as they are on the wire', () => {
    expect(asked(queryPairs('q=x%20y&caf%C3%A9=1'))).toEqual(['query_string["q"] == "x%20y"', 'query_string["caf%C3%A9"] == "1"']);
    expect(asked(formPairs('a=1&b=x+y', 'request.body'))).toEqual(['request.body.contains("a=1")', 'request.body.contains("b=x+y")']);
    expect(asked(formPairs('a=1', null))).toEqual(['']);
  });
  it('asks for the value of a cookie without its attributes, and for the first of a name', () => {
    expect(asked(cookiePairs([['Set-Cookie', 's=1; Path=/'], ['Set-Cookie', 's=2']], 'response'))).toEqual(['response.cookies["s"] == "1"', '']);
  });
  it('asks repeated headers for a part', () => {
    expect(asked(headerPairs([['Via', 'a'], ['via', 'b'], ['Host', 'h']], 'request'))).toEqual(['request.headers["Via"].contains("a")', 'request.headers["via"].contains("b")', 'request.headers["Host"] == "h"']);
  });
  it('asks lists for one of theirs', () => {
    expect(asked(fieldPairs({ command: 'GET', topics: ['orders'], many: ['a', 'b'], nested: { x: 1 }, none: null }, 'kafka'))).toEqual(['kafka_command == "GET"', '"orders" in kafka_topics', '', '', '']);
  });
  it('asks bodies only where the filter sees the same bytes', () => {
    const body = { kind: 'json' as const, content_type: '', encodings: [], encoding_left: '', fault: 'none', truncated: false, over_limit: false, bytes: 2, text: '{}', hex_bytes: 0, hex: '' };
    expect(variableOf(body, 'request')).toBe('request.body');
    expect(variableOf({ ...body, encodings: ['gzip'] }, 'request')).toBe(null);
    expect(variableOf({ ...body, charset: 'shift_jis' }, 'request')).toBe(null);
    expect(modesOf(body, true)).toEqual(['graphql', 'json', 'text']);
  });
});

describe('lines of JSON', () => {
  it('fold from what opens to what closes, and say what came', () => {
    const lines = linesOf('{"a": 1,"b":[{"c":"x"},2],"e":[]}');
    expect(lines.map((line) => line.pieces.map((piece) => piece.text).join(''))).toEqual(['{', '"a": 1,', '"b": [', '{', '"c": "x"', '},', '2', '],', '"e": []', '}']);
    expect(lines.map((line) => line.inside)).toEqual([8, 0, 4, 1, 0, 0, 0, 0, 0, 0]);
    expect(lines.map((line) => line.said)).toEqual(['', '"a": 1', '', '', '"c":"x"', '', '2', '', '', '']);
    expect(lines.map((line) => line.depth)).toEqual([0, 1, 1, 2, 3, 2, 2, 1, 1, 0]);
  });
  it.each(['', '}', '[[[', '{"a":', '{}{}', '{"a":{"b":1}'])('bears what is broken: %j', (text) => {
    const lines = linesOf(text);
    expect(lines.flatMap((line) => line.pieces.map((piece) => piece.text)).join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
    for (const [i, line] of lines.entries()) expect(line.end).toBeGreaterThanOrEqual(i);
  });
});

describe('GraphQL', () => {
  const text = 'query Items($n:Int!){items(first:$n,sort:{by:NAME}){id name ...on Item{price} ...Rest}}';
  it('puts each field on a line of its own', () => {
    expect(indented('{a{b c}}')).toBe('{\n  a {\n    b\n    c\n  }\n}');
    expect(indented(text)).toContain('query Items($n: Int!) {\n  items(first: $n, sort: {by: NAME}) {\n    id\n    name\n    ... on Item {\n      price\n    }\n    ...Rest');
    expect(indented(indented(text))).toBe(indented(text));
  });
  it('loses nothing but blanks and commas', () => {
    for (const each of [text, 'mutation { a(x: "b { c") @skip(if: true) { d } }', '# why\n{ a }', '{ a: b(c: [1, 2]) }', '}}{{'])
      expect(indented(each).replace(/[\s,]/g, '')).toBe(each.replace(/[\s,]/g, ''));
  });
  it('finds operations, batches and persisted ones, and nothing else', () => {
    expect(operationsOf(JSON.stringify({ query: text, variables: { n: 3 } }))[0]).toMatchObject({ kind: 'query', name: 'Items', variables: '{"n":3}' });
    expect(operationsOf(JSON.stringify([{ query: '{a}' }, { query: 'mutation M{b}' }])).map((each) => each.kind)).toEqual(['query', 'mutation']);
    expect(operationsOf('{"operationName":"P","extensions":{"persistedQuery":{"sha256Hash":"x"}}}')[0]).toMatchObject({ kind: 'persisted', name: 'P' });
    expect(operationsOf('{"query":"shoes"}')).toEqual([]);
    expect(operationsOf('{"items":[]}')).toEqual([]);
    expect(operationsOf('{a{b}}', 'application/graphql')[0]?.kind).toBe('query');
    expect(operationsOfQuery('query=%7Ba%7D&operationName=N')[0]).toMatchObject({ name: 'N', text: '{\n  a\n}' });
  });
  it('shows what a cut body still has', () => {
    for (let cut = 24; cut < 60; ++cut) expect(operationsOf(JSON.stringify({ query: text }).slice(0, cut))[0]?.kind, String(cut)).toBe('query');
  });
});

describe('parts of the time', () => {
  const whole = call({
    timestamp: '2026-01-01T00:00:00.000100000Z', response_timestamp: '2026-01-01T00:00:00.001100500Z', elapsed_time: 1_000,
    request: { size: 1, body: { size: 0 }, last_byte: '2026-01-01T00:00:00.000300000Z' }, response: { size: 1, body: { size: 0 }, last_byte: '2026-01-01T00:00:00.002100500Z' },
  });
  it('keeps microseconds', () => expect((microsOfTime('2026-01-01T00:00:00.123456789Z') ?? 0) % 1_000_000).toBeCloseTo(123_456.789, 0));
  it('are four where all was measured', () => {
    const phases = phasesOf(whole, 500);
    expect(phases.map((phase) => Math.round(phase.us ?? -1))).toEqual([500, 200, 801, 1_000]);
    const bars = barsOf(phases);
    expect(bars[0]?.left).toBe(0);
    expect(bars[3]?.left ?? 0).toBeCloseTo(1_500.5 / 2_500.5, 3);
  });
  it('say what was not measured', () => {
    const phases = phasesOf(call({ timestamp: '2026-01-01T00:00:00Z', response_timestamp: '2026-01-01T00:00:00.5Z', elapsed_time: 500_000 }), null);
    expect(phases.map((phase) => phase.us)).toEqual([null, null, 500_000, null]);
    expect(phases.filter((phase) => phase.why.startsWith('not measured')).length).toBe(3);
    expect(phasesOf(call({ state: 'no_response', timestamp: '2026-01-01T00:00:00Z' }), null)[2]?.why).toMatch(/no answer/);
  });
});

describe('the health of a connection', () => {
  it('is read by the meaning of the names', () => {
    const fields = { state: 'closed', handshake_us: 250, rtt_us: 1_500, local_bytes: 2_000, local_retransmissions: 3, remote_zero_window: 0, resets: 0 };
    expect(handshakeOf(fields)).toBe(250);
    expect(healthOf(fields)).toEqual({ good: false, text: 'The connection had trouble: 3 retransmissions.' });
    expect(healthOf({ retransmissions: 0 })?.good).toBe(true);
    expect(healthOf({ state: 'open' })).toBe(null);
    expect(figuresOf(fields).map((figure) => `${figure.title}: ${figure.text}`)).toContain('Client retransmissions: 3');
    expect(figuresOf(fields).map((figure) => figure.text)).toContain('1.50 ms');
  });
  it('knows handshakes in other units', () => expect(handshakeOf({ handshake_ns: 250_000 })).toBe(250));
});

it('reads numbers of protobuf in other ways', () => {
  expect(readingsOf({ depth: 0, number: 1, type: 'fixed32', value: String(0x3fc00000) })).toEqual({ likely: 'float 1.5', all: ['as float 1.5'] });
  expect(readingsOf({ depth: 0, number: 1, type: 'fixed64', value: '4612811918334230528' }).likely).toBe('double 2.5');
  expect(readingsOf({ depth: 0, number: 1, type: 'varint', value: '3', signed: '-2' })).toEqual({ likely: '', all: ['as sint: -2'] });
});

it('writes hex as people read it', () => {
  expect(hexLines('4869000affff')[0]).toBe(`000000  ${'48 69 00 0a ff ff'.padEnd(23)}  ${' '.repeat(23)}  Hi····`);
});

it('draws calls on one line of time', () => {
  const spans = spansOf([call({ timestamp: '2026-01-01T00:00:00Z', elapsed_time: 500_000 }), call({ timestamp: '2026-01-01T00:00:00.5Z', elapsed_time: 500_000 })]);
  expect(spans[0]).toEqual({ left: 0, width: 0.5 });
  expect(spans[1]).toEqual({ left: 0.5, width: 0.5 });
  expect(spansOf([call({ timestamp: '2026-01-01T00:00:00Z' })])[0]?.width).toBeGreaterThan(0);
});
