// Lines as SVG paths. Pure.
import type { Box, LayoutAnswer, Point } from './measures';
import type { MapLine } from './graph';

// A soft line through the points that the layout gives: it goes around nodes rather than under them.
export function softPath(points: Point[]): string {
  const first = points[0];
  const last = points[points.length - 1];
  if (first === undefined || last === undefined) return '';
  let path = `M${first.x} ${first.y}`;
  for (let i = 1; i < points.length; ++i) {
    const from = points[i - 1] ?? first;
    const to = points[i] ?? last;
    const middle = (from.x + to.x) / 2;
    path += ` C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
  }
  return path;
}

export interface Drawn {
  path: string;
  x: number; // where its figures stand
  y: number;
}

// A line of the layout: it leaves at the side that looks towards the other node, in the middle of it.
export function routed(line: MapLine, layout: LayoutAnswer): Drawn | null {
  const from = layout.nodes[line.src];
  const to = layout.nodes[line.dst];
  if (from === undefined || to === undefined) return null;
  if (line.src === line.dst) {
    const top = from.y - from.height / 2;
    return { path: `M${from.x - 30} ${top} C${from.x - 40} ${top - 36} ${from.x + 40} ${top - 36} ${from.x + 30} ${top}`, x: from.x, y: top - 30 };
  }
  const route = layout.lines[line.key];
  if (route === undefined) return null;
  const way = Math.sign(to.x - from.x) || 1;
  const begin = { x: from.x + (way * from.width) / 2, y: from.y };
  const end = { x: to.x - way * (to.width / 2 + 5), y: to.y };
  const points = [begin, ...route.points.slice(1, -1), end];
  const label = route.label ?? points[Math.floor(points.length / 2)] ?? begin;
  return { path: softPath(points), x: label.x, y: label.y };
}

const kArrow = 5;

// From box to box without a layout: side to side, and around where one stands above the other. `x`, `y` of a box: its middle.
export function direct(from: Box, to: Box): Drawn {
  const right = (box: Box) => box.x + box.width / 2;
  const left = (box: Box) => box.x - box.width / 2;
  if (left(to) >= right(from) || right(to) <= left(from)) {
    const way = left(to) >= right(from) ? 1 : -1;
    const begin = { x: from.x + (way * from.width) / 2, y: from.y };
    const end = { x: to.x - way * (to.width / 2 + kArrow), y: to.y };
    const bend = Math.max(24, Math.abs(end.x - begin.x) / 2) * way;
    return { path: `M${begin.x} ${begin.y} C${begin.x + bend} ${begin.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`, x: (begin.x + end.x) / 2, y: (begin.y + end.y) / 2 };
  }
  const begin = { x: right(from), y: from.y };
  const end = { x: right(to) + kArrow, y: to.y };
  const out = Math.max(begin.x, end.x) + 30 + Math.min(40, Math.abs(end.y - begin.y) / 10);
  return { path: `M${begin.x} ${begin.y} C${out} ${begin.y} ${out} ${end.y} ${end.x} ${end.y}`, x: (begin.x + 3 * out) / 4 - 10, y: (begin.y + end.y) / 2 };
}
