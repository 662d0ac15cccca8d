// What the sensor measured of the connection that carried a call: its record, where the sensor writes one. Names of its fields
// are read by their meaning, not from a list, so that what a sensor adds is shown too. Pure.
import type { Call, FieldValue } from '../api/types';
import { bytes, count, duration, plural } from '../text/format';

export const isConnection = (call: Call): boolean => call.protocol === 'conn' || call.protocol === 'flow';

export type Fields = Record<string, FieldValue>;
export const fieldsOf = (record: Call | null): Fields => ({ ...record?.request?.fields, ...record?.response?.fields });

const numberOf = (value: FieldValue | undefined): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

// In microseconds, whatever unit the name ends in.
export function microsOf(fields: Fields, about: RegExp): number | null {
  for (const [name, value] of Object.entries(fields)) {
    const n = numberOf(value);
    if (n === null || !about.test(name)) continue;
    return name.endsWith('_ns') ? n / 1_000 : name.endsWith('_ms') ? n * 1_000 : n;
  }
  return null;
}

export const handshakeOf = (fields: Fields): number | null => microsOf(fields, /handshake/);

export interface Figure {
  name: string;
  title: string;
  text: string;
  bad: boolean;
}

const kTrouble = /retrans|out_of_order|zero_window|reset|lost|gap|duplicate/;
const kTimes = /handshake|rtt|duration|_us$|_ns$|_ms$|time$/;

export function titleOf(name: string): string {
  const words = name
    .replace(/^local_|^client_/, 'client ')
    .replace(/^remote_|^server_/, 'server ')
    .replace(/_(?:us|ns|ms)$/, '')
    .replace(/pkts/, 'packets')
    .replace(/\brtt\b/, 'round trip')
    .replace(/l7_detected/, 'protocols')
    .replace(/_/g, ' ');
  return words.replace(/^./, (c) => c.toUpperCase());
}

export function figuresOf(fields: Fields): Figure[] {
  return Object.entries(fields).map(([name, value]) => {
    const n = numberOf(value);
    const us = kTimes.test(name) ? microsOf({ [name]: value }, /./) : null;
    const text = us !== null ? duration(us) : n === null ? (Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value)) : /bytes/.test(name) ? bytes(n) : count(n);
    return { name, title: titleOf(name), text, bad: kTrouble.test(name) && (n ?? 0) > 0 };
  });
}

export interface Verdict {
  good: boolean;
  text: string;
}

// One sentence: is it the network's fault?
export function healthOf(fields: Fields): Verdict | null {
  const sum = (about: RegExp) => Object.entries(fields).reduce((total, [name, value]) => total + (about.test(name) ? (numberOf(value) ?? (value === true ? 1 : 0)) : 0), 0);
  const known = Object.keys(fields).some((name) => kTrouble.test(name));
  if (!known) return null;
  const troubles = [
    [sum(/retrans/), 'retransmission'],
    [sum(/out_of_order/), 'segment out of order', 'segments out of order'],
    [sum(/zero_window/), 'time that a receiver was full', 'times that a receiver was full'],
    [sum(/reset/), 'reset'],
  ].filter(([n]) => (n as number) > 0) as [number, string, string?][];
  if (troubles.length === 0) return { good: true, text: 'The connection was healthy: nothing was sent again, came out of order, or had to wait for a full receiver.' };
  return { good: false, text: `The connection had trouble: ${troubles.map(([n, one, many]) => plural(n, one, many)).join(', ')}.` };
}
