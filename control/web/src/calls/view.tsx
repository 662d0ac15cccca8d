// The calls: live or of the store, the table, and below it the call that is open.
import { signal, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { ask, download, urlOf } from '../api/request';
import type { Call } from '../api/types';
import { CallPanel } from '../call/panel';
import { Icon } from '../shell/icons';
import { Menu } from '../shell/menu';
import { filter, go, openCall, range } from '../state/address';
import { keep, kept } from '../state/kept';
import { parametersOf } from '../state/time_range';
import { clock, count, plural } from '../text/format';
import { kColumns, layout, resetLayout, setLayout } from './columns';
import { Empty } from './empty';
import { Histogram } from './histogram';
import * as live from './live_calls';
import * as stored from './stored_calls';
import { Table } from './table';

export const paused = signal(false);
export const newestFirst = signal(kept('spanlight.newestFirst', true));
const scrolledAway = signal(false);
const held = signal<{ rows: Call[]; arrived: number } | null>(null); // what is shown while the list does not move

const isLive = () => range.value.kind === 'live';

export function togglePause(): void {
  paused.value = !paused.value;
}
export function follow(): void {
  paused.value = false;
  scrolledAway.value = false;
  if (isLive() && openCall.value !== '') go({ call: '' }, true);
}

function useSource(): void {
  // Before the browser paints: no frame shows the calls of one filter below the text of another.
  useLayoutEffect(() => {
    held.value = null;
    scrolledAway.value = false;
    if (!isLive()) {
      live.stopLive();
      stored.find({ filter: filter.value, ...parametersOf(range.value, Date.now()), order: newestFirst.value ? 'newest' : 'oldest' });
      return;
    }
    stored.endSearch();
    live.startLive(filter.value);
    const stop = new AbortController();
    ask<{ calls: Call[] }>('/api/calls', { filter: filter.value, since: '15m', limit: 300 }, stop.signal).then(
      (page) => live.seed(page.calls),
      () => !stop.signal.aborted && live.seed([]), // Without a store the list begins empty; Health says why.
    );
    return () => stop.abort();
  }, [filter.value, range.value, isLive() || newestFirst.value]);
  useEffect(() => live.stopLive, []);
  const still = isLive() && (paused.value || scrolledAway.value || openCall.value !== '');
  // Who pauses at once wants to look at what there is, not at the two calls that came before the store answered.
  const nothingYet = !live.seeded.value || live.rows.value.length === 0;
  useEffect(() => {
    if (!still || nothingYet) held.value = null;
    else if (held.value === null) held.value = { rows: live.rows.value, arrived: live.arrived.value };
  }, [still, nothingYet]);
}

export function CallsView() {
  useSource();
  const rows = !isLive() ? stored.rows.value : (held.value?.rows ?? live.rows.value);
  const fault = isLive() ? live.fault.value : stored.fault.value;
  const follows = isLive() && held.value === null;
  const newer = held.value === null ? 0 : live.arrived.value - held.value.arrived;
  const empty = rows.length === 0 && (isLive() || !stored.searching.value);
  return (
    <div class="calls">
      <Histogram />
      <Bar shown={rows.length} follows={follows} newer={newer} />
      <div class={`calls-split ${openCall.value !== '' ? 'is-open' : ''}`}>
        <div class="calls-list">
          {empty ? (
            <Empty fault={fault} />
          ) : (
            <Table
              rows={rows}
              ever={!isLive() ? 0 : (held.value?.arrived ?? live.arrived.value)}
              newestFirst={newestFirst.value || !isLive()}
              follow={follows}
              onChoose={(id) => go({ call: id }, true)}
              onOpen={(id) => go({ call: id === openCall.value ? '' : id }, openCall.value !== '')}
              onScrolledAway={(away) => (scrolledAway.value = away)}
              onEnd={() => !isLive() && stored.more()}
            />
          )}
        </div>
        {openCall.value !== '' && <CallPanel id={openCall.value} />}
      </div>
    </div>
  );
}

function Bar({ shown, follows, newer }: { shown: number; follows: boolean; newer: number }) {
  return (
    <div class="calls-bar">
      {isLive() ? <LiveState follows={follows} /> : <SearchState shown={shown} />}
      {newer > 0 && (
        <button class="newer" title="Follow the newest (f)" onClick={follow}>
          <Icon name={newestFirst.value ? 'up' : 'down'} /> {count(newer)} newer
        </button>
      )}
      <span class="spacer" />
      {isLive() && (
        <button aria-pressed={paused.value} title="Pause or go on (Space)" onClick={togglePause}>
          <Icon name={paused.value ? 'play' : 'pause'} /> {paused.value ? 'Go on' : 'Pause'}
        </button>
      )}
      <button
        title="Turn the order round"
        onClick={() => {
          newestFirst.value = !newestFirst.value;
          keep('spanlight.newestFirst', newestFirst.value);
        }}
      >
        <Icon name={newestFirst.value ? 'down' : 'up'} /> {newestFirst.value ? 'Newest first' : 'Newest last'}
      </button>
      <ColumnsMenu />
      <ExportMenu />
    </div>
  );
}

function LiveState({ follows }: { follows: boolean }) {
  if (live.connection.value !== 'open')
    return (
      <span class="state" role="status">
        <i class="dot is-off" /> {live.connection.value === 'connecting' ? 'Connecting…' : 'The connection broke; trying again'}
      </span>
    );
  const rate = live.matched.value;
  return (
    <span class="state">
      <i class={`dot ${follows ? 'is-live' : 'is-held'}`} />
      <b>{rate >= 10 || rate === 0 ? count(rate) : rate.toFixed(1)}</b> calls/s
      {live.sampled.value && (
        <span class="faint" title="So many per second go through the table; all are stored, counted and found by filters.">
          {' '}· the screen samples {live.kShownPerSecond}/s, the store keeps all
        </span>
      )}
      {live.missed.value > 0 && <span class="faint"> · {count(live.missed.value)} were too fast for this page</span>}
      {!follows && <span class="faint"> · {paused.value ? 'paused' : openCall.value !== '' ? 'held while a call is open' : 'held while you look around'}</span>}
    </span>
  );
}

function SearchState({ shown }: { shown: number }) {
  const searched = stored.searchedTo.value;
  return (
    <span class="state" role="status">
      <b>{plural(shown, 'call')}</b>
      <span class="faint">
        {stored.searching.value ? ` · searching${searched === '' ? '…' : `, now at ${clock(searched)}`}` : stored.complete.value ? ' · that is all' : ' · more as you scroll'}
      </span>
    </span>
  );
}

function ColumnsMenu() {
  const { order, hidden } = layout.value;
  const move = (id: string, step: number) => {
    const at = order.indexOf(id);
    const next = [...order];
    next.splice(at, 1);
    next.splice(Math.max(0, at + step), 0, id);
    setLayout({ order: next });
  };
  return (
    <Menu label="Columns" icon="columns" stays>
      <ul class="columns-list">
        {order.map((id) => {
          const title = kColumns.find((each) => each.id === id)?.title ?? id;
          return (
            <li key={id}>
              <label>
                <input type="checkbox" checked={!hidden.includes(id)} onChange={(event) => setLayout({ hidden: event.currentTarget.checked ? hidden.filter((each) => each !== id) : [...hidden, id] })} />
                {title}
              </label>
              <button class="quiet icon" aria-label={`${title} further left`} onClick={() => move(id, -1)}><Icon name="up" /></button>
              <button class="quiet icon" aria-label={`${title} further right`} onClick={() => move(id, 1)}><Icon name="down" /></button>
            </li>
          );
        })}
      </ul>
      <button class="menu-item" onClick={resetLayout}>As they were</button>
    </Menu>
  );
}

function ExportMenu() {
  const failed = useSignal('');
  const run = (format: string, ending: string) => {
    const bounds = isLive() ? { since: '15m' } : parametersOf(range.value, Date.now());
    download(urlOf('/api/export', { filter: filter.value, ...bounds, format }), `calls.${ending}`).then(
      () => (failed.value = ''),
      (error: unknown) => (failed.value = String(error)),
    );
  };
  return (
    <Menu label="Export" icon="download">
      <p class="menu-note">All that fit the filter {isLive() ? 'of the last 15 minutes' : 'in this time'}.</p>
      <button class="menu-item" onClick={() => run('json', 'ndjson')}>JSON, a call a line</button>
      <button class="menu-item" onClick={() => run('csv', 'csv')}>CSV, without headers and bodies</button>
      <button class="menu-item" onClick={() => run('har', 'har')}>HAR, for browsers’ network panels</button>
      {failed.value !== '' && <p role="alert">{failed.value}</p>}
    </Menu>
  );
}
