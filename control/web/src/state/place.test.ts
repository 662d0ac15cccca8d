import { describe, expect, it } from 'vitest';
import { nextPause } from '../api/stream';
import { addressOf, placeOf } from './address';
import { boundsOf, durationMs, parseRange, rangeText, zoomedOut } from './time_range';

const kNow = Date.parse('2026-11-23T04:20:00Z');

describe('time ranges', () => {
  it.each(['5m', '90s', '6h', '2d', '2026-11-23T04:00:00.000Z..2026-11-23T04:10:00.000Z'])('%s is read as it is written', (text) => {
    expect(rangeText(parseRange(text))).toBe(text);
  });
  it.each(['', 'live', '0m', '5y', '-5m', 'x..y', '2026-11-23T04:10:00Z..2026-11-23T04:00:00Z', '5m; drop'])('%j is live', (text) => {
    expect(parseRange(text).kind).toBe('live');
  });
  it('knows its bounds', () => {
    expect(durationMs('15m')).toBe(900_000);
    expect(boundsOf(parseRange('1h'), kNow)).toEqual({ from: kNow - 3_600_000, to: kNow });
    expect(boundsOf({ kind: 'live' }, kNow, 60_000)).toEqual({ from: kNow - 60_000, to: kNow });
  });
  it('never looks into the future', () => {
    expect(zoomedOut({ kind: 'between', from: kNow - 1_000, to: kNow }, kNow)).toEqual({ kind: 'between', from: kNow - 1_500, to: kNow });
  });
});

describe('the address', () => {
  const id = '0123456789abcdef0123456789abcdef';
  it.each([`/?filter=a+%3D%3D+%22b%26c%22&range=5m&call=${id}`, '/map?filter=http', '/health?range=1h', '/targets', `/call/${id}`, '/'])('%s comes back', (address) => {
    const [path = '', query = ''] = address.split('?');
    expect(addressOf(placeOf(path, query === '' ? '' : `?${query}`))).toBe(address);
  });
  it('takes nothing but an id as an id', () => {
    expect(placeOf('/', '?call=../../x').call).toBe('');
    expect(placeOf('/call/xyz', '').view).toBe('calls');
  });
});

it('waits longer and longer, but not for ever', () => {
  const pauses = [0];
  for (let i = 0; i < 8; ++i) pauses.push(nextPause(pauses[pauses.length - 1] ?? 0));
  expect(pauses.slice(1, 4)).toEqual([400, 800, 1_600]);
  expect(pauses[8]).toBe(8_000);
});
