// Filters that were used, that were kept under a name, and those that come along. Kept in this browser alone.
import { signal } from '@preact/signals';
import { keep, kept } from '../state/kept';

export interface SavedFilter {
  name: string;
  filter: string;
}

const kRecentMax = 30;
const kSavedMax = 100;

export const kPresetFilters: SavedFilter[] = [
  { name: 'Errors', filter: 'is_error' },
  { name: 'Server errors', filter: 'status_code >= 500' },
  { name: 'Slower than a second', filter: 'elapsed_time > 1000000' },
  { name: 'Without an answer', filter: 'state == "no_response"' },
  { name: 'HTTP only', filter: 'protocol == "http"' },
  { name: 'Writes', filter: 'method in ["POST", "PUT", "PATCH", "DELETE"]' },
  { name: 'Large answers', filter: 'response.size > 1000000' },
  { name: 'Touched by loss', filter: '"gap" in flags || reason == "lost_in_mirror" || reason == "lost_in_sensor"' },
];

function listOf<Item>(value: unknown, fits: (item: unknown) => item is Item): Item[] {
  return Array.isArray(value) ? value.filter(fits) : [];
}
const isText = (item: unknown): item is string => typeof item === 'string';
const isSaved = (item: unknown): item is SavedFilter =>
  typeof item === 'object' && item !== null && isText((item as SavedFilter).name) && isText((item as SavedFilter).filter);

export const recent = signal<string[]>(listOf(kept<unknown>('spanlight.recent', []), isText));
export const saved = signal<SavedFilter[]>(listOf(kept<unknown>('spanlight.saved', []), isSaved));

export function remember(filter: string): void {
  if (filter.trim() === '') return;
  recent.value = [filter, ...recent.value.filter((each) => each !== filter)].slice(0, kRecentMax);
  keep('spanlight.recent', recent.value);
}

export function save(name: string, filter: string): void {
  saved.value = [{ name, filter }, ...saved.value.filter((each) => each.name !== name)].slice(0, kSavedMax);
  keep('spanlight.saved', saved.value);
}

export function forget(name: string): void {
  saved.value = saved.value.filter((each) => each.name !== name);
  keep('spanlight.saved', saved.value);
}
