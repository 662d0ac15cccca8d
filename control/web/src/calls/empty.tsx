import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/request';
import type { TargetsState } from '../api/types';
import { filter, go, range } from '../state/address';
import { me, sensors, unreachable } from '../state/standing';
import { last } from '../state/time_range';
import { reasonOf } from './reasons';

const kActions = {
  'clear-filter': { text: 'Show everything', run: () => go({ filter: '' }) },
  'last-hour': { text: 'Show the last hour', run: () => go({ range: last('1h') }) },
  live: { text: 'Look at it live', run: () => go({ range: { kind: 'live' } }) },
  targets: { text: 'Look at the targets', run: () => go({ view: 'targets' }) },
  health: { text: 'Look at the sensors', run: () => go({ view: 'health' }) },
};

export function Empty({ fault }: { fault: string }) {
  const [targets, setTargets] = useState<TargetsState | null>(null);
  useEffect(() => {
    ask<TargetsState>('/api/targets').then(setTargets, () => setTargets(null));
  }, [sensors.value === null]);
  const live = range.value.kind === 'live';
  const reason = reasonOf({ unreachable: unreachable.value, me: me.value, sensors: sensors.value, targets, filter: filter.value, live, fault });
  const action = reason.action === undefined ? null : kActions[reason.action];
  return (
    <div class="empty" role="status">
      <div class="empty-beam" aria-hidden="true" />
      <h2>{reason.title}</h2>
      <p>{reason.text}</p>
      {reason.commands?.map((command) => <pre key={command}>{command}</pre>)}
      {action && <button class="primary" onClick={action.run}>{action.text}</button>}
    </div>
  );
}
