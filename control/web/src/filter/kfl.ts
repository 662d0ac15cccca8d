// The filter language as the editor sees it: colours, and what may come next at the cursor. The language itself is the control
// process's (config/filter): whether a filter is right is asked there. Pure but for the questions it is given.
import { StreamLanguage } from '@codemirror/language';
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import type { FilterVariable } from '../api/types';
import { quoted } from './compose';

export const kfl = StreamLanguage.define({
  name: 'kfl',
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^'(?:[^'\\]|\\.)*'?/)) return 'string';
    if (stream.match(/^\d+(?:\.\d+)?(?:us|ms|s|m|h)?\b/)) return 'number';
    if (stream.match(/^(?:true|false|null|in)\b/)) return 'keyword';
    if (stream.match(/^(?:&&|\|\||[=!<>]=|[<>!?:+\-*/%])/)) return 'operator';
    if (stream.match(/^[A-Za-z_][\w]*(?=\()/)) return 'function';
    if (stream.match(/^[A-Za-z_][\w]*(?:\.[A-Za-z_][\w]*(?!\())*/)) return 'variableName';
    stream.next();
    return null;
  },
});

const kColumns: Record<string, string> = {
  'pod.name': 'pod',
  'service.name': 'service',
  'workload.name': 'workload',
  'workload.kind': 'workload_kind',
  'pod.namespace': 'namespace',
  'service.namespace': 'namespace',
  'pod.labels': 'labels',
};
const kSides: Record<string, string> = { src: 'src', dst: 'dst', local: 'src', remote: 'dst' };
const kPlain = new Set(['source', 'sensor', 'protocol', 'version', 'method', 'path', 'error']);
const kOfSide = new Set(['name', 'namespace', 'pod', 'service', 'workload', 'workload_kind', 'node', 'dns', 'labels']);

// The store's column that holds a variable's values; '' where none does.
export function columnOf(variable: string): string {
  if (kPlain.has(variable)) return variable;
  const dot = variable.indexOf('.');
  const side = kSides[variable.slice(0, dot)];
  if (dot < 0 || side === undefined) return '';
  const rest = variable.slice(dot + 1);
  const column = kColumns[rest] ?? rest;
  return kOfSide.has(column) ? `${side}_${column}` : '';
}

export interface Place {
  kind: 'variable' | 'value' | 'key' | 'none';
  from: number;
  typed: string;
  variable: string;
  key?: string; // of a label: src.labels["app"]
  inText: boolean; // between quotation marks already
}

// What is being written at the end of `before`.
export function placeAt(before: string): Place {
  const key = /([A-Za-z_][\w.]*)\[("?)([^"\]]*)$/.exec(before);
  if (key !== null)
    return { kind: 'key', from: before.length - (key[3] ?? '').length, typed: key[3] ?? '', variable: key[1] ?? '', inText: key[2] === '"' };
  const value = /([A-Za-z_][\w.]*)(?:\["((?:[^"\\]|\\.)*)"\])?\s*(?:[=!<>]=|[<>]|\bin\s*\[(?:[^\]]*,)?)\s*(?:"([^"]*)|([\w-]*))$/.exec(before);
  if (value !== null) {
    const inText = value[3] !== undefined;
    const typed = value[3] ?? value[4] ?? '';
    return { kind: 'value', from: before.length - typed.length, typed, variable: value[1] ?? '', key: value[2], inText };
  }
  if ((before.match(/(?<!\\)"/g)?.length ?? 0) % 2 === 1) return { kind: 'none', from: before.length, typed: '', variable: '', inText: true };
  const name = /[A-Za-z_][\w.]*$/.exec(before)?.[0] ?? '';
  return { kind: 'variable', from: before.length - name.length, typed: name, variable: '', inText: false };
}

export interface Knowledge {
  variables(): FilterVariable[];
  values(column: string, key: string, prefix: string, signal: AbortSignal): Promise<{ value: string; calls: number }[]>;
}

function variableOption(variable: FilterVariable): Completion {
  return {
    label: variable.name,
    type: variable.type === 'boolean' || variable.type === 'bool' ? 'keyword' : 'variable',
    detail: variable.type.replace(/_/g, ' '),
    info: variable.meaning === '' ? undefined : variable.meaning,
    boost: variable.name.startsWith('local') || variable.name.startsWith('remote') ? -10 : variable.protocol === '' ? 2 : 0,
  };
}

function valueOptions(values: { value: string; calls?: number }[], place: Place, textual: boolean): Completion[] {
  return values.map(({ value, calls }, index) => ({
    label: value,
    type: 'text',
    detail: calls === undefined ? undefined : `${calls.toLocaleString('en-US')} calls`,
    apply: place.inText ? quoted(value).slice(1, -1) : textual ? quoted(value) : value,
    boost: -Math.min(index, 90),
  }));
}

export function completionsOf(knowledge: Knowledge) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const place = placeAt(context.state.sliceDoc(0, context.pos));
    if (place.kind === 'none') return null;
    if (place.kind === 'variable') {
      if (place.typed === '' && !context.explicit && context.pos > 0) return null;
      return { from: place.from, options: knowledge.variables().map(variableOption), validFor: /^[\w.]*$/ };
    }
    const known = knowledge.variables().find((each) => each.name === place.variable);
    const stop = new AbortController();
    context.addEventListener('abort', () => stop.abort());
    const column = columnOf(place.variable);
    if (place.kind === 'value' && known !== undefined && known.values.length > 0)
      return { from: place.from, options: valueOptions(known.values.map((value) => ({ value })), place, true) };
    if (column === '') return null;
    const key = place.kind === 'value' ? (place.key ?? '') : '';
    const found = await knowledge.values(column, key, place.typed, stop.signal).catch(() => []);
    if (found.length === 0) return null;
    return { from: place.from, options: valueOptions(found, place, true), filter: true };
  };
}
