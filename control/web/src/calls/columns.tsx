// The columns of the table: what each shows, and what it puts into the filter.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { Call, Party } from '../api/types';
import type { Term } from '../filter/compose';
import { keep, kept } from '../state/kept';
import { now } from '../state/standing';
import * as text from '../text/format';
import { Protocol } from '../shell/protocol';

export interface Column {
  id: string;
  title: string;
  width: number;
  right?: boolean;
  show(call: Call): ComponentChildren;
  hint?(call: Call): string;
  term?(call: Call): Term | null;
}

function partyTerm(side: 'src' | 'dst', party: Party): Term {
  if (party.workload) return { variable: `${side}.workload.name`, value: party.workload.name };
  if (party.service) return { variable: `${side}.service.name`, value: party.service.name };
  if (party.name) return { variable: `${side}.name`, value: party.name };
  if (party.dns) return { variable: `${side}.dns`, value: party.dns };
  return { variable: `${side}.ip`, value: party.ip };
}

export function partyHint(party: Party): string {
  const lines = [text.addressText(party)];
  if (party.pod) lines.push(`pod ${party.pod.name}`);
  if (party.service) lines.push(`service ${party.service.name}`);
  if (party.node) lines.push(`node ${party.node}`);
  if (party.dns) lines.push(party.dns);
  return lines.join('\n');
}

function partyColumn(id: 'src' | 'dst', title: string): Column {
  return {
    id,
    title,
    width: 190,
    show: (call) => {
      const party = call[id];
      const space = text.partyNamespace(party);
      return (
        <>
          <span class="party">{text.partyName(party)}</span>
          {space !== '' && <span class="tag">{space}</span>}
        </>
      );
    },
    hint: (call) => partyHint(call[id]),
    term: (call) => partyTerm(id, call[id]),
  };
}

function sizeColumn(id: 'request' | 'response', title: string): Column {
  return { id, title, width: 76, right: true, show: (call) => text.bytes(call[id]?.size), term: (call) => (call[id] ? { variable: `${id}.size`, value: call[id].size, relation: 'least' } : null) };
}

// Shown in the table; what they mean in full stands in the hint.
const kLoudFlags = new Set(['gap', 'malformed', 'uncertain']);

const kUsualFlags = new Set(['redacted']); // of nearly every call: said where the call is open
const kOwnPlace = 'packets'; // said by the button that gives them

export function Flags({ call, brief }: { call: Call; brief?: boolean }) {
  const chips: { word: string; why: string; loud: boolean }[] = [];
  if (call.state === 'no_response') chips.push({ word: call.reason ?? 'no answer', why: `No response: ${text.reasonText(call.reason ?? '')}`, loud: true });
  if (call.state === 'no_request') chips.push({ word: call.reason ?? 'no request', why: `No request: ${text.reasonText(call.reason ?? '')}`, loud: true });
  for (const flag of call.flags) if (flag !== kOwnPlace && (!brief || !kUsualFlags.has(flag))) chips.push({ word: flag, why: text.flagText(flag), loud: kLoudFlags.has(flag) });
  return (
    <>
      {chips.map(({ word, why, loud }) => (
        <span key={word} class={`chip ${loud ? 'is-loud' : ''}`} title={why}>
          {word.replace(/_/g, ' ')}
        </span>
      ))}
    </>
  );
}

function noteTerm(call: Call): Term | null {
  if (call.reason) return { variable: 'reason', value: call.reason };
  const flag = call.flags.find((each) => each !== kOwnPlace && !kUsualFlags.has(each));
  return flag === undefined ? null : { variable: 'flags', value: flag, relation: 'among' };
}

// A hundredth of a second and a second differ by more than their digits tell: the bar is logarithmic, 10 µs to 10 s.
export function latencyShare(us: number): number {
  return Math.max(0, Math.min(1, Math.log10(Math.max(us, 1) / 10) / 6));
}

function latency(call: Call): ComponentChildren {
  const us = call.elapsed_time;
  if (us === null || us === undefined) return <span class="faint">{call.state === 'one_way' ? 'one way' : '–'}</span>;
  return (
    <span class={`latency ${text.isSlow(call) ? 'is-slow' : ''}`}>
      <i style={{ '--share': latencyShare(us) }} />
      <span>{text.duration(us)}</span>
    </span>
  );
}

