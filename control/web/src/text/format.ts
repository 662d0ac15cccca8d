// Numbers, times and names as people read them. Pure.
import type { Call, Party } from '../api/types';

export function duration(us: number | null | undefined): string {
  if (us === null || us === undefined) return '';
  const sign = us < 0 ? '−' : '';
  const n = Math.abs(us);
  if (n < 999.5) return `${sign}${Math.round(n)} µs`;
  if (n < 999_500) return `${sign}${threeDigits(n / 1_000)} ms`;
  if (n < 60_000_000) return `${sign}${threeDigits(n / 1_000_000)} s`;
  return `${sign}${Math.floor(n / 60_000_000)} min ${Math.round((n % 60_000_000) / 1_000_000)} s`;
}

export function threeDigits(n: number): string {
  if (n >= 99.95) return String(Math.round(n));
  return n >= 9.995 ? n.toFixed(1) : n.toFixed(2);
}

export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return '';
  if (n < 1_000) return `${n} B`;
  for (const unit of ['kB', 'MB', 'GB', 'TB']) {
    n /= 1_000;
    if (n < 999.5) return `${threeDigits(n)} ${unit}`;
  }
  return `${threeDigits(n)} PB`;
}

export function count(n: number): string {
  return Math.round(n).toLocaleString('en-US').replace(/,/g, '\u202f');
}

export function short(n: number): string {
  if (n > 0 && n < 1) return n < 0.001 ? '< 0.001' : String(Number(n.toPrecision(2)));
  if (n < 1_000) return n < 10 && n % 1 !== 0 ? n.toFixed(1) : String(Math.round(n));
  if (n < 1_000_000) return `${threeDigits(n / 1_000)}k`;
  if (n < 1e9) return `${threeDigits(n / 1_000_000)}M`;
  return `${threeDigits(n / 1e9)}G`;
}

export function bitsPerSecond(n: number): string {
  if (n < 1_000) return `${Math.round(n)} bit/s`;
  for (const unit of ['kbit/s', 'Mbit/s', 'Gbit/s']) {
    n /= 1_000;
    if (n < 999.5 || unit === 'Gbit/s') return `${threeDigits(n)} ${unit}`;
  }
  return '';
}

export function share(part: number, whole: number): string {
  if (whole <= 0) return '';
  const percent = (100 * part) / whole;
  if (percent === 0) return '0 %';
  if (percent < 0.1) return '< 0.1 %';
  return percent < 10 ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

const two = (n: number) => String(n).padStart(2, '0');

// Local time of day with milliseconds: what an incident's clock on the wall shows.
export function clock(time: string | null | undefined): string {
  const ms = Date.parse(time ?? '');
  if (!Number.isFinite(ms)) return '';
  const at = new Date(ms);
  const fraction = /\.(\d{1,9})/.exec(time ?? '')?.[1] ?? '';
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${fraction.padEnd(3, '0').slice(0, 3)}`;
}

// Of another day than today the day too, without the fraction: as wide.
export function moment(time: string | null | undefined, now: number): string {
  const at = dateAndClock(time ?? '');
  return at === '' || at.slice(0, 10) === dateAndClock(now).slice(0, 10) ? clock(time) : at.slice(5);
}

export function dateAndClock(time: string | number | null | undefined): string {
  const at = new Date(typeof time === 'number' ? time : Date.parse(time ?? ''));
  if (Number.isNaN(at.getTime())) return '';
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function ago(time: string | null | undefined, now: number): string {
  const ms = now - Date.parse(time ?? '');
  if (!Number.isFinite(ms)) return 'never';
  if (ms < 2_000) return 'now';
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s ago`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min ago`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h ago` : `${Math.round(ms / 86_400_000)} days ago`;
}

export function addressText(party: Party): string {
  if (party.port === undefined) return party.ip;
  return party.ip.includes(':') ? `[${party.ip}]:${party.port}` : `${party.ip}:${party.port}`;
}

// A moment on an axis: as short as the distance of its ticks allows.
export function tick(ms: number, distanceMs: number): string {
  const at = new Date(ms);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (distanceMs < 1_000) return `${time}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  if (distanceMs < 60_000) return `${time}:${two(at.getSeconds())}`;
  return distanceMs < 86_400_000 ? time : `${at.getMonth() + 1}-${two(at.getDate())}`;
}

// As people call it: the workload rather than one of its pods, a machine by its name, else the address.
export function partyName(party: Party): string {
  return party.workload?.name ?? party.service?.name ?? party.name ?? party.dns ?? addressText(party);
}

export const partyNamespace = (party: Party): string =>
  party.namespace ?? party.pod?.namespace ?? party.service?.namespace ?? '';

export const labelsOf = (party: Party): Record<string, string> => party.pod?.labels ?? party.service?.labels ?? {};

// As the sensor judged it, where it says so; else by what every protocol has.
export function isError(call: Call): boolean {
  return call.state === 'no_response' || call.is_error === true;
}

export const kSlowUs = 1_000_000;
export const isSlow = (call: Call): boolean => (call.elapsed_time ?? 0) >= kSlowUs;

export type Tone = 'good' | 'note' | 'warn' | 'bad' | 'plain';

export function toneOf(call: Call): Tone {
  const status = call.status_code;
  if (call.state === 'no_response') return 'bad';
  if (isError(call)) return status !== undefined && status >= 400 && status < 500 ? 'warn' : 'bad';
  if (status !== undefined && status >= 300 && status < 400) return 'note';
  return call.state === 'complete' ? 'good' : 'plain';
}

// The call in one line, without the method where that has a column of its own.
export function lineOf(call: Call): string {
  const path = call.path ?? '';
  const method = call.method ?? '';
  const summary = call.summary ?? call.url ?? '';
  const isLine = method !== '' && summary.slice(0, method.length + 1).toUpperCase() === `${method} `.toUpperCase(); // statements are written in either case
  if (path === '') return isLine ? summary.slice(method.length + 1) : summary;
  // What rides on HTTP may say more than a path: an operation of GraphQL's, all of which go to one.
  if (summary !== '' && !isLine && !path.startsWith(summary) && !path.startsWith(`/${summary}`)) return summary;
  return call.query_string ? `${path}?${call.query_string}` : path;
}

const kReasons: Record<string, string> = {
  unanswered: 'nobody answered',
  reset: 'the connection was reset',
  closed: 'the connection was closed first',
  lost_in_mirror: 'the other half was lost in the mirror',
  lost_in_sensor: 'the other half was lost in the sensor',
  capture_ended: 'the capture ended first',
  evicted: 'the sensor had to forget it',
  malformed: 'the other half could not be understood',
  unsolicited: 'nobody had asked',
};
const kFlags: Record<string, string> = {
  gap: 'bytes are missing within it',
  truncated_headers: 'headers were cut',
  truncated_body: 'only the beginning of a body was kept',
  withheld_body: 'a body was withheld by a rule',
  redacted: 'secrets were redacted in the sensor',
  malformed: 'it broke the rules of its protocol',
  midstream: 'the connection began before the sensor looked',
  uncertain: 'its pairing is a guess',
  shed_body: 'the sensor was overloaded and left out a body',
};
export const reasonText = (reason: string): string => kReasons[reason] ?? reason.replace(/_/g, ' ');
export const flagText = (flag: string): string => kFlags[flag] ?? flag.replace(/_/g, ' ');

// A hue for each protocol, from its name alone: a new protocol needs no line here.
export function hueOf(name: string): number {
  let hash = 2166136261;
  for (let i = 0; i < name.length; ++i) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619) >>> 0;
  return Math.round((hash % 997) * 137.508) % 360;
}
