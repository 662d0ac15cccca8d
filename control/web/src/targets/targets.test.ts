import { describe, expect, it } from 'vitest';
import type { TargetsState } from '../api/types';
import { progressOf } from './view';

const state = (some: Partial<TargetsState>): TargetsState => ({
  everything: false, generation: 1, pods: 0, namespaces: 0, nodes: 0, addresses: 0, sensors: 2, sensors_in_force: 2, waiting: '', dropped_packets: 0, ...some,
});

describe('a choice', () => {
  it('is in force when every sensor has confirmed it, not before', () => {
    expect(progressOf(state({}))).toBe('In force.');
    expect(progressOf(state({ sensors_in_force: 1 }))).toBe('On its way: in force at 1 of 2 sensors.');
    expect(progressOf(state({ sensors: 0, sensors_in_force: 0 }))).toBe('Chosen; no sensor takes targets.');
    expect(progressOf(state({ sensors_in_force: 0, waiting: 'not until pods are listed' }))).toBe('Chosen.');
  });
});
