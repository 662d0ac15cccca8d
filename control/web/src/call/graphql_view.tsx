// GraphQL operations: what is asked, by which name, with which variables.
import { Copy } from '../shell/copy';
import type { Operation } from './graphql';
import { JsonView } from './json_view';
import { Marked } from './search';

const kToken = /("""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"?|#[^\n]*|\$\w+|@\w+|\b(?:query|mutation|subscription|fragment|on)\b|\b\d[\d.]*\b|\b(?:true|false|null)\b)/;

function kindOf(token: string): string {
  if (token.startsWith('"')) return 'json-text';
  if (token.startsWith('#')) return 'faint';
  if (/^[$@]/.test(token)) return 'json-number';
  return /^\d/.test(token) ? 'json-number' : 'json-word';
}

export function GraphqlView({ operations, search }: { operations: Operation[]; search: string }) {
  return (
    <>
      {operations.map((operation, i) => (
        <div class="graphql" key={i}>
          <h5>
            <span class="graphql-kind">{operation.kind}</span> {operation.name === '' ? <span class="faint">without a name</span> : operation.name}
            {operations.length > 1 && <span class="faint"> {i + 1} of {operations.length}</span>}
            <span class="spacer" />
            {operation.text !== '' && <Copy text={() => operation.text} label="Copy the operation" />}
          </h5>
          {operation.text === '' ? (
            <p class="note">It names a text that the server keeps; the text itself is not in the request.</p>
          ) : (
            <pre class="code" tabIndex={0}>
              {operation.text.split(kToken).map((part, k) => (k % 2 === 1 ? <span key={k} class={kindOf(part)}><Marked text={part} search={search} /></span> : <Marked key={k} text={part} search={search} />))}
            </pre>
          )}
          {operation.variables !== '' && (
            <>
              <h5>Variables</h5>
              <JsonView text={operation.variables} search={search} variable={null} />
            </>
          )}
        </div>
      ))}
    </>
  );
}
