// GraphQL as it rides on HTTP: the operations within a body or a query, made readable. Pure.

export interface Operation {
  kind: 'query' | 'mutation' | 'subscription' | 'persisted';
  name: string;
  text: string; // indented
  variables: string; // JSON, empty where there is none
}

const kToken = /"""[\s\S]*?(?:"""|$)|"(?:[^"\\\n]|\\.)*"?|#[^\n]*|\.\.\.|[\w$@]+|[{}()[\]:!=|&,]|\s+|[^\s\w]/g;
const kOperationsMax = 20; // of one batch

interface Token {
  text: string;
  spaced: boolean; // something blank stood before it
}

function tokensOf(text: string): Token[] {
  const out: Token[] = [];
  let spaced = false;
  for (const [token] of text.matchAll(kToken)) {
    if (/^\s/.test(token)) spaced = true;
    else {
      out.push({ text: token, spaced });
      spaced = false;
    }
  }
  return out;
}

// Each field on a line of its own; what stands in parentheses stays beside its field.
export function indented(text: string): string {
  let out = '';
  let depth = 0;
  let within = 0; // parentheses and brackets
  const line = () => (out = `${out.trimEnd()}\n${'  '.repeat(Math.min(depth, 40))}`);
  const tokens = tokensOf(text);
  tokens.forEach(({ text: token, spaced }, i) => {
    const before = tokens[i - 1]?.text ?? '';
    if (token === '{' && within === 0) {
      out = `${out.trimEnd()}${out === '' ? '' : ' '}{`;
      ++depth;
      line();
    } else if (token === '}' && within === 0) {
      depth = Math.max(0, depth - 1);
      line();
      out += '}';
      line();
    } else if (token.startsWith('#')) {
      out += token;
      line();
    } else {
      if ('(['.includes(token)) ++within;
      if (')]'.includes(token)) within = Math.max(0, within - 1);
      const newField = within === 0 && depth > 0 && /^[\w.$]/.test(token) && /^[\w"$)\]]/.test(before.slice(-1)) && before !== '...' && before !== 'on' && !before.startsWith('@') && before !== ':';
      if (newField && !/^(on)$/.test(token)) line();
      else if (token === ',' && within === 0) return;
      else if ((spaced || (token === 'on' && before === '...')) && !/[\s(]$/.test(out) && !'):,'.includes(token)) out += ' ';
      out += token === ':' ? ': ' : token === ',' ? ', ' : token;
    }
  });
  return out.trim().replace(/[ \t]+$/gm, '').replace(/: +/g, ': ').replace(/, +/g, ', ');
}

function operationOf(query: string, name: string, variables: string): Operation {
  const head = /^(?:\s|#[^\n]*\n|,)*(?:fragment\b[\s\S]*?\}\s*)*(query|mutation|subscription)\b\s*([A-Za-z_]\w*)?/.exec(query);
  return { kind: (head?.[1] as Operation['kind'] | undefined) ?? 'query', name: name !== '' ? name : (head?.[2] ?? ''), text: indented(query), variables };
}

const kLooksLike = /^(?:\s|#[^\n]*\n|,)*(?:(?:query|mutation|subscription|fragment)\b|\{)/;

function ofObject(value: unknown): Operation | null {
  if (typeof value !== 'object' || value === null) return null;
  const { query, operationName, variables, extensions } = value as Record<string, unknown>;
  const said = variables === undefined || variables === null ? '' : JSON.stringify(variables);
  const name = typeof operationName === 'string' ? operationName : '';
  if (typeof query === 'string' && kLooksLike.test(query)) return operationOf(query, name, said);
  // A persisted query names its text by a digest.
  const persisted = typeof extensions === 'object' && extensions !== null && 'persistedQuery' in extensions;
  return persisted ? { kind: 'persisted', name, text: '', variables: said } : null;
}

// The text of a body that was cut: JSON that ends too early, of which the query stands at the beginning.
function ofCut(text: string): Operation | null {
  const query = /"query"\s*:\s*("(?:[^"\\]|\\.)*)("?)/.exec(text);
  if (query === null) return null;
  try {
    const whole = JSON.parse(`${(query[1] ?? '').replace(/\\(?:u[0-9a-fA-F]{0,3})?$/, '')}"`) as string;
    return kLooksLike.test(whole) ? operationOf(whole, '', '') : null;
  } catch {
    return null;
  }
}

export function operationsOf(text: string, contentType = ''): Operation[] {
  if (/\bgraphql\b/.test(contentType) && kLooksLike.test(text) && !/^\s*\{\s*"/.test(text)) return [operationOf(text, '', '')];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const cut = ofCut(text);
    return cut === null ? [] : [cut];
  }
  const all = (Array.isArray(value) ? value.slice(0, kOperationsMax) : [value]).map(ofObject);
  return all.every((each) => each !== null) ? (all as Operation[]) : [];
}

// GET /graphql?query=…&variables=…
export function operationsOfQuery(query: string): Operation[] {
  const parameters = new URLSearchParams(query);
  const text = parameters.get('query') ?? '';
  if (!kLooksLike.test(text)) return [];
  return [operationOf(text, parameters.get('operationName') ?? '', parameters.get('variables') ?? '')];
}
