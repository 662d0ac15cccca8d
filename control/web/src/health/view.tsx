// Health: what the services do (rate, errors, durations), and whether the sensors see all of it.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { ask, isAbort, sentence } from '../api/request';
import type { Series, StatsAnswer } from '../api/types';
import { Add } from '../filter/add';
import { withTerm } from '../filter/compose';
import { termsOf } from '../map/graph';
import { Chart } from '../shell/chart';
import { Protocol } from '../shell/protocol';
import { filter, go, range } from '../state/address';
import { boundsOf, parametersOf } from '../state/time_range';
import { duration, share, short } from '../text/format';
import { sparkPath, stepOf } from './step';
import { Sensors } from './sensors';

const kEveryMs = 5_000;
const kLiveMs = 15 * 60_000;

function useStats(by: string): { stats: StatsAnswer | null; fault: string; from: number; to: number } {
  const stats = useSignal<StatsAnswer | null>(null);
  const fault = useSignal('');
  const bounds = useSignal(boundsOf(range.value, Date.now(), kLiveMs));
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      const now = Date.now();
      const { from, to } = boundsOf(range.value, now, kLiveMs);
      try {
        stats.value = await ask<StatsAnswer>('/api/stats', { filter: filter.value, ...parametersOf(range.value, now, kLiveMs), by, step: stepOf(to - from), limit: 200 }, stop.signal);
        bounds.value = { from, to };
        fault.value = '';
      } catch (error) {
        if (isAbort(error)) return;
        fault.value = sentence(error);
      }
      if (range.value.kind !== 'between') timer = setTimeout(load, kEveryMs);
    };
    void load();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [by, filter.value, range.value]);
  return { stats: stats.value, fault: fault.value, ...bounds.value };
}

const nameOf = (series: Series) => [series.service.name, series.operation].filter((part) => part !== '').join(' ') || series.protocol || 'All calls';
const keyOf = (series: Series) => `${series.service.kind}|${series.service.namespace}|${series.service.name}|${series.protocol}|${series.operation}`;
const kGroupings = { 'service,protocol': 'Services', protocol: 'Protocols', 'service,operation': 'Operations' } as const;

export function HealthView() {
  const by = useSignal<keyof typeof kGroupings>('service,protocol');
  const chosen = useSignal('');
  const { stats, fault, from, to } = useStats(by.value);
  const whole = useStats('all');
  const series = stats?.series ?? [];
  const shown = series.find((each) => keyOf(each) === chosen.value) ?? whole.stats?.series[0];
  return (
    <div class="health" data-main tabIndex={-1}>
      <Sensors />
      <section class="card" aria-label="Rate, errors and durations">
        <header class="section-head">
          <h2>{shown === undefined ? 'Services' : nameOf(shown)}</h2>
          {chosen.value !== '' && <button class="link" onClick={() => (chosen.value = '')}>Show all together</button>}
          <span class="spacer" />
          {fault !== '' && <span role="alert" class="is-bad">{fault}</span>}
        </header>
        {shown !== undefined ? <Charts series={shown} from={from} to={to} /> : <p class="note">No calls in this time.</p>}
      </section>
      <section class="card" aria-label="By service">
        <header class="section-head">
          <div class="segments" role="group" aria-label="Group by">
            {(Object.keys(kGroupings) as (keyof typeof kGroupings)[]).map((each) => <button key={each} aria-pressed={each === by.value} onClick={() => { by.value = each; chosen.value = ''; }}>{kGroupings[each]}</button>)}
          </div>
          {stats?.all === false && <span class="faint">the busiest {series.length}</span>}
        </header>
        <table class="figures">
          <thead>
            <tr><th scope="col">Name</th><th scope="col">Protocol</th><th scope="col">Rate</th><th scope="col">Calls/s</th><th scope="col">Errors</th><th scope="col">p50</th><th scope="col">p95</th><th scope="col">p99</th><th scope="col"><span class="unseen">Calls</span></th></tr>
          </thead>
          <tbody>
            {series.map((each) => (
              <tr key={keyOf(each)} class={keyOf(each) === chosen.value ? 'is-chosen' : ''}>
                <td><button class="link" onClick={() => (chosen.value = keyOf(each))}>{nameOf(each)}</button> {each.service.namespace !== '' && <span class="tag">{each.service.namespace}</span>} {each.service.name !== '' && <span class="pair-tools"><Add term={termsOf(each.service, 'dst')[0] ?? null} /></span>}</td>
                <td>{each.protocol !== '' && <><Protocol name={each.protocol} /><span class="pair-tools"><Add term={{ variable: 'protocol', value: each.protocol }} /></span></>}</td>
                <td><Spark points={each.points.map((point) => point.per_second)} /></td>
                <td class="is-right">{short(each.per_second)}</td>
                <td class={`is-right ${each.errors > 0 ? 'is-bad' : ''}`}>{share(each.errors, each.calls)}</td>
                <td class="is-right">{duration(each.p50_us)}</td>
                <td class="is-right">{duration(each.p95_us)}</td>
                <td class="is-right">{duration(each.p99_us)}</td>
                <td class="is-right"><button class="link" onClick={() => showCalls(each)}>Calls</button></td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

function showCalls(series: Series): void {
  let text = filter.value;
  if (series.service.name !== '') for (const term of termsOf(series.service, 'dst')) text = withTerm(text, term);
  if (series.protocol !== '') text = withTerm(text, { variable: 'protocol', value: series.protocol });
  go({ view: 'calls', filter: text });
}

function Charts({ series, from, to }: { series: Series; from: number; to: number }) {
  const { times, rate, errors, latencies } = useMemo(() => {
    const points = series.points;
    return {
      times: points.map((point) => Date.parse(point.start) / 1_000),
      rate: [points.map((point) => point.per_second)],
      errors: [points.map((point) => (point.calls > 0 ? (100 * point.errors) / point.calls : 0))],
      latencies: [points.map((point) => point.p99_us), points.map((point) => point.p95_us), points.map((point) => point.p50_us)],
    };
  }, [series]);
  const shared = { times, height: 150, from: from / 1_000, to: to / 1_000, onRange: (begin: number, end: number) => go({ range: { kind: 'between', from: Math.round(begin), to: Math.round(end) } }) };
  return (
    <div class="charts">
      <figure><figcaption>Rate <b>{short(series.per_second)}</b> calls/s on average</figcaption><Chart {...shared} label="Calls per second" values={rate} lines={[{ label: 'rate', colour: '--bar', fill: true }]} format={short} /></figure>
      <figure><figcaption>Errors <b>{share(series.errors, series.calls) || '0 %'}</b></figcaption><Chart {...shared} label="Errors, per cent" values={errors} lines={[{ label: 'errors', colour: '--bar-bad', fill: true }]} format={(n) => `${short(n)} %`} /></figure>
      <figure><figcaption>Duration <span class="key-p99">p99 {duration(series.p99_us)}</span> <span class="key-p95">p95 {duration(series.p95_us)}</span> <span class="key-p50">p50 {duration(series.p50_us)}</span></figcaption><Chart {...shared} label="Durations" values={latencies} lines={[{ label: 'p99', colour: '--line-3' }, { label: 'p95', colour: '--line-2' }, { label: 'p50', colour: '--line-1' }]} format={duration} /></figure>
    </div>
  );
}

function Spark({ points }: { points: number[] }) {
  return <svg class="spark" width="110" height="20" viewBox="0 0 110 20" aria-hidden="true"><path d={sparkPath(points, 110, 20)} /></svg>;
}
