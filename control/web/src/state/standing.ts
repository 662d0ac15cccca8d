// Who looks, and how the sensors and the process's own parts are: asked every two seconds, shown in the bar, in Health, and
// where a list is empty.
import { signal } from '@preact/signals';
import { ApiFault, ask, sentence } from '../api/request';
import type { Me, Sensor } from '../api/types';

const kEveryMs = 2_000;

export const me = signal<Me | null>(null);
export const sensors = signal<Sensor[] | null>(null);
export const unreachable = signal('');
export const now = signal(Date.now());

let timer: ReturnType<typeof setTimeout> | undefined;

async function renew(): Promise<void> {
  try {
    const [who, seen] = await Promise.all([
      ask<Me>('/api/me'),
      ask<{ sensors: Sensor[] }>('/api/sensors', { counters: true }).catch(() => ({ sensors: [] })),
    ]);
    me.value = who;
    sensors.value = seen.sensors;
    unreachable.value = '';
  } catch (error) {
    unreachable.value = sentence(error);
    if (error instanceof ApiFault && error.status === 401) me.value = sensors.value = null; // what was shown was for somebody else
  }
  now.value = Date.now();
}

export function watchStanding(): void {
  clearTimeout(timer);
  void renew().finally(() => {
    timer = setTimeout(watchStanding, kEveryMs);
  });
}
