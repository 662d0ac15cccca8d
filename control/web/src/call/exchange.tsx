// Request and response side by side.
import type { Call, DecodedBody, Message, WholeCall } from '../api/types';
import { header } from '../filter/compose';
import { bytes, flagText, reasonText } from '../text/format';
import { Body } from './body';
import { operationsOfQuery } from './graphql';
import { GraphqlView } from './graphql_view';
import { fieldPairs, Pairs, type Pair } from './pairs';
import { cookiePairs, queryPairs } from './parameters';

export function Exchange({ whole, search }: { whole: WholeCall; search: string }) {
  const { call, decoded } = whole;
  return (
    <div class="exchange">
      <Side call={call} side="request" message={call.request} body={decoded?.request ?? null} search={search} />
      <Side call={call} side="response" message={call.response} body={decoded?.response ?? null} search={search} />
    </div>
  );
}

function absence(call: Call, side: 'request' | 'response'): string {
  if (call.state === 'one_way') return side === 'response' ? 'A one-way message: none is expected.' : 'Nothing was sent this way.';
  return `Not seen: ${reasonText(call.reason ?? 'unknown')}.`;
}

interface Properties {
  call: Call;
  side: 'request' | 'response';
  message: Message | null | undefined;
  body: DecodedBody | null;
  search: string;
}

function Side({ call, side, message, body, search }: Properties) {
  const title = side === 'request' ? 'Request' : 'Response';
  return (
    <section class="side" aria-label={title} tabIndex={0}>
      <h3>
        {title} <span class="faint">{message ? bytes(message.size) : ''}</span>
      </h3>
      {message ? <Content call={call} side={side} message={message} body={body} search={search} /> : <p class="note">{absence(call, side)}</p>}
    </section>
  );
}

// The filter sees headers of one name as one text.
export function headerPairs(headers: [string, string][], side: 'request' | 'response'): Pair[] {
  const names = headers.map(([name]) => name.toLowerCase());
  return headers.map(([name, value]) => {
    const repeated = names.filter((each) => each === name.toLowerCase()).length > 1;
    return { name, value, term: { variable: header(side, name), value, relation: repeated ? 'within' : 'is' } };
  });
}

function Content({ call, side, message, body, search }: Properties & { message: Message }) {
  const withheld = message.headers === undefined;
  const headers = message.headers ?? [];
  const query = side === 'request' && call.query_string ? call.query_string : '';
  const operations = operationsOfQuery(query);
  const asked = queryPairs(query);
  // What most look for first: what was asked and what was said. Then what it was wrapped in.
  const sections: [string, Pair[]][] = [
    ['Cookies', cookiePairs(headers, side)],
    ['Headers', headerPairs(headers, side)],
    [`${call.protocol} fields`, fieldPairs(message.fields, call.protocol)],
  ];
  const flags = call.flags.filter((flag) => flag === 'truncated_headers' || flag === 'withheld_body' || flag === 'shed_body');
  return (
    <>
      {withheld && <p class="note">Headers and bodies are not shown to you.</p>}
      {flags.map((flag) => <p class="note" key={flag}>{flagText(flag)}</p>)}
      {operations.length > 0 && <Section title="GraphQL"><GraphqlView operations={operations} search={search} /></Section>}
      {asked.length > 0 && <Section title="Query" count={asked.length}><Pairs pairs={asked} search={search} /></Section>}
      {!withheld && <Body body={body} message={message} side={side} search={search} name={`${call.id}-${side}`} />}
      {sections.map(([title, pairs]) => pairs.length > 0 && <Section key={title} title={title} count={pairs.length}><Pairs pairs={pairs} search={search} /></Section>)}
    </>
  );
}

function Section({ title, count, children }: { title: string; count?: number; children: preact.ComponentChildren }) {
  return (
    <details open>
      <summary>
        <h4>{title}</h4> <span class="faint">{count}</span>
      </summary>
      {children}
    </details>
  );
}
