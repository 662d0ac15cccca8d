// Several calls on one line of time: those of a connection, or of a trace.
import { useEffect, useState } from 'preact/hooks';
import { ask, isAbort, sentence } from '../api/request';
import type { Call } from '../api/types';
import { Protocol } from '../shell/protocol';
import { go } from '../state/address';
import { clock, duration, lineOf, partyName, toneOf } from '../text/format';

export interface Span {
  left: number; // shares of the whole
  width: number;
}

const startOf = (call: Call) => Date.parse(call.timestamp ?? call.response_timestamp ?? '');
const kWidthLeast = 0.004;

export function spansOf(calls: Call[]): Span[] {
  const starts = calls.map(startOf);
  const ends = calls.map((call, i) => (starts[i] ?? 0) + Math.max(0, call.elapsed_time ?? 0) / 1_000);
  const first = Math.min(...starts);
  const whole = Math.max(Math.max(...ends) - first, 0.001);
  return calls.map((_, i) => {
    const width = Math.max(((ends[i] ?? 0) - (starts[i] ?? 0)) / whole, kWidthLeast);
    return { left: Math.min(((starts[i] ?? 0) - first) / whole, 1 - kWidthLeast), width: Math.min(width, 1) };
  });
}

export function Waterfall({ path, parameters, current, none }: { path: string; parameters?: Record<string, string | number>; current: string; none: string }) {
  const [calls, setCalls] = useState<Call[] | null>(null);
  const [cut, setCut] = useState(false);
  const [fault, setFault] = useState('');
  useEffect(() => {
    const stop = new AbortController();
    setCalls(null);
    setFault('');
    ask<{ calls: Call[]; all?: boolean }>(path, parameters, stop.signal).then(
      (answer) => {
        setCut(answer.all === false);
        setCalls([...answer.calls].sort((a, b) => startOf(a) - startOf(b)));
      },
      (error: unknown) => !isAbort(error) && setFault(sentence(error)),
    );
    return () => stop.abort();
  }, [path]);
  if (fault !== '') return <p class="note" role="alert">{fault}</p>;
  if (calls === null) return <p class="note">Asking…</p>;
  if (calls.length === 0) return <p class="note">{none}</p>;
  const spans = spansOf(calls);
  return (
    <>
      <ol class="waterfall">
        {calls.map((call, i) => (
          <li key={call.id}>
            <button class={`waterfall-row tone-${toneOf(call)}`} aria-current={call.id === current} onClick={() => go({ call: call.id }, true)}>
              <span class="faint">{clock(call.timestamp ?? call.response_timestamp)}</span>
              <Protocol name={call.protocol} />
              <span class="waterfall-what"><b>{call.method}</b> {lineOf(call)} <span class="faint">{partyName(call.src)} → {partyName(call.dst)}</span></span>
              <span class="waterfall-track"><i style={{ left: `${(spans[i]?.left ?? 0) * 100}%`, width: `${Math.min(spans[i]?.width ?? 0, 1 - (spans[i]?.left ?? 0)) * 100}%` }} /></span>
              <span class="is-right">{duration(call.elapsed_time)}</span>
              <span class={`status tone-${toneOf(call)}`}>{call.status_code ?? ''}</span>
            </button>
          </li>
        ))}
      </ol>
      {cut && <p class="note">There are more calls of it than these first {calls.length}.</p>}
    </>
  );
}
