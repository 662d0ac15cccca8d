// Where one is: view, filter, time range, open call. All of it stands in the address, so that a link shows another person
// the same thing, and the browser's back works.
import { batch, signal } from '@preact/signals';
import { parseRange, rangeText, type TimeRange } from './time_range';

export type View = 'calls' | 'map' | 'health' | 'targets' | 'call';

export const view = signal<View>('calls');
export const filter = signal('');
export const range = signal<TimeRange>({ kind: 'live' });
export const openCall = signal('');

const kPaths: Record<string, View> = { '/': 'calls', '/map': 'map', '/health': 'health', '/targets': 'targets' };

export interface Place {
  view: View;
  filter: string;
  range: TimeRange;
  call: string;
}

export function placeOf(path: string, search: string): Place {
  const query = new URLSearchParams(search);
  const whole = /^\/call\/([0-9a-f]{32})$/.exec(path);
  const call = whole?.[1] ?? query.get('call') ?? '';
  return {
    view: whole !== null ? 'call' : (kPaths[path] ?? 'calls'),
    filter: query.get('filter') ?? '',
    range: parseRange(query.get('range') ?? ''),
    call: /^[0-9a-f]{32}$/.test(call) ? call : '',
  };
}

export function addressOf(place: Place): string {
  if (place.view === 'call') return `/call/${place.call}`;
  const path = Object.entries(kPaths).find(([, name]) => name === place.view)?.[0] ?? '/';
  const query = new URLSearchParams();
  if (place.filter !== '') query.set('filter', place.filter);
  const time = rangeText(place.range);
  if (time !== '') query.set('range', time);
  if (place.call !== '' && place.view === 'calls') query.set('call', place.call);
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

export const here = (): Place => ({ view: view.value, filter: filter.value, range: range.value, call: openCall.value });

function take(place: Place): void {
  batch(() => {
    view.value = place.view;
    filter.value = place.filter;
    range.value = place.range;
    openCall.value = place.call;
  });
}

// `quietly`: does not become a step of the browser's history (the next row of a list, say).
export function go(change: Partial<Place>, quietly = false): void {
  const place = { ...here(), ...change };
  const address = addressOf(place);
  take(place);
  if (address === location.pathname + location.search) return;
  if (quietly) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}

export function followAddress(): void {
  const read = () => take(placeOf(location.pathname, location.search));
  read();
  addEventListener('popstate', read);
}
