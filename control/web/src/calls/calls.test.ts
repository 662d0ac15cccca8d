import { describe, expect, it } from 'vitest';
import type { Call, Counter, Sensor } from '../api/types';
import { latencyShare, soundLayout } from './columns';
import { merged, Rate } from './live_calls';
import { reasonOf, type Situation } from './reasons';
import { eachLine } from './stored_calls';
import { inSight, kRowHeight, slotOf } from './table';

const call = (id: string): Call => ({ id, protocol: 'http', state: 'complete', flags: [], src: { ip: '10.0.0.1' }, dst: { ip: '10.0.0.2' } });
const ids = (calls: Call[]) => calls.map((each) => each.id).join('');

describe('live calls', () => {
  it('puts the newest first and shows none twice', () => {
    expect(ids(merged([call('c'), call('d'), call('c')], [call('c'), call('b'), call('a')], 10))).toBe('cdba');
  });
  it('keeps no more than it may', () => {
    expect(ids(merged([call('d'), call('e')], [call('c'), call('b')], 3))).toBe('edc');
    expect(ids(merged([call('a'), call('b'), call('c')], [], 2))).toBe('cb');
  });
  it('counts what the screen leaves out among what matched', () => {
    const rate = new Rate();
    for (let ms = 10_000; ms < 14_000; ms += 100) rate.add(ms, 25, 475);
    expect(rate.read(14_000)).toEqual({ perSecond: 5_000, skipped: true });
    rate.add(20_000, 1, 0);
    expect(rate.read(21_000)).toEqual({ perSecond: 1 / 3, skipped: false });
  });
});

describe('the table', () => {
  it('draws what is in sight and a little more', () => {
    const { first, last } = inSight(1_000 * kRowHeight, 10 * kRowHeight, 5_000);
    expect(first).toBeLessThan(1_000);
    expect(last - first).toBeLessThan(40);
    expect(last).toBeGreaterThan(1_010);
    expect(inSight(0, 500, 0)).toEqual({ first: 0, last: 0 });
    expect(inSight(99_999, 500, 3).last).toBe(3);
  });
  it('gives each row in sight an element of its own, and a call keeps its own while newer ones come', () => {
    const slots = 50;
    expect(new Set(Array.from({ length: slots }, (_, index) => slotOf(7 + index, 1_234, slots))).size).toBe(slots);
    expect(slotOf(3, 1_000, slots)).toBe(slotOf(3 + 31, 1_000 + 31, slots));
    expect(slotOf(10, 0, slots)).toBe(40);
  });
  it('bears a layout that another version kept', () => {
    const layout = soundLayout({ order: ['status', 'gone'], hidden: ['gone', 'time'], widths: { status: 90, time: -5, gone: 100 } });
    expect(layout.order[0]).toBe('status');
    expect(layout.order).toContain('line');
    expect(layout.order).not.toContain('gone');
    expect(layout.hidden).toEqual(['time']);
    expect(layout.widths).toEqual({ status: 90 });
    expect(soundLayout('nonsense').order.length).toBeGreaterThan(5);
  });
  it('draws latencies by their order of magnitude', () => {
    expect(latencyShare(10)).toBe(0);
    expect(latencyShare(10_000)).toBeCloseTo(0.5);
    expect(latencyShare(1e12)).toBe(1);
  });
});

describe('lines of a search', () => {
  it('come whole, wherever they were cut', async () => {
    const bytes = new TextEncoder().encode('{"call":"é"}\n{"end":1}\n{"last":2}');
    for (let cut = 1; cut < bytes.length; ++cut) {
      const lines: string[] = [];
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(bytes.slice(0, cut));
          controller.enqueue(bytes.slice(cut));
          controller.close();
        },
      });
      await eachLine(body, (line) => lines.push(line));
      expect(lines).toEqual(['{"call":"é"}', '{"end":1}', '{"last":2}']);
    }
  });
});

describe('why a list is empty', () => {
  const counter = (name: string, value: number, label = ''): Counter => ({ of: 'worker', who: '0', name, label, value, per_second: 0 });
  const sensor = (change: Partial<Sensor>): Sensor => ({
    endpoint: 'ipc:///x', name: 's', link: 'connected', trouble: '', version: '', workers: 1, batches: 0, records: 0, bytes: 0, missed_batches: 0,
    malformed: 0, restarts: 0, disconnects: 0, clock_offset_us: 0, targets_in_force: true, targets_fault: '', protocols: [], ...change,
  });
  const packets = [counter('received_packets_total', 1_000), counter('packets_total', 1_000, 'stream')];
  const usual: Situation = {
    unreachable: '', me: { name: 'a', how: 'loopback', role: 'operator', namespaces: [], payloads: true, parts: [] },
    sensors: [sensor({ records: 9, counters: packets })], targets: null, filter: '', live: true, fault: '',
  };
  it.each<[string, Partial<Situation>, RegExp]>([
    ['unreachable', { unreachable: 'x' }, /cannot be reached/],
    ['no sensor set', { sensors: [] }, /No sensor is set/],
    ['sensor away', { sensors: [sensor({ link: 'connecting' })] }, /not there yet/],
    ['no packets', { sensors: [sensor({ counters: [counter('received_packets_total', 0)] })] }, /no packet arrives/],
    ['all filtered', { sensors: [sensor({ counters: [counter('received_packets_total', 1_000), counter('packets_total', 1_000, 'filtered')] })] }, /outside of the targets/],
    ['encrypted', { sensors: [sensor({ counters: [...packets, counter('inspect_total', 5, 'encrypted')] })] }, /encrypted/],
    ['no calls', { sensors: [sensor({ counters: packets })] }, /no calls yet/],
    ['no cluster', { filter: 'dst.namespace == "shop"', me: { name: 'a', how: 'loopback', role: 'operator', namespaces: [], payloads: true, parts: [{ name: 'kubernetes', ready: false, detail: 'Forbidden.' }] } }, /cluster cannot be asked/],
    ['a filter', { filter: 'http' }, /fits the filter/],
    ['history', { live: false }, /No calls in this time/],
    ['silence', {}, /Nothing right now/],
  ])('%s', (_, change, title) => expect(reasonOf({ ...usual, ...change }).title).toMatch(title));
});
