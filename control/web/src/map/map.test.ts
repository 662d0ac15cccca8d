import { describe, expect, it } from 'vitest';
import { focusOf } from './focus';
import { focused, graphOf, groupsOf, isGrouped, linesBetween, type Graph } from './graph';
import { direct, softPath } from './path';
import { kSmallNode, scaleOf, type Box, type LayoutAnswer } from './measures';
import { placed } from './place';
import { seededEdges } from './seeded.mjs';

const kNameSize = 12; // pixels of a small node's name, before the whole is scaled
const kReadable = 9;

function placedAt(graph: Graph, width: number, height: number, grouped = true): LayoutAnswer {
  return placed({
    id: 1, width, height, labelled: false, nodes: graph.nodes.map((node) => node.key), lines: graph.lines,
    groups: grouped ? groupsOf(graph.nodes).map((group) => ({ key: group.key, nodes: group.nodes.map((node) => node.key) })) : null,
  });
}
const overlaps = (a: Box, b: Box) => Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;
const middle = (box: Box): Box => ({ ...box, x: box.x + box.width / 2, y: box.y + box.height / 2 });
function anyOverlap(boxes: Box[]): boolean {
  return boxes.some((a, i) => boxes.some((b, k) => k > i && overlaps(a, b)));
}

describe('a map of 200 services', () => {
  const graph = graphOf(seededEdges(200));
  it('stands in boxes by itself, a small one does not', () => {
    expect(graph.nodes.length).toBe(200);
    expect(isGrouped(graph)).toBe(true);
    expect(isGrouped(graphOf(seededEdges(30)))).toBe(false);
  });
  it.each([[1440, 780], [1024, 580], [1920, 960]])('is readable at %d × %d', (width, height) => {
    const layout = placedAt(graph, width, height);
    expect(kNameSize * scaleOf(layout, width, height)).toBeGreaterThan(width > 1_100 ? kReadable : 6.5);
    expect(anyOverlap(Object.values(layout.nodes))).toBe(false);
    expect(anyOverlap(Object.values(layout.groups).map(middle))).toBe(false);
    for (const box of Object.values(layout.groups)) {
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(layout.width);
      expect(box.y + box.height).toBeLessThanOrEqual(layout.height);
    }
    for (const group of groupsOf(graph.nodes))
      for (const node of group.nodes) {
        const [box, place] = [layout.groups[group.key], layout.nodes[node.key]];
        expect(box && place && place.x - place.width / 2 > box.x && place.x + place.width / 2 < box.x + box.width && place.y + place.height / 2 < box.y + box.height).toBe(true);
      }
  });
  it('stands as it stood when the same is asked again', () => {
    expect(placedAt(graph, 1440, 780)).toEqual(placedAt(graphOf(seededEdges(200)), 1440, 780));
  });
  it('sums what goes between namespaces', () => {
    const groups = groupsOf(graph.nodes);
    const inside = new Map(groups.flatMap((group) => group.nodes.map((node) => [node.key, group.key] as const)));
    const between = graph.lines.filter((line) => inside.get(line.src) !== inside.get(line.dst));
    const sums = linesBetween(groups, graph.lines);
    expect(sums.reduce((n, line) => n + line.calls, 0)).toBe(between.reduce((n, line) => n + line.calls, 0));
    expect(new Set(sums.map((line) => line.key)).size).toBe(sums.length);
  });
});

describe('a small map', () => {
  const graph = graphOf(seededEdges(24));
  it('has no node upon another', () => expect(anyOverlap(Object.values(placedAt(graph, 1440, 780, false).nodes))).toBe(false));
  it('looks at a node and its neighbours', () => {
    const key = graph.lines[0]?.src ?? '';
    const focus = focusOf(graph, '', '', key);
    expect(graph.nodes.filter((node) => !focus.isDim(node)).length).toBe(focused(graph, key).nodes.length);
    expect(focusOf(graph, '', 'no such node', '').around).toBe('');
    expect(focusOf(graph, 'zzz', '', key).isDim(graph.nodes[0] ?? ({} as never))).toBe(true);
  });
  it('bears an empty graph and a node that calls itself', () => {
    expect(placedAt(graphOf([]), 800, 600).nodes).toEqual({});
    expect(placedAt(graphOf([]), 800, 600, false).nodes).toEqual({});
    const edge = seededEdges(5)[0];
    if (edge !== undefined) expect(Object.keys(placedAt(graphOf([{ ...edge, dst: edge.src }]), 800, 600, false).nodes).length).toBe(1);
  });
});

it('draws around boxes that stand above each other', () => {
  const box = { x: 0, y: 0, width: kSmallNode.width, height: kSmallNode.height };
  expect(direct(box, { ...box, y: 200 }).x).toBeGreaterThan(box.width / 2);
  expect(direct(box, { ...box, x: 400 }).x).toBeCloseTo(197.5);
  expect(softPath([])).toBe('');
});
