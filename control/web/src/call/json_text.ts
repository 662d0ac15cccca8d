// JSON made readable, also where it is cut off or broken: by its tokens, not by a parser, so that numbers, the order of keys
// and repeated keys stay what they are on the wire. Pure.

export interface Piece {
  kind: 'key' | 'text' | 'number' | 'word' | 'mark' | 'other';
  text: string;
  at: number; // where it stands in what came; -1 of what was put between
}

const kToken = /"(?:[^"\\]|\\.)*"?|-?\d[\d.eE+-]*|true\b|false\b|null\b|[{}[\],:]|\s+|[^\s{}[\],:"]+/gs;
const kDepthMax = 40; // steps of indentation; deeper ones stand no further right

function tokensOf(text: string): { text: string; at: number }[] {
  const tokens: { text: string; at: number }[] = [];
  for (const found of text.matchAll(kToken)) if (!/^\s/.test(found[0])) tokens.push({ text: found[0], at: found.index });
  return tokens;
}

const opens = (token: string) => token === '{' || token === '[';
const closes = (token: string) => token === '}' || token === ']';

export function piecesOf(text: string): Piece[] {
  const tokens = tokensOf(text);
  const out: Piece[] = [];
  let depth = 0;
  const line = () => out.push({ kind: 'other', text: `\n${'  '.repeat(Math.min(depth, kDepthMax))}`, at: -1 });
  tokens.forEach(({ text: token, at }, i) => {
    const next = tokens[i + 1]?.text ?? '';
    const before = tokens[i - 1]?.text ?? '';
    if (opens(token)) {
      out.push({ kind: 'mark', text: token, at });
      if (!closes(next)) {
        ++depth;
        line();
      }
    } else if (closes(token)) {
      if (!opens(before)) {
        depth = Math.max(0, depth - 1);
        line();
      }
      out.push({ kind: 'mark', text: token, at });
    } else if (token === ',') {
      out.push({ kind: 'mark', text: ',', at });
      line();
    } else if (token === ':') out.push({ kind: 'mark', text: ': ', at });
    else if (token.startsWith('"')) out.push({ kind: next === ':' ? 'key' : 'text', text: token, at });
    else if (/^-?\d/.test(token)) out.push({ kind: 'number', text: token, at });
    else out.push({ kind: /^(true|false|null)$/.test(token) ? 'word' : 'other', text: token, at });
    // Several documents after each other (NDJSON) stand on lines of their own.
    if (depth === 0 && closes(token) && next !== '') line();
  });
  return out;
}

export const prettyJson = (text: string): string =>
  piecesOf(text)
    .map((piece) => piece.text)
    .join('');

export interface JsonLine {
  depth: number;
  pieces: Piece[];
  end: number; // of the line that closes what this one opens; its own number where it opens nothing
  inside: number; // lines between the two
  said: string; // the value with its key as they came, for a filter; empty where there is none
}

const kSaidMax = 400; // characters; a longer value makes no filter that one could read
const isValue = (piece: Piece) => piece.kind === 'text' || piece.kind === 'number' || piece.kind === 'word';

function saidBy(pieces: Piece[], text: string): string {
  const value = pieces.find(isValue);
  if (value === undefined) return '';
  const key = pieces.find((piece) => piece.kind === 'key');
  const said = text.slice(key?.at ?? value.at, value.at + value.text.length);
  return said.length > kSaidMax || /[\n\r]/.test(said) ? '' : said;
}

export function linesOf(text: string): JsonLine[] {
  const lines: JsonLine[] = [];
  const open: number[] = [];
  let pieces: Piece[] = [];
  let depth = 0;
  const flush = () => {
    const at = lines.length;
    const begin = closes(pieces[0]?.text ?? '') ? open.pop() : undefined;
    const opening = begin === undefined ? undefined : lines[begin];
    if (begin !== undefined && opening !== undefined) {
      opening.end = at;
      opening.inside = at - begin - 1;
    }
    lines.push({ depth, pieces, end: at, inside: 0, said: saidBy(pieces, text) });
    if (opens(pieces[pieces.length - 1]?.text ?? '')) open.push(at);
    pieces = [];
  };
  for (const piece of piecesOf(text)) {
    if (piece.at >= 0) pieces.push(piece);
    else {
      flush();
      depth = (piece.text.length - 1) / 2;
    }
  }
  if (pieces.length > 0) flush();
  return lines;
}
