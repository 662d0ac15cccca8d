// The live calls of the screen: a bounded memory of the newest, renewed a few times each second however fast they come. The
// control process samples for us (kShownPerSecond) and counts what it leaves out; nothing is left out of the store.
import { batch, signal } from '@preact/signals';
import { LiveStream } from '../api/stream';
import type { Call } from '../api/types';

export const kRowsKept = 5_000;
export const kShownPerSecond = 250;
const kRenewMs = 200; // the eye follows no faster, and a screenful of rows costs a browser some 15 ms
const kRateSeconds = 3;

export const rows = signal<Call[]>([]); // newest first
export const arrived = signal(0); // rows that ever came, to tell how many are newer than what is held
export const connection = signal<'connecting' | 'open' | 'broken'>('connecting');
export const matched = signal(0); // calls per second that the filter matches
export const sampled = signal(false); // the screen shows fewer than match
export const missed = signal(0); // beyond the queue that the control process keeps for us
export const fault = signal('');
export const seeded = signal(false); // what the store had is in the rows, or will not come

// Newest first: `fresh` came in the order of time. What is there already (by id) is not shown twice.
export function merged(fresh: Call[], old: Call[], most: number): Call[] {
  const seen = new Set<string>();
  const out: Call[] = [];
  for (let i = fresh.length - 1; i >= 0 && out.length < most; --i) {
    const call = fresh[i];
    if (call === undefined || seen.has(call.id)) continue;
    seen.add(call.id);
    out.push(call);
  }
  for (const call of old) {
    if (out.length >= most) break;
    if (!seen.has(call.id)) out.push(call);
  }
  return out;
}

// Calls of the last seconds, in buckets of one second.
export class Rate {
  private counts: { second: number; matched: number; skipped: number }[] = [];
  private first = 0;

  add(nowMs: number, shown: number, skipped: number): void {
    const second = Math.floor(nowMs / 1_000);
    if (this.first === 0) this.first = second;
    const newest = this.counts[this.counts.length - 1];
    if (newest?.second === second) {
      newest.matched += shown + skipped;
      newest.skipped += skipped;
    } else this.counts.push({ second, matched: shown + skipped, skipped });
    this.counts = this.counts.filter((each) => each.second >= second - kRateSeconds);
  }
  // Over whole seconds that have passed, so that it does not flicker.
  read(nowMs: number): { perSecond: number; skipped: boolean } {
    const second = Math.floor(nowMs / 1_000);
    const whole = this.counts.filter((each) => each.second < second && each.second >= second - kRateSeconds);
    const seconds = Math.max(1, Math.min(kRateSeconds, second - this.first));
    const sum = whole.reduce((total, each) => total + each.matched, 0);
    return { perSecond: sum / seconds, skipped: whole.some((each) => each.skipped > 0) };
  }
}

let stream: LiveStream | null = null;
let fresh: Call[] = [];
let rate = new Rate();
let timer: ReturnType<typeof setInterval> | undefined;

function renew(): void {
  const now = Date.now();
  const { perSecond, skipped } = rate.read(now);
  batch(() => {
    matched.value = perSecond;
    sampled.value = skipped;
    if (fresh.length === 0) return;
    arrived.value += fresh.length;
    rows.value = merged(fresh, rows.value, kRowsKept);
    fresh = [];
  });
}

export function startLive(filter: string): void {
  clear();
  const wish = { filter, limit_per_second: kShownPerSecond };
  if (stream !== null) {
    stream.want(wish);
    return;
  }
  stream = new LiveStream(wish, {
    onState: (state) => (connection.value = state),
    onReady: () => (fault.value = ''),
    onFault: (message) => (fault.value = message),
    onBatch: (calls, missedNow, skipped) => {
      rate.add(Date.now(), calls.length, skipped + missedNow);
      if (missedNow > 0) missed.value += missedNow;
      fresh.push(...calls);
      if (fresh.length > kRowsKept) fresh = fresh.slice(-kRowsKept);
    },
  });
  timer = setInterval(renew, kRenewMs);
}

// What the store had before the stream began, so that the page is not empty at first.
export function seed(stored: Call[]): void {
  batch(() => {
    rows.value = merged([...rows.value].reverse(), stored, kRowsKept);
    seeded.value = true;
  });
}

export function stopLive(): void {
  stream?.end();
  stream = null;
  clearInterval(timer);
  clear();
}

function clear(): void {
  fresh = [];
  rate = new Rate();
  batch(() => {
    rows.value = [];
    matched.value = 0;
    sampled.value = false;
    missed.value = 0;
    fault.value = '';
    seeded.value = false;
  });
}
