// What time is looked at: live, the last so-and-so-long, or from one moment to another. Written in the address as `live`,
// `5m`, or `FROM..TO`. Pure.

export type TimeRange =
  | { kind: 'live' }
  | { kind: 'last'; text: string; ms: number }
  | { kind: 'between'; from: number; to: number }; // milliseconds since the epoch

const kUnits: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export const kPresets = ['5m', '15m', '1h', '6h', '24h'] as const;

export function durationMs(text: string): number | null {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * (kUnits[match[2] ?? ''] ?? 0);
  return ms > 0 ? ms : null;
}

export function last(text: string): TimeRange {
  return { kind: 'last', text, ms: durationMs(text) ?? 300_000 };
}

export function parseRange(text: string): TimeRange {
  if (durationMs(text) !== null) return last(text);
  const at = text.indexOf('..');
  if (at > 0) {
    const from = Date.parse(text.slice(0, at));
    const to = Date.parse(text.slice(at + 2));
    if (Number.isFinite(from) && Number.isFinite(to) && from < to) return { kind: 'between', from, to };
  }
  return { kind: 'live' };
}

export function rangeText(range: TimeRange): string {
  switch (range.kind) {
    case 'live':
      return '';
    case 'last':
      return range.text;
    case 'between':
      return `${new Date(range.from).toISOString()}..${new Date(range.to).toISOString()}`;
  }
}

// As the API takes it; `live` is looked at as the last `liveMs`.
export function boundsOf(range: TimeRange, now: number, liveMs = 300_000): { from: number; to: number } {
  if (range.kind === 'between') return { from: range.from, to: range.to };
  return { from: now - (range.kind === 'last' ? range.ms : liveMs), to: now };
}

export function parametersOf(range: TimeRange, now: number, liveMs?: number): { since: string; until: string } {
  const { from, to } = boundsOf(range, now, liveMs);
  return { since: new Date(from).toISOString(), until: new Date(to).toISOString() };
}

// The next shorter or longer look around the middle.
export function zoomedOut(range: TimeRange, now: number): TimeRange {
  const { from, to } = boundsOf(range, now);
  const half = to - from;
  return { kind: 'between', from: from - half / 2, to: Math.min(to + half / 2, now) };
}
