// The service map: who calls whom, renewed while one looks at it.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { ask, isAbort, sentence } from '../api/request';
import type { MapAnswer } from '../api/types';
import { Empty } from '../calls/empty';
import { withTerm } from '../filter/compose';
import { Icon } from '../shell/icons';
import { Protocol } from '../shell/protocol';
import { filter, go, range } from '../state/address';
import { keep, kept } from '../state/kept';
import { parametersOf } from '../state/time_range';
import { plural, share, short } from '../text/format';
import { Drawing } from './drawing';
import { fitsSearch } from './focus';
import { focused, graphOf, isGrouped, termsOf, type Graph, type MapLine } from './graph';
import { figuresOf } from './lines';

const kEveryMs = 5_000;
const kBy = ['workload', 'service', 'namespace'] as const;

function callsOf(graph: Graph, from: string, to: string): void {
  let text = filter.value;
  for (const [key, side] of [[from, 'src'], [to, 'dst']] as const) {
    const node = graph.nodes.find((each) => each.key === key);
    if (node !== undefined) for (const term of termsOf(node, side)) text = withTerm(text, term);
  }
  go({ view: 'calls', filter: text });
}

export function MapView() {
  const by = useSignal(kept<(typeof kBy)[number]>('spanlight.map.by', 'workload'));
  const answer = useSignal<MapAnswer | null>(null);
  const fault = useSignal('');
  const search = useSignal('');
  const chosen = useSignal('');
  const togetherWanted = useSignal<boolean | null>(null); // namespaces as boxes: as large graphs want it, until somebody says
  const alone = useSignal(false); // only the chosen one and its neighbours are drawn
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      try {
        answer.value = await ask<MapAnswer>('/api/map', { filter: filter.value, ...parametersOf(range.value, Date.now()), by: by.value, limit: 1_000 }, stop.signal);
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
  }, [by.value, filter.value, range.value]);

  const graph = useMemo(() => graphOf(answer.value?.edges ?? []), [answer.value]);
  const drawn = useMemo(() => focused(graph, alone.value ? chosen.value : ''), [graph, alone.value, chosen.value]);
  const grouped = togetherWanted.value ?? isGrouped(drawn);
  const node = graph.nodes.find((each) => each.key === chosen.value);
  return (
    <div class="map">
      <div class="map-bar">
        <div class="segments" role="group" aria-label="Group by">
          {kBy.map((each) => (
            <button key={each} aria-pressed={by.value === each} onClick={() => { by.value = each; chosen.value = ''; keep('spanlight.map.by', each); }}>
              {each[0]?.toUpperCase() + each.slice(1)}s
            </button>
          ))}
        </div>
        {by.value !== 'namespace' && (
          <button aria-pressed={grouped} title="Services in the boxes of their namespaces, with the sums between them" onClick={() => (togetherWanted.value = !grouped)}>
            <Icon name="boxes" /> By namespace
          </button>
        )}
        <input type="search" placeholder="Find on the map" aria-label="Find on the map" value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} onKeyDown={(event) => {
          const first = graph.nodes.find((each) => fitsSearch(each, search.value));
          if (event.key === 'Enter' && first !== undefined) chosen.value = first.key;
        }} />
        <span class="faint">{plural(graph.nodes.length, 'node')}, {plural(graph.lines.length, 'connection')}{answer.value?.all === false ? ', the busiest' : ''}</span>
        {fault.value !== '' && <span role="alert" class="is-bad">{fault.value}</span>}
        <span class="spacer" />
        <span class="legend"><i class="is-good" /> below 1 % errors <i class="is-warn" /> to 5 % <i class="is-bad" /> above</span>
      </div>
      <div class="map-split" data-main tabIndex={-1}>
        {graph.nodes.length === 0 && answer.value !== null ? <Empty fault={fault.value} /> : <Drawing graph={drawn} grouped={grouped && by.value !== 'namespace'} search={search.value} chosen={chosen.value} onChoose={(key) => (chosen.value = key)} onLine={(line) => callsOf(graph, line.src, line.dst)} />}
        {node !== undefined && (
          <aside class="map-side" aria-label={node.name}>
            <h2>{node.name}</h2>
            <p class="faint">{node.kind}{node.namespace === '' ? '' : ` in ${node.namespace}`}</p>
            <p><b>{short(node.perSecond)}</b> calls/s · <b>{share(node.errors, node.calls) || '0 %'}</b> errors</p>
            <div class="map-actions">
              <button class="primary" onClick={() => callsOf(graph, '', node.key)}>Calls to it</button>
              <button onClick={() => callsOf(graph, node.key, '')}>Calls it makes</button>
              <button aria-pressed={alone.value} onClick={() => (alone.value = !alone.value)}>Focus</button>
            </div>
            <Lines title="Called by" graph={graph} lines={graph.lines.filter((line) => line.dst === node.key)} side="src" />
            <Lines title="Calls" graph={graph} lines={graph.lines.filter((line) => line.src === node.key)} side="dst" />
          </aside>
        )}
      </div>
    </div>
  );
}

function Lines({ title, graph, lines, side }: { title: string; graph: Graph; lines: MapLine[]; side: 'src' | 'dst' }) {
  if (lines.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="map-lines">
        {[...lines].sort((a, b) => b.perSecond - a.perSecond).map((line) => (
          <li key={line.key}>
            <button onClick={() => callsOf(graph, line.src, line.dst)}>
              <span>{graph.nodes.find((each) => each.key === line[side])?.name}</span>
              <span class="faint">{figuresOf(line)}</span>
              <span>{line.protocols.map((each) => <Protocol key={each} name={each} />)}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
