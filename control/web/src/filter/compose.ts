// Filters put together from what is clicked. Works on text: what a person wrote stays as it was written. Pure.

// What a value is to a variable: equal to it, one of its list, part of its text, or at most it.
export type Relation = 'is' | 'among' | 'within' | 'least';

export interface Term {
  variable: string; // method, src.namespace, request.headers["X"]
  value: string | number | boolean;
  relation?: Relation; // `is` if it is left out
}

// A text as the filter language writes it.
export function quoted(text: string): string {
  let out = '"';
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    if (c === '"' || c === '\\') out += `\\${c}`;
    else if (c === '\n') out += '\\n';
    else if (c === '\r') out += '\\r';
    else if (c === '\t') out += '\\t';
    else if (code < 0x20 || code === 0x7f) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += c;
  }
  return `${out}"`;
}

export const header = (side: 'request' | 'response', name: string): string => `${side}.headers[${quoted(name)}]`;
export const cookie = (side: 'request' | 'response', name: string): string => `${side}.cookies[${quoted(name)}]`;
export const parameter = (name: string): string => `query_string[${quoted(name)}]`;
export const label = (side: 'src' | 'dst', name: string): string => `${side}.labels[${quoted(name)}]`;

export function termText(term: Term, exclude = false): string {
  if (typeof term.value === 'boolean') return term.value !== exclude ? term.variable : `!${term.variable}`;
  const value = typeof term.value === 'number' ? String(term.value) : quoted(term.value);
  switch (term.relation ?? 'is') {
    case 'is':
      return `${term.variable} ${exclude ? '!=' : '=='} ${value}`;
    case 'least':
      return `${term.variable} ${exclude ? '<' : '>='} ${value}`;
    case 'among':
      return exclude ? `!(${value} in ${term.variable})` : `${value} in ${term.variable}`;
    case 'within':
      return `${exclude ? '!' : ''}${term.variable}.contains(${value})`;
  }
}

// Where && and || stand outside of brackets and texts.
function topLevel(filter: string): { ands: number[]; hasOr: boolean; hasChoice: boolean } {
  const ands: number[] = [];
  let hasOr = false;
  let hasChoice = false;
  let depth = 0;
  let quote = '';
  for (let i = 0; i < filter.length; ++i) {
    const c = filter[i] ?? '';
    if (quote !== '') {
      if (c === '\\') ++i;
      else if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if ('([{'.includes(c)) ++depth;
    else if (')]}'.includes(c)) --depth;
    else if (depth === 0 && filter.startsWith('&&', i)) ands.push(i++);
    else if (depth === 0 && filter.startsWith('||', i)) {
      hasOr = true;
      ++i;
    } else if (depth === 0 && c === '?') hasChoice = true;
  }
  return { ands, hasOr, hasChoice };
}

export function conjuncts(filter: string): string[] {
  const text = filter.trim();
  if (text === '') return [];
  const { ands, hasOr, hasChoice } = topLevel(text);
  if (hasOr || hasChoice) return [`(${text})`];
  const parts: string[] = [];
  let begin = 0;
  for (const at of ands) {
    parts.push(text.slice(begin, at).trim());
    begin = at + 2;
  }
  parts.push(text.slice(begin).trim());
  return parts.filter((part) => part !== '');
}

// Adds the term; what says the opposite of it is taken out, what says it already stays.
export function withTerm(filter: string, term: Term, exclude = false): string {
  const text = termText(term, exclude);
  const opposite = termText(term, !exclude);
  const parts = conjuncts(filter).filter((part) => part !== opposite);
  if (parts.length === 1 && parts[0] === `(${text})`) return filter;
  if (!parts.includes(text)) parts.push(text);
  return parts.join(' && ');
}

export function withText(filter: string, text: string): string {
  const parts = conjuncts(filter);
  const wanted = conjuncts(text);
  for (const part of wanted) if (!parts.includes(part)) parts.push(part);
  return parts.join(' && ');
}

// The API tells positions in bytes of UTF-8; editors count UTF-16 units.
export function unitsAt(text: string, bytePosition: number): number {
  let bytes = 0;
  let units = 0;
  for (const c of text) {
    if (bytes >= bytePosition) break;
    const code = c.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    units += c.length;
  }
  return units;
}
