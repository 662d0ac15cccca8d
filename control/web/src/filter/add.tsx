// The "+" beside a value: puts it into the filter; with alt it is excluded.
import { filter, go, view } from '../state/address';
import { remember } from './recent';
import { termText, withTerm, type Term } from './compose';

export function addTerm(term: Term, exclude: boolean): void {
  const text = withTerm(filter.value, term, exclude);
  remember(text);
  go(view.value === 'call' ? { view: 'calls', filter: text } : { filter: text });
}

export function Add({ term, inGrid }: { term: Term | null; inGrid?: boolean }) { // in a grid the keys move between cells, not buttons
  if (term === null || term.variable === '' || term.value === '') return null;
  const words = termText(term).slice(0, 120);
  return (
    <button
      class="add"
      tabIndex={inGrid ? -1 : 0}
      title={`Only ${words}\nwith Alt: without it`}
      aria-label={`Add ${words} to the filter`}
      onClick={(event) => {
        event.stopPropagation();
        addTerm(term, event.altKey);
      }}
    >
      +
    </button>
  );
}
