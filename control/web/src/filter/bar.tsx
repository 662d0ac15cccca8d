// The filter bar: what is written is checked as it is written and comes into force with Enter, or by itself when it is right
// and the typing rests.
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, isAbort, tell } from '../api/request';
import type { FilterFault, FilterVariable } from '../api/types';
import { filter, go, range } from '../state/address';
import { parametersOf } from '../state/time_range';
import { FilterEditor } from './editor';
import { forget, kPresetFilters, recent, remember, save, saved } from './recent';
import { mended, wordOf } from './suggestion';
import { Icon } from '../shell/icons';
import { Menu } from '../shell/menu';

const kRestMs = 250;
export const variables = signal<FilterVariable[]>([]);
export const focusFilter = signal(0); // raised to bring the cursor here

export async function loadVariables(): Promise<void> {
  const answer = await ask<{ variables: FilterVariable[] }>('/api/filter/variables');
  variables.value = answer.variables;
}

const knowledge = {
  variables: () => variables.value,
  values: async (column: string, key: string, prefix: string, stop: AbortSignal) => {
    const parameters = { ...parametersOf(range.value, Date.now(), 3_600_000), column, key, prefix, limit: 50 };
    return (await ask<{ values: { value: string; calls: number }[] }>('/api/values', parameters, stop)).values;
  },
};

async function faultsOf(text: string, stop: AbortSignal): Promise<FilterFault[]> {
  if (text.trim() === '') return [];
  return (await tell<{ faults: FilterFault[] }>('POST', '/api/filter/check', { filter: text }, stop)).faults;
}

function Suggestion({ fault, use }: { fault: FilterFault; use(word: string): void }) {
  const word = wordOf(fault.suggestion);
  if (word === '') return fault.suggestion === '' ? null : <span class="faint">{fault.suggestion}</span>;
  return (
    <button class="link" onClick={() => use(word)}>
      Use <code>{word}</code>
    </button>
  );
}

class Recall {
  private at = -1;
  private written = '';
  older(now: string): string | null {
    const all = recent.value;
    if (this.at + 1 >= all.length) return null;
    if (this.at < 0) this.written = now;
    return all[++this.at] ?? null;
  }
  newer(): string | null {
    if (this.at < 0) return null;
    --this.at;
    return this.at < 0 ? this.written : (recent.value[this.at] ?? null);
  }
  reset(): void {
    this.at = -1;
  }
}

export function FilterBar() {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<FilterEditor | null>(null);
  const [faults, setFaults] = useState<FilterFault[]>([]);
  const [completing, setCompleting] = useState(false);
  const [written, setWritten] = useState(filter.value);
  const choosing = useRef(false);
  const checking = useRef<{ stop: AbortController; timer: ReturnType<typeof setTimeout> } | null>(null);

  const check = (text: string, accept: boolean) => {
    checking.current?.stop.abort();
    clearTimeout(checking.current?.timer);
    const stop = new AbortController();
    const run = async () => {
      try {
        const found = await faultsOf(text, stop.signal);
        if (stop.signal.aborted) return;
        setFaults(found);
        editor.current?.showFaults(found);
        if (found.length > 0) return;
        // What a completion is being chosen for is not yet what is meant.
        if (!accept && choosing.current) return;
        if (accept) remember(text.trim());
        if (text.trim() !== filter.value) go({ filter: text.trim(), call: '' }, !accept);
      } catch (error) {
        if (!isAbort(error)) setFaults([]);
      }
    };
    checking.current = { stop, timer: setTimeout(run, accept ? 0 : kRestMs) };
  };

  useEffect(() => {
    if (host.current === null) return;
    const recall = new Recall();
    const made: FilterEditor = new FilterEditor(host.current, filter.value, knowledge, {
      onChange: (text) => {
        setWritten(text);
        check(text, false);
      },
      onAccept: (text) => {
        recall.reset();
        check(text, true);
      },
      onCompleting: (open) => {
        choosing.current = open;
        setCompleting(open);
        if (!open) check(made.text(), false);
      },
      onLeave: () => document.querySelector<HTMLElement>('[data-main]')?.focus(),
      onOlder: () => recall.older(made.text()),
      onNewer: () => recall.newer(),
    });
    editor.current = made;
    const forgetFilter = filter.subscribe((text) => {
      if (text !== made.text().trim()) made.set(text);
    });
    const forgetFocus = focusFilter.subscribe((n) => n > 0 && made.focus());
    return () => {
      forgetFilter();
      forgetFocus();
      made.end();
    };
  }, []);

  const fault = faults[0];
  return (
    <div class={`filter-bar ${fault ? 'is-wrong' : ''}`}>
      <Icon name="filter" />
      <div class="filter-editor" ref={host} />
      {written !== '' && (
        <button class="quiet icon" title="Clear the filter" aria-label="Clear the filter" onClick={() => editor.current?.set('')}>
          <Icon name="close" />
        </button>
      )}
      <FiltersMenu written={written} use={(text) => { editor.current?.set(text); check(text, true); }} />
      {fault && !completing && (
        <div class="filter-fault" role="alert">
          <span>{fault.message}</span>
          <Suggestion fault={fault} use={(word) => editor.current?.set(mended(editor.current.text(), fault, word))} />
        </div>
      )}
    </div>
  );
}

function FiltersMenu({ written, use }: { written: string; use(text: string): void }) {
  const [name, setName] = useState('');
  const item = (title: string, text: string, remove?: () => void) => (
    <li key={title + text}>
      <button class="menu-item" onClick={() => use(text)}>
        <span>{title}</span>
        {title !== text && <code>{text}</code>}
      </button>
      {remove && (
        <button class="quiet icon" aria-label={`Forget ${title}`} onClick={remove}>
          <Icon name="close" />
        </button>
      )}
    </li>
  );
  return (
    <Menu label="Filters" icon="bookmark" wide>
      <div class="menu-save">
        <input aria-label="Name for this filter" placeholder="Keep this filter as…" value={name} onInput={(event) => setName(event.currentTarget.value)} />
        <button disabled={name.trim() === '' || written.trim() === ''} onClick={() => { save(name.trim(), written.trim()); setName(''); }}>
          Keep
        </button>
      </div>
      {saved.value.length > 0 && <h3>Kept</h3>}
      <ul>{saved.value.map((each) => item(each.name, each.filter, () => forget(each.name)))}</ul>
      <h3>To begin with</h3>
      <ul>{kPresetFilters.map((each) => item(each.name, each.filter))}</ul>
      {recent.value.length > 0 && <h3>Used before</h3>}
      <ul>{recent.value.slice(0, 10).map((each) => item(each, each))}</ul>
    </Menu>
  );
}
