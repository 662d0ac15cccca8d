// What is looked at on the map, and what steps back for it. Pure.
import type { Graph, MapLine, MapNode } from './graph';

export interface Focus {
  around: string; // the node under the pointer, else the chosen one
  touches(line: MapLine): boolean;
  isDim(node: MapNode): boolean;
}

export const fitsSearch = (node: MapNode, search: string): boolean => `${node.name} ${node.namespace}`.toLowerCase().includes(search.toLowerCase());

export function focusOf(graph: Graph, search: string, hover: string, chosen: string): Focus {
  const around = [hover, chosen].find((key) => graph.nodes.some((node) => node.key === key)) ?? '';
  const touches = (line: MapLine) => around === '' || line.src === around || line.dst === around;
  const near = new Set(around === '' ? [] : graph.lines.filter(touches).flatMap((line) => [line.src, line.dst]).concat(around));
  return { around, touches, isDim: (node) => (search !== '' ? !fitsSearch(node, search) : around !== '' && !near.has(node.key)) };
}
