// One call, whole: below the table, or as a page of its own (/call/ID).
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, fetchFile, isAbort, sentence } from '../api/request';
import type { WholeCall } from '../api/types';
import { Flags, Status } from '../calls/columns';
import { Copy } from '../shell/copy';
import { Icon } from '../shell/icons';
import { Protocol } from '../shell/protocol';
import { go, view } from '../state/address';
import { keep, kept } from '../state/kept';
import { me } from '../state/standing';
import { duration, lineOf, partyName, partyNamespace } from '../text/format';
import { ConnectionView } from './connection_view';
import { canCurl, curlOf } from './curl';
import { Ends } from './ends';
import { Exchange } from './exchange';
import { prettyJson } from './json_text';
import { Marked } from './search';
import { Timing } from './timing';
import { Waterfall } from './waterfall';

const kTabs = ['Exchange', 'Timing', 'Ends', 'Connection', 'Trace', 'JSON'] as const;
type Tab = (typeof kTabs)[number];
const tab = signal<Tab>('Exchange');
const height = signal(kept('spanlight.panel', 0.58)); // share of the list's place
const kTriesAgain = 6; // a live call is in the store only after its next batch
const kTryAgainMs = 400;

async function load(id: string, stop: AbortSignal): Promise<WholeCall> {
  for (let tries = 0; ; ++tries) {
    try {
      return await ask<WholeCall>(`/api/calls/${id}`, {}, stop);
    } catch (error) {
      const young = error instanceof Error && 'status' in error && error.status === 404;
      if (!young || tries >= kTriesAgain) throw error;
      await new Promise((resolve) => setTimeout(resolve, kTryAgainMs));
      stop.throwIfAborted();
    }
  }
}

// Arrows go from tab to tab.
function moveTab(event: KeyboardEvent): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  tab.value = kTabs[(kTabs.indexOf(tab.value) + step + kTabs.length) % kTabs.length] ?? 'Exchange';
  document.getElementById(`tab-${tab.value}`)?.focus();
}

export function CallPanel({ id, alone = false }: { id: string; alone?: boolean }) {
  const [whole, setWhole] = useState<WholeCall | null>(null);
  const [fault, setFault] = useState('');
  const [search, setSearch] = useState('');
  const root = useRef<HTMLElement>(null);
  useEffect(() => {
    const stop = new AbortController();
    setFault('');
    load(id, stop.signal).then(setWhole, (error: unknown) => {
      if (isAbort(error) || stop.signal.aborted) return;
      setWhole(null);
      setFault(sentence(error));
    });
    return () => stop.abort();
  }, [id]);
  const resize = (event: PointerEvent) => {
    const split = root.current?.parentElement?.getBoundingClientRect();
    if (split === undefined) return;
    event.preventDefault();
    const move = (moved: PointerEvent) => (height.value = Math.max(0.2, Math.min(0.85, (split.bottom - moved.clientY) / split.height)));
    const up = () => {
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', up);
      keep('spanlight.panel', height.value);
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', up);
  };
  return (
    <section class={`panel ${alone ? 'is-alone' : ''}`} aria-label="The open call" ref={root} style={alone ? undefined : { height: `${height.value * 100}%` }}>
      {!alone && <div class="panel-grip" onPointerDown={resize} />}
      {fault !== '' && (
        <div class="panel-fault" role="alert">
          <p>{fault}</p>
          <button onClick={() => go({ view: 'calls', call: '' })}>Back to the calls</button>
        </div>
      )}
      {fault === '' && whole === null && <p class="note panel-fault">Asking…</p>}
      {fault === '' && whole !== null && (
        <>
          <Head whole={whole} alone={alone} />
          <div class="tabs" role="tablist" aria-label="Of this call" onKeyDown={moveTab}>
            {kTabs.map((each) => (
              <button key={each} role="tab" id={`tab-${each}`} aria-selected={tab.value === each} aria-controls="panel-content" tabIndex={tab.value === each ? 0 : -1} onClick={() => (tab.value = each)}>
                {each}
              </button>
            ))}
          </div>
          <label class="panel-search">
            <Icon name="search" />
            <input type="search" placeholder="Search in this call" aria-label="Search in this call" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
          </label>
          <div class="panel-content" id="panel-content" role="tabpanel" aria-labelledby={`tab-${tab.value}`} tabIndex={0}>
            <Content whole={whole} search={search} />
          </div>
        </>
      )}
    </section>
  );
}

function Content({ whole, search }: { whole: WholeCall; search: string }) {
  const { call, source } = whole;
  switch (tab.value) {
    case 'Exchange':
      return <Exchange whole={whole} search={search} />;
    case 'Timing':
      return <Timing call={call} source={source} />;
    case 'Ends':
      return <Ends src={call.src} dst={call.dst} />;
    case 'Connection':
      return <ConnectionView call={call} />;
    case 'Trace':
      if (call.trace_id) return <Waterfall path={`/api/traces/${encodeURIComponent(call.trace_id)}`} current={call.id} none="No call of this trace is kept." />;
      if (call.request_id) return <Waterfall path="/api/calls" parameters={{ filter: `request_id == ${JSON.stringify(call.request_id)}`, limit: 100 }} current={call.id} none="No other call carries this request id." />;
      return <p class="note">The request carries no trace (traceparent, b3) and no x-request-id, so its way cannot be followed.</p>;
    case 'JSON':
      return <pre class="code" tabIndex={0}><Marked text={prettyJson(JSON.stringify(call))} search={search} /></pre>;
  }
}

function Head({ whole, alone }: { whole: WholeCall; alone: boolean }) {
  const { call, decoded } = whole;
  const [fault, setFault] = useState('');
  const link = () => `${location.origin}/call/${call.id}`;
  const body = decoded?.request?.text ?? null;
  return (
    <header class="panel-head">
      <Protocol name={call.protocol} version={call.version} />
      <h2 title={lineOf(call)}>
        <b>{call.method}</b> {lineOf(call)}
      </h2>
      <Status call={call} />
      <span class="panel-latency">{duration(call.elapsed_time)}</span>
      <span class="panel-ends">
        {partyName(call.src)} <span class="faint">{partyNamespace(call.src)}</span> → {partyName(call.dst)} <span class="faint">{partyNamespace(call.dst)}</span>
      </span>
      <Flags call={call} />
      <span class="spacer" />
      {fault !== '' && <span class="panel-note" role="alert">{fault}</span>}
      {canCurl(call) && <Copy text={() => curlOf(call, body)} label="Copy as a curl command" word="curl" />}
      <Copy text={link} label="Copy a link to this call" icon="link" word="Link" />
      {me.value?.packets !== false && <button disabled={!call.flags.includes('packets')} title={call.flags.includes('packets') ? 'The packets of its connection, as long as the sensor keeps them. Nothing in them is redacted.' : 'The sensor kept no packets of it: packets.ringMb in its settings'} onClick={() => fetchFile(`/api/calls/${call.id}/pcap`, `call-${call.id}.pcapng`).then(() => setFault(''), (error: unknown) => setFault(sentence(error)))}>
        <Icon name="download" /> pcap
      </button>}
      <button class="quiet icon" title={alone ? 'To the list' : 'As a page of its own'} aria-label={alone ? 'To the list' : 'As a page of its own'} onClick={() => go({ view: view.value === 'call' ? 'calls' : 'call' })}>
        <Icon name="grow" />
      </button>
      <button class="quiet icon" title="Close (Esc)" aria-label="Close the call" onClick={() => go({ view: 'calls', call: '' })}>
        <Icon name="close" />
      </button>
    </header>
  );
}
