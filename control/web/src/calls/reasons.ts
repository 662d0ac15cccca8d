// Why is nothing to be seen? The first thing that is missing, in the order in which traffic comes, with the next step. Pure.
import type { Me, Sensor, TargetsState } from '../api/types';
import { sumOf } from '../health/losses';
import { short } from '../text/format';

export interface Reason {
  title: string;
  text: string;
  commands?: string[];
  action?: 'clear-filter' | 'last-hour' | 'targets' | 'health' | 'live';
}

export interface Situation {
  unreachable: string;
  me: Me | null;
  sensors: Sensor[] | null;
  targets: TargetsState | null;
  filter: string;
  live: boolean;
  fault: string;
}

function ofSensors(sensors: Sensor[]): Reason | null {
  if (sensors.length === 0)
    return { title: 'No sensor is set', text: 'The control process has nobody to listen to. Name a sensor in its settings, and start it anew.', commands: ['sensors: ["ipc:///run/spanlight/records.sock"]'] };
  const there = sensors.filter((sensor) => sensor.link === 'connected');
  if (there.length === 0) {
    const first = sensors[0];
    return {
      title: 'The sensor is not there yet',
      text: `Waiting for ${sensors.map((sensor) => sensor.endpoint).join(', ')}. ${first?.trouble ?? ''} Start a sensor on a mirrored port of this machine, or on a capture file:`,
      commands: ['sudo spanlight sensor eth1', 'spanlight sensor trace.pcap'],
    };
  }
  const counters = there.flatMap((sensor) => sensor.counters ?? []);
  const packets = sumOf(counters, 'received_packets_total').value;
  if (counters.length > 0 && packets === 0)
    return {
      title: 'The sensor runs, but no packet arrives',
      text: 'Its ports are open and silent. Does the switch mirror to this port? The doctor listens for some seconds and says what is wrong with a mirror.',
      commands: ['sudo spanlight doctor eth1'],
    };
  return null;
}

export function reasonOf(situation: Situation): Reason {
  const { unreachable, me, sensors, targets, filter, live, fault } = situation;
  if (unreachable !== '') return { title: 'The control process cannot be reached', text: `${unreachable} This page tries again by itself.` };
  if (fault !== '') return { title: 'That cannot be shown', text: fault, action: filter === '' ? undefined : 'clear-filter' };
  if (sensors === null || me === null) return { title: 'One moment', text: 'Asking how things stand.' };
  if (!live) {
    if (filter !== '') return { title: 'No call of this time fits the filter', text: 'Look further back, or at everything.', action: 'clear-filter' };
    const store = me.parts.find((part) => part.name === 'store');
    if (store !== undefined && !store.ready) return { title: 'The store is not ready', text: store.detail || 'Calls are shown live; what was before cannot be looked up.', action: 'live' };
    return { title: 'No calls in this time', text: 'Nothing was kept between these two moments.', action: 'live' };
  }
  const missing = ofSensors(sensors);
  if (missing !== null) return missing;
  const counters = sensors.flatMap((sensor) => sensor.counters ?? []);
  const packets = sumOf(counters, 'packets_total').value;
  const filtered = sumOf(counters, 'packets_total', 'filtered').value;
  if (packets > 0 && filtered / packets > 0.99)
    return { title: 'All traffic is outside of the targets', text: `${short(filtered)} packets came, and nearly none belongs to what was chosen to be captured.`, action: 'targets' };
  const cluster = me.parts.find((part) => part.name === 'kubernetes' && !part.ready);
  const wantsNames = /\b(?:namespace|pod|service|workload|labels|node)s?\b/.test(filter);
  if (cluster !== undefined && (wantsNames || (targets !== null && !targets.everything)))
    return {
      title: 'The cluster cannot be asked',
      text: `Pods and services have no names without it, so ${wantsNames ? 'no call fits a filter by name' : 'the targets choose nobody'}. ${cluster.detail} It needs to list and watch seven kinds: config/deploy says which.`,
      commands: ['kubectl auth can-i --list --as system:serviceaccount:spanlight:spanlight'],
      action: wantsNames ? 'clear-filter' : 'targets',
    };
  if (targets !== null && !targets.everything && targets.pods === 0 && targets.settings?.bpfOverride === '')
    return { title: 'The targets choose no pod', text: 'Nothing that runs now fits the namespaces, names and labels that are set.', action: 'targets' };
  if (filter !== '') return { title: 'No call fits the filter yet', text: 'New ones appear here as they come.', action: 'clear-filter' };
  const records = sensors.reduce((sum, sensor) => sum + sensor.records, 0);
  const encrypted = sumOf(counters, 'inspect_total', 'encrypted').value;
  if (records === 0 && encrypted > 0)
    return { title: 'What comes is encrypted', text: `${short(encrypted)} connections began with a TLS handshake. Mirror behind the place where TLS ends, e.g. between the ingress and the services.`, action: 'health' };
  if (records === 0)
    return { title: 'Packets come, but no calls yet', text: 'Nothing in them was recognised as a call so far. Is the traffic of your services among what is mirrored, in both directions?', action: 'health' };
  return { title: 'Nothing right now', text: 'The services are silent. The next call appears here.', action: 'last-hour' };
}
