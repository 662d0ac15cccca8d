// Names and values: headers, cookies, parameters, fields. Each can be copied and put into the filter.
import type { FieldValue } from '../api/types';
import { Add } from '../filter/add';
import type { Term } from '../filter/compose';
import { Copy } from '../shell/copy';
import { fits, Marked } from './search';

export type Scalar = string | number | boolean;

export interface Pair {
  name: string;
  value: Scalar;
  term?: Term | null; // what the "+" beside it puts into the filter
}

const kRedacted = '[redacted]';

export function Pairs({ pairs, search }: { pairs: Pair[]; search: string }) {
  const shown = pairs.filter(({ name, value }) => fits(name, search) || fits(String(value), search));
  if (pairs.length > 0 && shown.length === 0) return <p class="note">None of {pairs.length} fits “{search}”.</p>;
  return (
    <dl class="pairs">
      {shown.map(({ name, value, term }, i) => {
        const redacted = value === kRedacted;
        return (
          <div class="pair" key={i}>
            <dt><Marked text={name} search={search} /></dt>
            <dd class={redacted ? 'is-redacted' : ''} title={redacted ? 'Redacted in the sensor: it never left it' : undefined}>
              {value === '' ? <span class="faint">empty</span> : <Marked text={String(value)} search={search} />}
              <span class="pair-tools">
                <Add term={term ?? null} />
                <Copy text={() => String(value)} label={`Copy ${name}`} />
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

// The fields that a protocol adds. Lists can be asked for one of theirs, but not for all of them at once.
export function fieldPairs(fields: Record<string, FieldValue> | undefined, protocol: string): Pair[] {
  return Object.entries(fields ?? {}).map(([name, value]) => {
    const variable = `${protocol}_${name}`;
    if (value !== null && typeof value !== 'object') return { name, value, term: { variable, value } };
    const only = Array.isArray(value) && value.length === 1 ? value[0] : null;
    const text = Array.isArray(value) && value.every((each) => each === null || typeof each !== 'object') ? value.join(', ') : JSON.stringify(value);
    return { name, value: text, term: typeof only === 'string' || typeof only === 'number' ? { variable, value: only, relation: 'among' } : null };
  });
}
