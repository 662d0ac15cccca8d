import type { Sensor } from '../api/types';
import { me, now, sensors } from '../state/standing';
import { ago, bitsPerSecond, bytes, count, duration, plural, share, short } from '../text/format';
import { lossesOf, sumOf, verdictOf } from './losses';

export function Sensors() {
  const all = sensors.value ?? [];
  const verdict = verdictOf(all);
  const parts = (me.value?.parts ?? []).filter((part) => !part.ready || (part.name === 'kubernetes' && part.detail !== ''));
  return (
    <>
      <section class={`verdict is-${verdict.tone}`} role="status" aria-label="Is anything lost?">
        <h1>{verdict.sentence}</h1>
        {verdict.advice !== '' && <p>{verdict.advice}</p>}
        {parts.map((part) => <p key={part.name}>The {part.name} part {part.ready ? 'works, but' : 'is not ready'}{part.detail === '' ? '' : `: ${part.detail}`}.</p>)}
      </section>
      <div class="sensor-cards">{all.map((sensor) => <SensorCard key={sensor.endpoint} sensor={sensor} />)}</div>
    </>
  );
}

const kClockToldUs = 100_000; // less than that is the network's, and harms nothing

const kLinks: Record<string, string> = { connected: 'Connected', connecting: 'Waiting for it', refused: 'Refused', wrong: 'Not understood' };

function SensorCard({ sensor }: { sensor: Sensor }) {
  const known = sensor.counters !== undefined; // not to who sees some namespaces only
  const counters = sensor.counters ?? [];
  const packets = sumOf(counters, 'received_packets_total');
  const received = sumOf(counters, 'received_bytes_total');
  const flows = sumOf(counters, 'flows').value;
  const busy = sumOf(counters, 'busy_cycles_total').perSecond;
  const cycles = sumOf(counters, 'cycles_total').perSecond;
  const records = sumOf(counters, 'records_total');
  const losses = lossesOf(sensor);
  const figure = (name: string, value: string, hint = '') => (
    <div class="figure" title={hint}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
  return (
    <section class="card sensor" aria-label={`Sensor ${sensor.name}`}>
      <header class="section-head">
        <i class={`dot ${sensor.link === 'connected' ? 'is-live' : 'is-off'}`} />
        <h2>{sensor.name || sensor.endpoint}</h2>
        <span class="faint">{kLinks[sensor.link] ?? sensor.link}{sensor.version === '' ? '' : ` · ${sensor.version}`} · {plural(sensor.workers, 'worker')}</span>
      </header>
      {sensor.trouble !== '' && <p class="is-bad">{sensor.trouble}</p>}
      <dl class="figures-row">
        {known && figure('Packets', `${short(packets.perSecond)}/s`, `${count(packets.value)} in all`)}
        {known && figure('Traffic', bitsPerSecond(received.perSecond * 8), `${bytes(received.value)} in all`)}
        {known && figure('Connections', short(flows), 'live now')}
        {known && figure('Calls', `${short(records.perSecond)}/s`, `${count(records.value)} records in all`)}
        {known && figure('Workers busy', cycles > 0 ? share(busy, cycles) : '–')}
        {figure('Missed batches', count(sensor.missed_batches), 'published, but they did not arrive here')}
        {Math.abs(sensor.clock_offset_us) >= kClockToldUs && figure('Clock', `${duration(Math.abs(sensor.clock_offset_us))} ${sensor.clock_offset_us > 0 ? 'ahead' : 'behind'}`, 'of the control process: times of calls are off by so much. Synchronise both (NTP, PTP).')}
        {figure('Last call', ago(sensor.last_record, now.value))}
      </dl>
      {losses.length > 0 ? (
        <table class="figures">
          <thead><tr><th scope="col">Lost or left out</th><th scope="col">Now</th><th scope="col">In all</th></tr></thead>
          <tbody>
            {losses.map((loss) => (
              <tr key={loss.what} class={loss.grave ? 'is-bad' : ''}>
                <td title={loss.advice}>{loss.what}</td>
                <td class="is-right">{short(loss.perSecond)}/s</td>
                <td class="is-right">{count(loss.total)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        known && <p class="note">Nothing was lost.</p>
      )}
      {!sensor.targets_in_force && sensor.targets_fault !== '' && <p class="note">Targets: {sensor.targets_fault}</p>}
    </section>
  );
}
