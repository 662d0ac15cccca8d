// What is captured: chosen by operators, with a look at what a choice would mean before it is made.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask, isAbort, sentence, tell } from '../api/request';
import type { TapSettings, TargetsState } from '../api/types';
import { me } from '../state/standing';
import { count, plural } from '../text/format';

const kRestMs = 300;
const kSoonMs = 500; // sensors that are there have confirmed by then
const kShownMs = 3_000;
export const kNone: TapSettings = { namespaces: [], excludedNamespaces: [], regex: '', labels: [], services: [], bpfOverride: '' };

export function listOf(text: string): string[] {
  return text.split(/\n|;/).map((part) => part.trim()).filter((part) => part !== '');
}
const namesOf = (text: string) => text.split(/[\s,;]+/).filter((part) => part !== '');
const same = (a: TapSettings, b: TapSettings) => JSON.stringify(a) === JSON.stringify(b);

export function summaryOf(state: TargetsState): string {
  if (state.everything) return 'Everything is captured';
  if (state.settings === undefined && state.pods === 0) return 'Capturing what was chosen'; // it may be no pods at all
  if (state.settings !== undefined && state.settings.bpfOverride !== '') return `Capturing what fits “${state.settings.bpfOverride}”`;
  return `Targeting ${plural(state.pods, 'pod')} in ${plural(state.namespaces, 'namespace')} across ${plural(state.nodes, 'node')}`;
}

// How far a choice has come: the answer to it leaves before the sensors have confirmed it.
export function progressOf(state: TargetsState): string {
  if (state.waiting !== '') return 'Chosen.';
  if (state.sensors === 0) return 'Chosen; no sensor takes targets.';
  if (state.sensors_in_force === state.sensors) return 'In force.';
  return `On its way: in force at ${state.sensors_in_force} of ${plural(state.sensors, 'sensor')}.`;
}

