// Where nodes stand: callers left of those they call. Up to some dozens each stands for itself, with its lines routed around the
// others. More of them stand in the boxes of their namespaces, between which the sums are drawn: single lines then appear for the
// node that is looked at. Pure.
import dagre from '@dagrejs/dagre';
import { kGroupHead, kGroupPad, kLabel, kMargin, kNode, kSmallNode, scaleOf, type LayoutAnswer, type LayoutQuestion, type Line } from './measures';

const kColumnsMost = 6; // within a box

function laidOut(sizes: Map<string, { width: number; height: number }>, lines: Line[], options: object, label: object | null): LayoutAnswer {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', marginx: kMargin, marginy: kMargin, ...options });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [key, size] of sizes) graph.setNode(key, { ...size });
  for (const line of lines) if (line.src !== line.dst) graph.setEdge(line.src, line.dst, label === null ? {} : { ...label }, line.key);
  dagre.layout(graph);
  const answer: LayoutAnswer = { id: 0, width: graph.graph().width ?? 0, height: graph.graph().height ?? 0, nodes: {}, lines: {}, groups: {} };
  for (const key of graph.nodes()) {
    const node = graph.node(key);
    if (node !== undefined) answer.nodes[key] = { x: node.x, y: node.y, width: node.width, height: node.height };
  }
  for (const edge of graph.edges()) {
    const route = graph.edge(edge);
    if (route?.points !== undefined) answer.lines[edge.name ?? ''] = { points: route.points, label: route.x === undefined ? null : { x: route.x, y: route.y } };
  }
  return answer;
}

function single(question: LayoutQuestion): LayoutAnswer {
  const { nodes, lines, labelled } = question;
  const options = { nodesep: 18, edgesep: 12, ranksep: labelled ? 40 : 110, ranker: nodes.length > 120 ? 'longest-path' : 'network-simplex' };
  return laidOut(new Map(nodes.map((key) => [key, kNode])), lines, options, labelled ? { ...kLabel, labelpos: 'c' } : null);
}

function sizeOf(count: number, columns: number): { width: number; height: number } {
  const across = Math.min(count, columns);
  const rows = Math.ceil(count / across);
  return {
    width: across * (kSmallNode.width + kSmallNode.gap) - kSmallNode.gap + 2 * kGroupPad,
    height: kGroupHead + rows * (kSmallNode.height + kSmallNode.gap) - kSmallNode.gap + kGroupPad,
  };
}

// Boxes in columns from left to right in the order of who calls whom, each column filled from its top: nothing is further away
// than it must be. How many columns, and how wide the boxes are, is what shows everything largest.
function packed(sizes: Map<string, { width: number; height: number }>, order: string[], columns: number): LayoutAnswer {
  const gap = { x: 64, y: 22 };
  const total = [...sizes.values()].reduce((sum, size) => sum + size.height + gap.y, 0);
  const answer: LayoutAnswer = { id: 0, width: 0, height: 0, nodes: {}, lines: {}, groups: {} };
  let x = kMargin;
  let at = 0;
  let filled = 0;
  for (let column = 0; column < columns && at < order.length; ++column) {
    const end = (total * (column + 1)) / columns;
    let y = kMargin;
    let widest = 0;
    const begin = at;
    while (at < order.length) {
      const size = sizes.get(order[at] ?? '') ?? { width: 0, height: 0 };
      // A box belongs where most of it lies; the last column takes what is left.
      if (at > begin && column < columns - 1 && filled + size.height / 2 > end) break;
      answer.groups[order[at] ?? ''] = { x, y, ...size };
      y += size.height + gap.y;
      filled += size.height + gap.y;
      widest = Math.max(widest, size.width);
      ++at;
    }
    for (let i = begin; i < at; ++i) {
      const box = answer.groups[order[i] ?? ''];
      if (box !== undefined) box.x += (widest - box.width) / 2;
    }
    answer.height = Math.max(answer.height, y - gap.y + kMargin);
    x += widest + gap.x;
  }
  answer.width = x - gap.x + kMargin;
  return answer;
}

function grouped(question: LayoutQuestion): LayoutAnswer {
  const groups = question.groups ?? [];
  const groupOf = new Map(groups.flatMap((group) => group.nodes.map((node) => [node, group.key] as const)));
  const sums = new Map<string, Line>();
  for (const line of question.lines) {
    const [src, dst] = [groupOf.get(line.src), groupOf.get(line.dst)];
    if (src !== undefined && dst !== undefined && src !== dst) sums.set(`${src} > ${dst}`, { key: `${src} > ${dst}`, src, dst });
  }
  const flow = laidOut(new Map(groups.map((group) => [group.key, { width: 1, height: 1 }])), [...sums.values()], { nodesep: 1, ranksep: 10 }, null);
  const order = groups.map((group) => group.key).sort((a, b) => (flow.nodes[a]?.x ?? 0) - (flow.nodes[b]?.x ?? 0) || (flow.nodes[a]?.y ?? 0) - (flow.nodes[b]?.y ?? 0) || (a < b ? -1 : 1));
  let best: LayoutAnswer | null = null;
  for (let across = 1; across <= kColumnsMost; ++across)
    for (let columns = 1; columns <= Math.min(groups.length, 8); ++columns) {
      const sizes = new Map(groups.map((group) => [group.key, sizeOf(group.nodes.length, across)]));
      const tried = packed(sizes, order, columns);
      if (best === null || scaleOf(tried, question.width, question.height) > scaleOf(best, question.width, question.height)) best = tried;
    }
  const answer = best ?? packed(new Map(), [], 1);
  for (const group of groups) {
    const box = answer.groups[group.key];
    if (box === undefined) continue;
    const across = Math.max(1, Math.floor((box.width - 2 * kGroupPad + kSmallNode.gap) / (kSmallNode.width + kSmallNode.gap)));
    group.nodes.forEach((node, i) => {
      answer.nodes[node] = {
        x: box.x + kGroupPad + (i % across) * (kSmallNode.width + kSmallNode.gap) + kSmallNode.width / 2,
        y: box.y + kGroupHead + Math.floor(i / across) * (kSmallNode.height + kSmallNode.gap) + kSmallNode.height / 2,
        width: kSmallNode.width,
        height: kSmallNode.height,
      };
    });
  }
  return answer;
}

export function placed(question: LayoutQuestion): LayoutAnswer {
  return { ...(question.groups === null ? single(question) : grouped(question)), id: question.id };
}
