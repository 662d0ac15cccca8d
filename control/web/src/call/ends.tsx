// Who spoke with whom: both ends as Kubernetes knows them, at the time of the call.
import type { Party } from '../api/types';
import { Add } from '../filter/add';
import { label } from '../filter/compose';
import { addressText, labelsOf, partyName, partyNamespace } from '../text/format';

export function Ends({ src, dst }: { src: Party; dst: Party }) {
  return (
    <div class="ends">
      <End side="src" title="From" party={src} />
      <End side="dst" title="To" party={dst} />
    </div>
  );
}

function End({ side, title, party }: { side: 'src' | 'dst'; title: string; party: Party }) {
  const line = (name: string, variable: string, value: string | number | undefined, shown?: string) =>
    value === undefined || value === '' ? null : (
      <div class="pair">
        <dt>{name}</dt>
        <dd>
          {shown ?? value}
          <span class="pair-tools"><Add term={{ variable: `${side}.${variable}`, value }} /></span>
        </dd>
      </div>
    );
  const labels = Object.entries(labelsOf(party));
  return (
    <section class="end" aria-label={title}>
      <h3>{title} <b>{partyName(party)}</b></h3>
      <dl class="pairs">
        {line('Namespace', 'namespace', partyNamespace(party))}
        {line('Workload', 'workload.name', party.workload?.name, party.workload && `${party.workload.kind} ${party.workload.name}`)}
        {line('Service', 'service.name', party.service?.name)}
        {line('Pod', 'pod.name', party.pod?.name)}
        {line('Node', 'node', party.node)}
        {line('DNS', 'dns', party.dns)}
        {line('Address', 'ip', party.ip, addressText(party))}
        {line('Port', 'port', party.port)}
      </dl>
      {labels.length > 0 && (
        <div class="labels" role="list" aria-label="Labels">
          {labels.map(([name, value]) => (
            <span class="label" role="listitem" key={name}>
              <span class="faint">{name}</span> {value}
              <Add term={{ variable: label(side, name), value }} />
            </span>
          ))}
        </div>
      )}
      {party.name === undefined && party.pod === undefined && party.service === undefined && (
        <p class="note">No name is known for this address. Kubernetes or a static map in the settings gives names.</p>
      )}
    </section>
  );
}