export const kColumns: Column[] = [
  { id: 'time', title: 'Time', width: 104, show: (call) => text.moment(call.timestamp ?? call.response_timestamp, now.peek()), hint: (call) => call.timestamp ?? call.response_timestamp ?? '' },
  { id: 'protocol', title: 'Protocol', width: 82, show: (call) => <Protocol name={call.protocol} version={call.version} />, term: (call) => ({ variable: 'protocol', value: call.protocol }) },
  { id: 'method', title: 'Method', width: 78, show: (call) => <span class="method">{call.method ?? ''}</span>, term: (call) => (call.method ? { variable: 'method', value: call.method } : null) },
  { id: 'line', title: 'Call', width: 0, show: (call) => <span class="line">{text.lineOf(call)}</span>, hint: text.lineOf, term: (call) => (call.path ? { variable: 'path', value: call.path } : null) },
  { id: 'status', title: 'Status', width: 66, show: (call) => <Status call={call} />, hint: (call) => call.error ?? '', term: (call) => (call.status_code !== undefined ? { variable: 'status_code', value: call.status_code } : null) },
  { id: 'latency', title: 'Latency', width: 118, right: true, show: latency, term: (call) => (call.elapsed_time ? { variable: 'elapsed_time', value: call.elapsed_time, relation: 'least' } : null) },
  partyColumn('src', 'From'),
  partyColumn('dst', 'To'),
  sizeColumn('request', 'Sent'),
  sizeColumn('response', 'Received'),
  { id: 'flags', title: 'Notes', width: 150, show: (call) => <Flags call={call} brief />, term: noteTerm },
  { id: 'sensor', title: 'Sensor', width: 100, show: (call) => call.sensor ?? '', term: (call) => (call.sensor ? { variable: 'sensor', value: call.sensor } : null) },
  { id: 'conn', title: 'Connection', width: 140, show: (call) => <span class="mono">{call.conn_id ?? ''}</span>, term: (call) => (call.conn_id ? { variable: 'conn_id', value: call.conn_id } : null) },
  { id: 'trace', title: 'Trace', width: 140, show: (call) => <span class="mono">{call.trace_id ?? call.request_id ?? ''}</span>, term: (call) => (call.trace_id ? { variable: 'trace_id', value: call.trace_id } : null) },
];

export function Status({ call }: { call: Call }) {
  const word = call.status_code !== undefined ? String(call.status_code) : call.state === 'no_response' ? 'none' : call.is_error === true ? 'error' : call.state === 'complete' ? 'ok' : '';
  return <span class={`status tone-${text.toneOf(call)}`}>{word}</span>;
}

const kHidden = new Set(['sensor', 'conn', 'trace']);
interface Layout {
  order: string[];
  hidden: string[];
  widths: Record<string, number>;
}
const kUsual: Layout = { order: kColumns.map((each) => each.id), hidden: [...kHidden], widths: {} };

// What was kept may be of another version: unknown columns go, new ones come at the end.
export function soundLayout(stored: unknown): Layout {
  const layout = (typeof stored === 'object' && stored !== null ? stored : {}) as Partial<Layout>;
  const ids = new Set(kUsual.order);
  const order = (Array.isArray(layout.order) ? layout.order : []).filter((id) => ids.has(id));
  for (const id of kUsual.order) if (!order.includes(id)) order.push(id);
  const hidden = Array.isArray(layout.hidden) ? layout.hidden.filter((id) => ids.has(id)) : kUsual.hidden;
  const widths: Record<string, number> = {};
  for (const [id, width] of Object.entries(layout.widths ?? {}))
    if (ids.has(id) && typeof width === 'number' && width >= kWidthLeast && width < 2_000) widths[id] = width;
  return { order, hidden, widths };
}

export const kWidthLeast = 44;
export const layout = signal<Layout>(soundLayout(kept<unknown>('spanlight.columns', null)));

export function setLayout(change: Partial<Layout>): void {
  layout.value = { ...layout.value, ...change };
  keep('spanlight.columns', layout.value);
}
export const resetLayout = (): void => setLayout(kUsual);

export function columnsShown(): Column[] {
  return layout.value.order
    .filter((id) => !layout.value.hidden.includes(id))
    .map((id) => kColumns.find((each) => each.id === id))
    .filter((each): each is Column => each !== undefined);
}

export function gridOf(columns: Column[]): string {
  return columns
    .map((column) => {
      const width = layout.value.widths[column.id] ?? column.width;
      return width === 0 ? 'minmax(180px, 1fr)' : `${width}px`;
    })
    .join(' ');
}
