// When what happened, as far as packets tell.
import type { Call } from '../api/types';
import { Flags } from '../calls/columns';
import { dateAndClock, duration, reasonText } from '../text/format';
import { fieldsOf, handshakeOf } from './connection';
import { useConnection } from './connection_record';
import { Pairs, type Pair } from './pairs';
import { barsOf, phasesOf } from './phases';

function facts(call: Call, source: string): Pair[] {
  const us = call.elapsed_time;
  const carried = [call.transport, call.vlan?.length ? `VLAN ${call.vlan.join(', ')}` : '', call.tunnel ? `${call.tunnel.type} ${call.tunnel.id}` : ''].filter((part) => part).join(', ');
  const all: (Pair | null)[] = [
    { name: 'Request began', value: call.timestamp ?? 'not seen' },
    { name: 'Response began', value: call.response_timestamp ?? (call.state === 'one_way' ? 'none is expected' : `not seen: ${reasonText(call.reason ?? 'unknown')}`) },
    us === null || us === undefined ? null : { name: 'First byte to first byte', value: `${duration(us)} (${us} µs)`, term: { variable: 'elapsed_time', value: us, relation: 'least' } },
    { name: 'Seen by', value: `${call.sensor ?? ''}${source !== '' && source !== 'live' ? `, from ${source}` : ''}`, term: call.sensor ? { variable: 'sensor', value: call.sensor } : null },
    { name: 'Carried by', value: carried, term: call.transport ? { variable: 'transport', value: call.transport } : null },
    call.conn_id ? { name: 'Connection', value: call.conn_id, term: { variable: 'conn_id', value: call.conn_id } } : null,
    call.trace_id ? { name: 'Trace', value: call.trace_id, term: { variable: 'trace_id', value: call.trace_id } } : null,
    call.request_id ? { name: 'Request id', value: call.request_id, term: { variable: 'request_id', value: call.request_id } } : null,
    { name: 'Record', value: call.id, term: { variable: 'id', value: call.id } },
  ];
  return all.filter((each): each is Pair => each !== null);
}

export function Timing({ call, source }: { call: Call; source: string }) {
  const { record } = useConnection(call);
  const phases = phasesOf(call, handshakeOf(fieldsOf(record)));
  const bars = barsOf(phases);
  return (
    <div class="timing">
      <ol class="phases" aria-label="Parts of its time">
        {phases.map((phase, i) => {
          const bar = bars[i];
          return (
            <li key={phase.name} class={`phase is-${phase.name.toLowerCase()} ${phase.us === null ? 'is-unknown' : ''}`}>
              <span class="phase-name">{phase.name}</span>
              <span class="phase-track">{bar && <i style={{ left: `${bar.left * 100}%`, width: `${Math.min(bar.width, 1 - bar.left) * 100}%` }} />}</span>
              <b>{phase.us === null ? '–' : duration(phase.us)}</b>
              <span class="faint">{phase.why}</span>
            </li>
          );
        })}
      </ol>
      <p class="timeline-notes"><Flags call={call} /> <span class="faint">{dateAndClock(call.timestamp ?? call.response_timestamp)} local time</span></p>
      <Pairs pairs={facts(call, source)} search="" />
    </div>
  );
}
