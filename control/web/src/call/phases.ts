// The parts of a call's time: handshake, request, wait, response, each as far as somebody measured it. Pure.
import type { Call } from '../api/types';

export interface Phase {
  name: 'Handshake' | 'Request' | 'Wait' | 'Response';
  us: number | null;
  begin: number; // microseconds from the first byte of the request; the handshake was before
  why: string; // what it is, or why it is not known
}

// Microseconds since the epoch, with the digits that Date does not keep.
export function microsOfTime(time: string | null | undefined): number | null {
  const ms = Date.parse(time ?? '');
  if (!Number.isFinite(ms)) return null;
  const digits = (/\.(\d+)/.exec(time ?? '')?.[1] ?? '').padEnd(9, '0').slice(0, 9);
  return Math.floor(ms / 1_000) * 1_000_000 + Number(digits) / 1_000;
}

export function phasesOf(call: Call, handshake: number | null): Phase[] {
  const begin = microsOfTime(call.timestamp);
  const answer = microsOfTime(call.response_timestamp);
  const asked = microsOfTime(call.request?.last_byte);
  const answered = microsOfTime(call.response?.last_byte);
  const between = (from: number | null, to: number | null) => (from === null || to === null ? null : Math.max(0, to - from));
  const request = between(begin, asked);
  const wait = request === null ? (call.elapsed_time ?? null) : between(asked, answer);
  const response = between(answer, answered);
  const at = (time: number | null) => (time === null || begin === null ? 0 : Math.max(0, time - begin));
  return [
    { name: 'Handshake', us: handshake, begin: -(handshake ?? 0), why: handshake === null ? 'not measured: no record of this connection' : 'of the connection, before its first call' },
    { name: 'Request', us: request, begin: 0, why: request === null ? 'not measured' : 'first to last byte of the request' },
    {
      name: 'Wait',
      us: wait,
      begin: at(asked ?? begin),
      why: wait === null ? (call.state === 'one_way' ? 'none: a one-way message' : 'no answer was seen') : request === null ? 'first byte of the request to first byte of the response' : 'last byte of the request to first byte of the response',
    },
    { name: 'Response', us: response, begin: at(answer), why: response === null ? 'not measured' : 'first to last byte of the response' },
  ];
}

// Where each stands on a line as long as all of them; the handshake stands before them.
export function barsOf(phases: Phase[]): ({ left: number; width: number } | null)[] {
  const first = Math.min(0, ...phases.map((phase) => phase.begin));
  const last = Math.max(1, ...phases.map((phase) => phase.begin + (phase.us ?? 0)));
  const whole = last - first;
  return phases.map((phase) => (phase.us === null ? null : { left: (phase.begin - first) / whole, width: Math.max(phase.us / whole, 0.003) }));
}
