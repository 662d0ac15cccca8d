// Calls and errors over the range; dragging over it looks closer.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask, isAbort } from '../api/request';
import type { Bucket } from '../api/types';
import { filter, go, range } from '../state/address';
import { boundsOf, parametersOf, zoomedOut } from '../state/time_range';
import { Chart } from '../shell/chart';
import { Icon } from '../shell/icons';
import { plural, short } from '../text/format';

const kBuckets = 120;
const kLiveEveryMs = 3_000;

export function Histogram() {
  const buckets = useSignal<Bucket[]>([]);
  const bounds = useSignal(boundsOf(range.value, Date.now()));
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      const now = Date.now();
      try {
        const parameters = { filter: filter.value, ...parametersOf(range.value, now), buckets: kBuckets };
        const answer = await ask<{ buckets: Bucket[] }>('/api/histogram', parameters, stop.signal);
        bounds.value = boundsOf(range.value, now);
        buckets.value = answer.buckets;
      } catch (error) {
        if (isAbort(error)) return;
        buckets.value = [];
      }
      if (range.value.kind === 'live') timer = setTimeout(load, kLiveEveryMs);
    };
    void load();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [filter.value, range.value]);

  const times = buckets.value.map((bucket) => Date.parse(bucket.start) / 1_000);
  const all = buckets.value.map((bucket) => bucket.calls);
  const errors = buckets.value.map((bucket) => bucket.errors);
  const sum = (numbers: number[]) => numbers.reduce((total, n) => total + n, 0);
  return (
    <section class="histogram" aria-label="Calls over time">
      <Chart
        label={`${plural(sum(all), 'call')}, ${plural(sum(errors), 'error')} in this time`}
        times={times}
        values={[all, errors]}
        lines={[
          { label: 'calls', colour: '--bar', bars: true },
          { label: 'errors', colour: '--bar-bad', bars: true },
        ]}
        height={76}
        format={short}
        from={bounds.value.from / 1_000}
        to={bounds.value.to / 1_000}
        onRange={(from, to) => go({ range: { kind: 'between', from: Math.round(from), to: Math.round(to) } })}
      />
      {range.value.kind === 'between' && (
        <button class="quiet icon histogram-out" title="Look from further away" aria-label="Look from further away" onClick={() => go({ range: zoomedOut(range.value, Date.now()) })}>
          <Icon name="minus" />
        </button>
      )}
    </section>
  );
}
