// Parameters and cookies out of the texts that carry them, each with what the filter has to ask for: filters see texts as they
// are on the wire. Pure.
import { cookie, parameter, type Term } from '../filter/compose';
import type { Pair } from './pairs';

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch {
    return text; // a broken escape: as it is
  }
}

export function parametersOf(query: string, termOf: (name: string, value: string) => Term | null = () => null): Pair[] {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
      return { name: decoded(name), value: decoded(value), term: termOf(name, value) };
    });
}

export const queryPairs = (query: string): Pair[] => parametersOf(query, (name, value) => ({ variable: parameter(name), value }));

// A form is a body: what of it is asked for is the text between two "&".
export const formPairs = (text: string, variable: string | null): Pair[] =>
  parametersOf(text, (name, value) => (variable === null ? null : { variable, value: `${name}=${value}`, relation: 'within' }));

export function cookiePairs(headers: [string, string][] | undefined, side: 'request' | 'response'): Pair[] {
  const found: Pair[] = [];
  for (const [header, text] of headers ?? []) {
    const lower = header.toLowerCase();
    const cookies = side === 'request' && lower === 'cookie' ? text.split(';') : side === 'response' && lower === 'set-cookie' ? [text] : [];
    for (const each of cookies) {
      const at = each.indexOf('=');
      if (at <= 0) continue;
      const name = each.slice(0, at).trim();
      const value = each.slice(at + 1).trim();
      // Behind the value of Set-Cookie stand its attributes; of cookies of one name the filter sees the first.
      const asked = value.split(';')[0]?.trim() ?? '';
      found.push({ name, value, term: found.some((pair) => pair.name === name) ? null : { variable: cookie(side, name), value: asked } });
    }
  }
  return found;
}
