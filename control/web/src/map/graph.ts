// From the edges of the API to what is drawn: nodes with their sums, one edge for each pair. Pure.
import type { Edge, NodeName } from '../api/types';

export interface MapNode extends NodeName {
  key: string;
  perSecond: number; // of calls that it answers, or makes where it answers none
  errors: number;
  calls: number;
}

export interface MapLine {
  key: string;
  src: string;
  dst: string;
  protocols: string[];
  calls: number;
  errors: number;
  perSecond: number;
  p95: number; // of the busiest protocol
}

export interface Graph {
  nodes: MapNode[];
  lines: MapLine[];
}

export const keyOf = (node: NodeName): string => `${node.kind}|${node.namespace}|${node.name}`;

export function graphOf(edges: Edge[]): Graph {
  const nodes = new Map<string, MapNode & { asked: number; made: number }>();
  const lines = new Map<string, MapLine & { busiest: number }>();
  const nodeFor = (name: NodeName) => {
    const key = keyOf(name);
    let node = nodes.get(key);
    if (node === undefined) nodes.set(key, (node = { ...name, key, perSecond: 0, errors: 0, calls: 0, asked: 0, made: 0 }));
    return node;
  };
  for (const edge of edges) {
    const src = nodeFor(edge.src);
    const dst = nodeFor(edge.dst);
    src.made += edge.per_second;
    dst.asked += edge.per_second;
    dst.errors += edge.errors;
    dst.calls += edge.calls;
    const key = `${src.key} > ${dst.key}`;
    let line = lines.get(key);
    if (line === undefined) lines.set(key, (line = { key, src: src.key, dst: dst.key, protocols: [], calls: 0, errors: 0, perSecond: 0, p95: 0, busiest: 0 }));
    line.protocols.push(edge.protocol);
    line.calls += edge.calls;
    line.errors += edge.errors;
    line.perSecond += edge.per_second;
    if (edge.calls > line.busiest) {
      line.busiest = edge.calls;
      line.p95 = edge.p95_us;
    }
  }
  return {
    nodes: [...nodes.values()].map(({ asked, made, ...node }) => ({ ...node, perSecond: asked > 0 ? asked : made })),
    lines: [...lines.values()].map(({ busiest: _, ...line }) => line),
  };
}

// Nodes in the boxes of their namespaces; those without one (machines, addresses) have a box by kind.
export interface Group {
  key: string;
  title: string;
  nodes: MapNode[];
  perSecond: number; // of the calls that its nodes answer
  calls: number;
  errors: number;
}

const kNoNamespace: Record<string, string> = { ip: 'Addresses', address: 'Addresses', dns: 'Outside', node: 'Machines' };

export function groupsOf(nodes: MapNode[]): Group[] {
  const groups = new Map<string, Group>();
  for (const node of nodes) {
    const title = node.namespace || kNoNamespace[node.kind] || 'Others';
    const key = `${node.namespace === '' ? 'kind' : 'namespace'}|${title}`;
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { key, title, nodes: [], perSecond: 0, calls: 0, errors: 0 }));
    group.nodes.push(node);
    group.calls += node.calls;
    group.errors += node.errors;
  }
  for (const group of groups.values()) {
    // What it answers; of one that only asks, what it asks.
    for (const node of group.nodes) if (node.calls > 0 || group.calls === 0) group.perSecond += node.perSecond;
    group.nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  return [...groups.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

// What goes between the boxes, summed.
export function linesBetween(groups: Group[], lines: MapLine[]): MapLine[] {
  const groupOf = new Map(groups.flatMap((group) => group.nodes.map((node) => [node.key, group.key] as const)));
  const sums = new Map<string, MapLine & { busiest: number }>();
  for (const line of lines) {
    const [src, dst] = [groupOf.get(line.src), groupOf.get(line.dst)];
    if (src === undefined || dst === undefined || src === dst) continue;
    const key = `${src} > ${dst}`;
    let sum = sums.get(key);
    if (sum === undefined) sums.set(key, (sum = { key, src, dst, protocols: [], calls: 0, errors: 0, perSecond: 0, p95: 0, busiest: 0 }));
    for (const protocol of line.protocols) if (!sum.protocols.includes(protocol)) sum.protocols.push(protocol);
    sum.calls += line.calls;
    sum.errors += line.errors;
    sum.perSecond += line.perSecond;
    if (line.calls > sum.busiest) {
      sum.busiest = line.calls;
      sum.p95 = line.p95;
    }
  }
  return [...sums.values()].map(({ busiest: _, ...line }) => line);
}

// Beyond so many each for itself is a ball of wool.
export const kGroupedFrom = 60;
export const isGrouped = (graph: Graph): boolean => graph.nodes.length >= kGroupedFrom && groupsOf(graph.nodes).length > 1;

// The node and whom it speaks with.
export function focused(graph: Graph, key: string): Graph {
  if (key === '' || !graph.nodes.some((node) => node.key === key)) return graph;
  const lines = graph.lines.filter((line) => line.src === key || line.dst === key);
  const near = new Set(lines.flatMap((line) => [line.src, line.dst]).concat(key));
  return { nodes: graph.nodes.filter((node) => near.has(node.key)), lines };
}

export const lineWidth = (perSecond: number): number => 1 + Math.min(5, Math.log10(1 + perSecond) * 1.6);

export type Health = 'good' | 'warn' | 'bad';
export function healthOf(calls: number, errors: number): Health {
  const part = calls > 0 ? errors / calls : 0;
  return part >= 0.05 ? 'bad' : part >= 0.01 ? 'warn' : 'good';
}

const kVariables: Record<string, string> = { service: 'service.name', namespace: 'namespace', node: 'node', dns: 'dns', ip: 'ip', address: 'ip', pod: 'pod.name' };

// The terms that choose this node's calls.
export function termsOf(node: NodeName, side: 'src' | 'dst'): { variable: string; value: string }[] {
  const looksLikeAddress = /^[\d.]+$|:/.test(node.name);
  const variable = kVariables[node.kind.toLowerCase()] ?? (looksLikeAddress ? 'ip' : node.kind === '' ? 'name' : 'workload.name');
  const terms = [{ variable: `${side}.${variable}`, value: node.name }];
  if (node.namespace !== '' && variable !== 'namespace') terms.push({ variable: `${side}.namespace`, value: node.namespace });
  return terms;
}
