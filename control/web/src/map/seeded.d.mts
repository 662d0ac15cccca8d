import type { Edge } from '../api/types';

export function seededEdges(services: number, seed?: number): Edge[];
