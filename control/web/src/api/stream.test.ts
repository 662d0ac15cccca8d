import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useToken } from './request';
import { LiveStream, type StreamEvents } from './stream';

// The browser's end of a connection, driven by the test.
class Wire {
  static readonly OPEN = 1;
  static all: Wire[] = [];
  readyState = 0;
  sent: string[] = [];
  onopen: () => void = () => undefined;
  onclose: () => void = () => undefined;
  onmessage: (event: { data: string }) => void = () => undefined;
  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    Wire.all.push(this);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.readyState = 3;
    this.onclose();
  }
  open(): void {
    this.readyState = Wire.OPEN;
    this.onopen();
  }
  hear(message: object): void {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

const newest = (): Wire => Wire.all[Wire.all.length - 1] as Wire;
const batch = (id: string, more: object = {}) => ({ calls: [{ id }], ...more });

describe('the live stream', () => {
  let shown: string[];
  let faults: string[];
  let states: string[];
  let skippedInAll: number;
  const events: StreamEvents = {
    onState: (state) => void states.push(state),
    onReady: () => undefined,
    onFault: (message) => void faults.push(message),
    onBatch: (calls, _, skipped) => {
      shown.push(...calls.map((call) => call.id));
      skippedInAll += skipped;
    },
  };
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('WebSocket', Wire);
    vi.stubGlobal('location', { protocol: 'http:', host: 'here:1' });
    Wire.all = [];
    shown = [];
    faults = [];
    states = [];
    skippedInAll = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    useToken('');
  });

  it('shows nothing of the filter before', () => {
    const stream = new LiveStream({ filter: 'a', limit_per_second: 5 }, events);
    newest().open();
    newest().hear({ ready: {} });
    newest().hear(batch('of-a', { skipped: 7 }));
    stream.want({ filter: 'b', limit_per_second: 5 });
    stream.want({ filter: 'c', limit_per_second: 5 });
    newest().hear(batch('late-of-a'));
    newest().hear({ ready: {} });
    newest().hear(batch('of-b'));
    newest().hear({ ready: {} });
    newest().hear(batch('of-c'));
    expect(shown).toEqual(['of-a', 'of-c']);
    expect(skippedInAll).toBe(7);
    expect(newest().sent.map((text) => (JSON.parse(text) as { filter: string }).filter)).toEqual(['a', 'b', 'c']);
  });
  it('shows nothing when the filter was refused', () => {
    const stream = new LiveStream({ filter: 'a', limit_per_second: 5 }, events);
    newest().open();
    newest().hear({ ready: {} });
    stream.want({ filter: 'wrong', limit_per_second: 5 });
    newest().hear({ error: { message: 'There is no "wrong".' } });
    newest().hear(batch('of-a'));
    expect(shown).toEqual([]);
    expect(faults).toEqual(['There is no "wrong".']);
  });
  it('comes back by itself, and asks for what was wanted last', () => {
    const stream = new LiveStream({ filter: 'a', limit_per_second: 5 }, events);
    newest().open();
    newest().close();
    stream.want({ filter: 'b', limit_per_second: 5 });
    vi.advanceTimersByTime(10_000);
    expect(Wire.all.length).toBe(2);
    newest().open();
    newest().hear({ ready: {} });
    newest().hear(batch('of-b'));
    expect(shown).toEqual(['of-b']);
    expect(states).toEqual(['connecting', 'open', 'broken', 'connecting', 'open']);
    stream.end();
    vi.advanceTimersByTime(60_000);
    expect(Wire.all.length).toBe(2);
  });
  it('carries the token where a browser can put it', () => {
    useToken('tökén/+=');
    new LiveStream({ filter: '', limit_per_second: 5 }, events).end();
    expect(newest().protocols).toEqual(['spanlight.v1', 'spanlight.bearer.dMO2a8Opbi8rPQ']);
  });
});
