// From counters to sentences: are calls being lost, where, and what to do about it. Pure.
import type { Counter, Sensor } from '../api/types';
import { count, short } from '../text/format';

export interface Loss {
  grave: boolean; // calls are missing or wrong because of it, now
  where: string;
  what: string;
  advice: string;
  perSecond: number;
  total: number;
}

interface Rule {
  name: string;
  label: string;
  grave: boolean;
  unit: string;
  what: string;
  advice: string;
}

const kRules: Rule[] = [
  { name: 'port_dropped_packets_total', label: 'missed', grave: true, unit: 'packets', what: 'were dropped by the network card: its queue was full', advice: 'Give the sensor more worker cores (lcores.workers), or raise dpdk.rxDescriptors.' },
  { name: 'port_dropped_packets_total', label: 'no_mbuf', grave: true, unit: 'packets', what: 'were dropped because no packet buffer was free', advice: 'Raise dpdk.mbufs, and hugepages with it.' },
  { name: 'port_dropped_packets_total', label: 'kernel', grave: true, unit: 'packets', what: 'were dropped by the kernel before the sensor read them', advice: 'Give the sensor CPUs of its own, or read the port through DPDK.' },
  { name: 'port_dropped_packets_total', label: 'error', grave: true, unit: 'packets', what: 'arrived damaged', advice: 'Look at the cable, the transceiver and the mirror port of the switch.' },
  { name: 'port_dropped_packets_total', label: 'unknown_link', grave: true, unit: 'packets', what: 'were of a link type that is not known here', advice: 'Capture on an Ethernet interface, or on one that the README names.' },
  { name: 'packets_total', label: 'handover_full', grave: true, unit: 'packets', what: 'were dropped between two workers', advice: 'Give the sensor more worker cores (lcores.workers).' },
  { name: 'packets_total', label: 'table_full', grave: true, unit: 'packets', what: 'belonged to connections that no longer fitted', advice: 'Raise flows.max in the settings of the sensor.' },
  { name: 'flows_total', label: 'evicted', grave: true, unit: 'connections', what: 'were given up early to make room for others', advice: 'Raise flows.max in the settings of the sensor.' },
  { name: 'packets_total', label: 'shed_flow', grave: true, unit: 'packets', what: 'were left out because the sensor is overloaded', advice: 'Capture less (Targets), or give the sensor more worker cores.' },
  { name: 'packets_total', label: 'shed_protocol', grave: false, unit: 'packets', what: 'of low-priority protocols were left out because the sensor is overloaded', advice: 'Capture less (Targets), or give the sensor more worker cores.' },
  { name: 'packets_total', label: 'truncated', grave: true, unit: 'packets', what: 'were cut within their headers by the mirror', advice: 'Switch off truncation (slicing) at the mirror, or raise its snap length.' },
  { name: 'frames_total', label: 'cut', grave: true, unit: 'packets', what: 'came in without their end', advice: 'Switch off truncation (slicing) at the mirror, or raise its snap length.' },
  { name: 'packets_total', label: 'fragment_refused', grave: true, unit: 'fragments', what: 'of IP packets were too many to be put together', advice: 'Raise reassembly.stateMemory; a flood of fragments may also be an attack.' },
  { name: 'gaps_total', label: '', grave: true, unit: 'holes', what: 'in connections: the mirror did not deliver some packets', advice: 'Run spanlight doctor on the port; an oversubscribed mirror port is the usual cause.' },
  { name: 'reassembly_total', label: 'limit_hit', grave: true, unit: 'segments', what: 'out of order were more than may wait', advice: 'Raise reassembly.heldBytes, or reassembly.stateMemory; a mirror that loses packets is the usual cause.' },
  { name: 'records_dropped_total', label: 'no_buffer', grave: true, unit: 'records', what: 'were dropped in the sensor: no batch was free', advice: 'The publisher does not keep pace; look at the subscribers and the machine’s load.' },
  { name: 'records_dropped_total', label: 'too_large', grave: true, unit: 'records', what: 'were too large to be sent', advice: 'Lower the size of body previews in the settings of the sensor.' },
  { name: 'publisher_batches_unsent_total', label: 'high_water', grave: true, unit: 'batches', what: 'were dropped because a subscriber is slow', advice: 'The control process does not keep pace: give it a core more, or capture less.' },
  { name: 'publisher_batches_unsent_total', label: 'no_memory', grave: true, unit: 'batches', what: 'were dropped for want of memory', advice: 'Give the sensor’s machine more memory, or capture less.' },
  { name: 'dissect_total', label: 'state_exhausted', grave: true, unit: 'calls', what: 'could not be read whole: memory for calls under way was used up', advice: 'Raise reassembly.stateMemory in the settings of the sensor.' },
  { name: 'inspect_total', label: 'state_exhausted', grave: true, unit: 'connections', what: 'were not looked into: memory for calls under way was used up', advice: 'Raise reassembly.stateMemory in the settings of the sensor.' },
  { name: 'dissect_total', label: 'open_calls_exceeded', grave: true, unit: 'calls', what: 'were told without their response: too many were open on one connection', advice: 'Raise dissectors.openCalls in the settings of the sensor.' },
];