export function TargetsView() {
  const current = useSignal<TargetsState | null>(null);
  const wanted = useSignal<TapSettings>(kNone);
  const preview = useSignal<TargetsState | null>(null);
  const fault = useSignal('');
  const applied = useSignal(0); // how often: how far the last has come is shown until a moment after it is in force
  const operator = me.value?.role === 'operator';
  const load = (stop?: AbortSignal) =>
    ask<TargetsState>('/api/targets', {}, stop).then(
      (state) => {
        // What was typed while the first answer was under way stays.
        const untouched = current.value === null ? wanted.value === kNone : same(wanted.value, current.value.settings ?? kNone);
        if (untouched) wanted.value = state.settings ?? kNone;
        current.value = state;
      },
      (error: unknown) => !isAbort(error) && (fault.value = sentence(error)),
    );
  useEffect(() => {
    const stop = new AbortController();
    void load(stop.signal);
    const timer = setInterval(() => void load(stop.signal), 4_000);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, []);
  const changed = current.value !== null && !same(wanted.value, current.value.settings ?? kNone);
  useEffect(() => {
    preview.value = null;
    if (!changed || !operator) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      tell<TargetsState>('POST', '/api/targets/preview', wanted.value, stop.signal).then(
        (state) => {
          preview.value = state;
          fault.value = '';
        },
        (error: unknown) => !isAbort(error) && (fault.value = sentence(error)),
      );
    }, kRestMs);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [JSON.stringify(wanted.value), changed, operator]);

  const apply = async () => {
    try {
      current.value = await tell<TargetsState>('PUT', '/api/targets', wanted.value);
      wanted.value = current.value.settings ?? kNone;
      fault.value = '';
      applied.value += 1;
      setTimeout(() => void load(), kSoonMs);
    } catch (error) {
      fault.value = sentence(error);
    }
  };
  const settled = current.value !== null && current.value.waiting === '' && current.value.sensors_in_force === current.value.sensors;
  useEffect(() => {
    if (applied.value === 0 || !settled) return;
    const timer = setTimeout(() => (applied.value = 0), kShownMs);
    return () => clearTimeout(timer);
  }, [applied.value, settled]);
  const shown = preview.value ?? current.value;
  const unknown = current.value !== null && current.value.settings === undefined;
  return (
    <div class="targets" data-main tabIndex={-1}>
      <section class="card">
        <h1>{current.value === null || current.value.waiting !== '' ? 'Targets' : `${summaryOf(current.value)}.`}</h1>
        {current.value !== null && (
          <p class="faint">
            In force at {current.value.sensors_in_force} of {plural(current.value.sensors, 'sensor')} that take targets.
            {current.value.dropped_packets > 0 && ` ${count(current.value.dropped_packets)} packets were left out as none of theirs.`}
          </p>
        )}
        {current.value !== null && current.value.waiting !== '' && <p class="note">{current.value.waiting}</p>}
        {!operator && me.value !== null && <p class="note">Only operators may change this; you are {me.value.name || 'a viewer'}.</p>}
        {unknown && <p class="note">What was chosen is shown to those who may see all namespaces.</p>}
        <form
          class="targets-form"
          hidden={unknown}
          onSubmit={(event) => {
            event.preventDefault();
            void apply();
          }}
        >
          <fieldset disabled={!operator}>
            <Field title="Namespaces" hint="Pods of these; empty: of all." value={wanted.value.namespaces.join(' ')} onChange={(text) => (wanted.value = { ...wanted.value, namespaces: namesOf(text) })} />
            <Field title="Without namespaces" hint="Never pods of these, e.g. kube-system." value={wanted.value.excludedNamespaces.join(' ')} onChange={(text) => (wanted.value = { ...wanted.value, excludedNamespaces: namesOf(text) })} />
            <Field title="Pod names" hint="A regular expression, e.g. ^(cart|checkout)-" value={wanted.value.regex} onChange={(text) => (wanted.value = { ...wanted.value, regex: text })} />
            <Field title="Labels" hint="Selectors, several with ; between, e.g. app=shop,tier!=cache" value={wanted.value.labels.join('; ')} onChange={(text) => (wanted.value = { ...wanted.value, labels: listOf(text) })} />
            <Field title="Services" hint="Pods behind these: NAME or NAMESPACE/NAME." value={wanted.value.services.join(' ')} onChange={(text) => (wanted.value = { ...wanted.value, services: namesOf(text) })} />
            <Field title="Capture filter instead" hint="libpcap’s syntax; replaces all of the above." value={wanted.value.bpfOverride} onChange={(text) => (wanted.value = { ...wanted.value, bpfOverride: text })} />
          </fieldset>
          {fault.value !== '' && <p class="is-bad" role="alert">{fault.value}</p>}
          {operator && (
            <div class="targets-actions">
              <button class="primary" type="submit" disabled={!changed || fault.value !== ''}>Apply at once</button>
              <button type="button" disabled={!changed} onClick={() => { wanted.value = current.value?.settings ?? kNone; fault.value = ''; }}>Back to what is in force</button>
              <button type="button" onClick={() => (wanted.value = { ...kNone })}>Capture everything</button>
              <span role="status">{applied.value > 0 && current.value !== null ? progressOf(current.value) : ''}</span>
            </div>
          )}
        </form>
      </section>
      <section class="card" aria-label="Pods">
        <header class="section-head">
          <h2>{preview.value === null ? 'Pods chosen now' : `It would be: ${summaryOf(preview.value).toLowerCase()}`}</h2>
        </header>
        {shown?.some === undefined || shown.some.length === 0 ? (
          <p class="note">{shown?.everything ? 'No choice is made: every packet is looked at, whosever it is.' : 'No pod to show.'}</p>
        ) : (
          <table class="figures">
            <thead><tr><th scope="col">Pod</th><th scope="col">Namespace</th><th scope="col">Node</th></tr></thead>
            <tbody>{shown.some.map((pod) => <tr key={`${pod.namespace}/${pod.pod}`}><td>{pod.pod}</td><td><span class="tag">{pod.namespace}</span></td><td>{pod.node}</td></tr>)}</tbody>
          </table>
        )}
        {shown !== null && (shown.some?.length ?? 0) < shown.pods && <p class="note">and {count(shown.pods - (shown.some?.length ?? 0))} more</p>}
      </section>
    </div>
  );
}

function Field({ title, hint, value, onChange }: { title: string; hint: string; value: string; onChange(text: string): void }) {
  // What is typed stays as it is typed; the list is made of it when the field is left.
  const draft = useSignal<string | null>(null);
  return (
    <label class="field">
      <span>{title}</span>
      <input
        value={draft.value ?? value}
        spellcheck={false}
        onInput={(event) => {
          draft.value = event.currentTarget.value;
          onChange(event.currentTarget.value);
        }}
        onBlur={() => (draft.value = null)}
      />
      <small>{hint}</small>
    </label>
  );
}
