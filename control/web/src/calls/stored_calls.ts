// Calls of the store, page after page, shown while the search goes on.
import { batch, signal } from '@preact/signals';
import { ApiFault, isAbort, send, sentence, urlOf } from '../api/request';
import type { Call } from '../api/types';

const kPage = 300;

export const rows = signal<Call[]>([]);
export const searching = signal(false);
export const searchedTo = signal('');
export const complete = signal(false); // nothing more in the range
export const fault = signal('');

export interface Search {
  filter: string;
  since: string;
  until: string;
  order: 'newest' | 'oldest';
}

interface Line {
  call?: Call;
  progress?: { searched_to?: string };
  end?: { next_cursor: string };
  error?: { message: string };
}

// Lines of JSON as they come; a line may arrive in pieces.
export async function eachLine(body: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') take(line);
    if (done) break;
  }
  if (rest !== '') take(rest);
}

let stop: AbortController | null = null;
let cursor = '';
let current: Search | null = null;

async function page(search: Search, from: string): Promise<void> {
  stop?.abort();
  const mine = new AbortController();
  stop = mine;
  searching.value = true;
  let found: Call[] = [];
  let next = '';
  let shownAt = 0;
  const show = () => {
    if (mine.signal.aborted || found.length === 0) return;
    rows.value = rows.value.concat(found);
    found = [];
    shownAt = performance.now();
  };
  try {
    const parameters = { ...search, cursor: from, limit: kPage, stream: true };
    const response = await send(urlOf('/api/calls', parameters), { signal: mine.signal });
    if (response.body === null) throw new ApiFault(0, 'unreachable', 'The control process answered nothing.');
    await eachLine(response.body, (text) => {
      const line = JSON.parse(text) as Line;
      if (line.call !== undefined) found.push(line.call);
      if (line.progress?.searched_to !== undefined) searchedTo.value = line.progress.searched_to;
      if (line.end !== undefined) next = line.end.next_cursor;
      if (line.error !== undefined) throw new ApiFault(503, 'search_failed', line.error.message);
      if (performance.now() - shownAt > 150) show();
    });
    if (mine.signal.aborted) return;
    batch(() => {
      show();
      cursor = next;
      complete.value = next === '';
      searching.value = false;
    });
  } catch (error) {
    if (mine.signal.aborted || isAbort(error)) return;
    batch(() => {
      show();
      searching.value = false;
      complete.value = true;
      fault.value = sentence(error);
    });
  }
}

export function find(search: Search): void {
  batch(() => {
    rows.value = [];
    fault.value = '';
    complete.value = false;
    searchedTo.value = '';
  });
  current = search;
  cursor = '';
  void page(search, '');
}

export function more(): void {
  if (current === null || searching.value || complete.value) return;
  void page(current, cursor);
}

export function endSearch(): void {
  stop?.abort();
  current = null;
  searching.value = false;
}