const nameOf = (sensor: Sensor) => (sensor.name === '' ? sensor.endpoint : sensor.name);

export function sumOf(counters: Counter[], name: string, label?: string): { value: number; perSecond: number } {
  let value = 0;
  let perSecond = 0;
  for (const counter of counters) {
    if (counter.name !== name || (label !== undefined && counter.label !== label)) continue;
    value += counter.value;
    perSecond += counter.per_second;
  }
  return { value, perSecond };
}

export function lossesOf(sensor: Sensor): Loss[] {
  const losses: Loss[] = [];
  for (const rule of kRules) {
    const { value, perSecond } = sumOf(sensor.counters ?? [], rule.name, rule.label);
    if (value === 0) continue;
    losses.push({ grave: rule.grave && perSecond > 0, where: nameOf(sensor), what: `${rule.unit} ${rule.what}`, advice: rule.advice, perSecond, total: value });
  }
  if (sensor.missed_batches > 0)
    losses.push({ grave: false, where: nameOf(sensor), what: 'batches were published but did not arrive here', advice: 'The control process or the network between did not keep pace.', perSecond: 0, total: sensor.missed_batches });
  return losses.sort((a, b) => Number(b.grave) - Number(a.grave) || b.perSecond - a.perSecond || b.total - a.total);
}

export interface Verdict {
  tone: 'good' | 'warn' | 'bad';
  sentence: string;
  advice: string;
}

// One plain sentence for everything.
export function verdictOf(sensors: Sensor[]): Verdict {
  if (sensors.length === 0) return { tone: 'bad', sentence: 'No sensor is set.', advice: 'Name one under `sensors` in the settings of the control process.' };
  const away = sensors.filter((sensor) => sensor.link !== 'connected');
  if (away.length === sensors.length)
    return { tone: 'bad', sentence: sensors.length === 1 ? 'The sensor is not connected.' : 'No sensor is connected.', advice: away[0]?.trouble || 'Is it running, and is its address right?' };
  const worst = sensors.flatMap(lossesOf).sort((a, b) => Number(b.grave) - Number(a.grave) || b.perSecond - a.perSecond)[0];
  if (worst?.grave)
    return { tone: 'bad', sentence: `Calls are being lost at ${worst.where}: ${short(worst.perSecond)} ${worst.what}, each second.`, advice: worst.advice };
  if (away.length > 0)
    return { tone: 'warn', sentence: `${away.length} of ${sensors.length} sensors are not connected: ${away.map(nameOf).join(', ')}.`, advice: away[0]?.trouble ?? '' };
  const astray = sensors.find((sensor) => (sensor.clock_trouble ?? '') !== '');
  if (astray !== undefined) {
    const [what = '', advice = ''] = (astray.clock_trouble ?? '').split(': ', 2);
    return { tone: 'warn', sentence: `${what.charAt(0).toUpperCase()}${what.slice(1)}.`, advice: `${advice.charAt(0).toUpperCase()}${advice.slice(1)}.` };
  }
  if (worst !== undefined)
    return { tone: 'warn', sentence: `Nothing is being lost now. Earlier, at ${worst.where}: ${count(worst.total)} ${worst.what}.`, advice: worst.advice };
  if (sensors.every((sensor) => sensor.counters === undefined)) // for who sees some namespaces only
    return { tone: 'good', sentence: 'The sensors are connected.', advice: 'What they count is shown to those who may see all namespaces.' };
  return { tone: 'good', sentence: 'Every packet that the sensors were given was looked at.', advice: '' };
}
