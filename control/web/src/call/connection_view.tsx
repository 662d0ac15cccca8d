// The connection that carried a call: its health, and the calls before and after on it.
import type { Call } from '../api/types';
import { Add } from '../filter/add';
import { fieldsOf, figuresOf, healthOf } from './connection';
import { useConnection } from './connection_record';
import { Waterfall } from './waterfall';

export function ConnectionView({ call }: { call: Call }) {
  return (
    <div class="connection">
      <Health call={call} />
      <h3>Calls on this connection</h3>
      <Waterfall path={`/api/calls/${call.id}/connection`} parameters={{ before: 50, after: 50 }} current={call.id} none="No other call of this connection is kept." />
    </div>
  );
}

function Health({ call }: { call: Call }) {
  const { record, asking } = useConnection(call);
  const fields = fieldsOf(record);
  const figures = figuresOf(fields);
  const verdict = healthOf(fields);
  return (
    <section class="connection-health" aria-label="The connection’s health">
      {asking && <p class="note">Asking…</p>}
      {!asking && figures.length === 0 && (
        <p class="note">
          Handshake, round trips, retransmissions and windows: not measured. No record of this connection is kept{call.transport === 'tcp' ? ' (yet: it may still be open)' : ''}.
        </p>
      )}
      {verdict !== null && <p class={`connection-verdict ${verdict.good ? 'is-good' : 'is-warn'}`}>{verdict.text}</p>}
      {figures.length > 0 && (
        <dl class="figures-row">
          {figures.map((figure) => {
            const value = fields[figure.name];
            const scalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
            return (
              <div class={`figure ${figure.bad ? 'is-bad' : ''}`} key={figure.name}>
                <dt>{figure.title}</dt>
                <dd>
                  {figure.text}
                  <span class="pair-tools"><Add term={scalar ? { variable: `${record?.protocol ?? 'conn'}_${figure.name}`, value, relation: typeof value === 'number' ? 'least' : 'is' } : null} /></span>
                </dd>
              </div>
            );
          })}
        </dl>
      )}
    </section>
  );
}
