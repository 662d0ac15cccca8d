// The graph as SVG: drag moves it, the wheel and the buttons bring it nearer, a node is chosen by click or keys.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Icon } from '../shell/icons';
import { focusOf, type Focus } from './focus';
import { groupsOf, linesBetween, type Graph, type Group, type MapLine } from './graph';
import { GroupedGraph } from './grouped_graph';
import LayoutWorker from './layout.worker?worker';
import { scaleOf, type Box, type LayoutAnswer, type LayoutQuestion } from './measures';
import { kLabelledLines, SingleGraph } from './single_graph';

interface Properties {
  graph: Graph;
  grouped: boolean;
  search: string;
  chosen: string;
  onChoose(key: string): void;
  onLine(line: MapLine): void;
}

interface Size {
  width: number;
  height: number;
}

const kScaleLeast = 0.08;
const kScaleMost = 3;
const kFitMost = 1.15; // a handful of nodes is not blown up

function useLayout(graph: Graph, groups: Group[] | null, size: Size): LayoutAnswer | null {
  const answer = useSignal<LayoutAnswer | null>(null);
  const worker = useRef<Worker | null>(null);
  const asked = useRef(0);
  useEffect(() => {
    const made = new LayoutWorker();
    worker.current = made;
    made.onmessage = (event: MessageEvent<LayoutAnswer>) => {
      if (event.data.id === asked.current) answer.value = event.data;
    };
    return () => made.terminate();
  }, []);
  // The same nodes and lines stay where they are while their numbers move.
  const shape = useMemo(() => graph.nodes.map((node) => node.key).sort().join('\n') + '\n\n' + graph.lines.map((line) => line.key).sort().join('\n'), [graph]);
  // Boxes are packed for the proportions of their place.
  const proportions = groups === null || size.width === 0 ? 0 : Math.round((4 * size.width) / size.height);
  useEffect(() => {
    if (graph.nodes.length === 0 || size.width === 0) return;
    const question: LayoutQuestion = {
      id: ++asked.current,
      nodes: graph.nodes.map((node) => node.key).sort(),
      lines: graph.lines.map((line) => ({ key: line.key, src: line.src, dst: line.dst })),
      labelled: graph.lines.length <= kLabelledLines,
      groups: groups?.map((group) => ({ key: group.key, nodes: group.nodes.map((node) => node.key) })) ?? null,
      ...size,
    };
    worker.current?.postMessage(question);
  }, [shape, groups === null, proportions, size.width === 0]);
  return answer.value;
}

export function Drawing({ graph, grouped, search, chosen, onChoose, onLine }: Properties) {
  const size = useSignal<Size>({ width: 0, height: 0 });
  const look = useSignal<{ x: number; y: number; scale: number } | null>(null);
  const hover = useSignal('');
  const host = useRef<HTMLDivElement>(null);
  const groups = useMemo(() => (grouped ? groupsOf(graph.nodes) : null), [graph, grouped]);
  const sums = useMemo(() => (groups === null ? [] : linesBetween(groups, graph.lines)), [groups, graph]);
  const layout = useLayout(graph, groups, size.value);
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => (size.value = { width: element.clientWidth, height: element.clientHeight }));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useEffect(() => void (look.value = null), [layout?.id]);
  useEffect(() => {
    // Preact listens passively to the wheel, and the page must not scroll with it.
    const element = host.current;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const place = element?.getBoundingClientRect();
      if (place !== undefined) zoom.current(Math.exp(-event.deltaY * 0.0015), event.clientX - place.left, event.clientY - place.top);
    };
    element?.addEventListener('wheel', wheel, { passive: false });
    return () => element?.removeEventListener('wheel', wheel);
  }, []);

  const { width, height } = size.value;
  const fitting = (box: Box | LayoutAnswer): number => Math.min(kFitMost, scaleOf(box, Math.max(width - 16, 100), Math.max(height - 16, 100)));
  const fit = layout === null ? 1 : fitting(layout);
  const now = look.value ?? { scale: fit, x: (width - (layout?.width ?? 0) * fit) / 2, y: (height - (layout?.height ?? 0) * fit) / 2 };
  const zoom = useRef((_by: number, _x: number, _y: number): void => undefined);
  zoom.current = (by, x, y) => {
    const scale = Math.max(kScaleLeast, Math.min(kScaleMost, now.scale * by));
    look.value = { scale, x: x - ((x - now.x) * scale) / now.scale, y: y - ((y - now.y) * scale) / now.scale };
  };
  const drag = (event: PointerEvent) => {
    if ((event.target as Element).closest('.map-node, .map-line, .map-group-head')) return;
    const begin = { ...now };
    const move = (moved: PointerEvent) => (look.value = { ...begin, x: begin.x + moved.clientX - event.clientX, y: begin.y + moved.clientY - event.clientY });
    const up = () => {
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', up);
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', up);
  };
  const lookAt = (box: Box) => {
    const scale = fitting({ ...box, width: box.width + 60, height: box.height + 60 });
    look.value = { scale, x: width / 2 - (box.x + box.width / 2) * scale, y: height / 2 - (box.y + box.height / 2) * scale };
  };
  const focus: Focus = focusOf(graph, search, hover.value, chosen);
  const shared = { focus, chosen, onChoose, onLine, onHover: (key: string) => (hover.value = key) };
  let content: ComponentChildren = null;
  if (layout !== null)
    content = groups !== null && Object.keys(layout.groups).length > 0
      ? <GroupedGraph {...shared} graph={graph} groups={groups} sums={sums} layout={layout} onLook={lookAt} />
      : <SingleGraph {...shared} graph={graph} layout={layout} />;
  return (
    <div class="map-place" ref={host}>
      {layout === null && <p class="map-wait note" role="status">Placing {graph.nodes.length} nodes…</p>}
      <svg class="map-drawing" role="group" aria-label={`Service map: ${graph.nodes.length} nodes, ${graph.lines.length} connections`} onPointerDown={drag} onDblClick={() => (look.value = null)}>
        <defs>
          {(['good', 'warn', 'bad'] as const).map((health) => (
            <marker key={health} id={`arrow-${health}`} viewBox="0 0 8 8" refX="6" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
              <path d="M0 0.5L7 4L0 7.5z" class={`arrow is-${health}`} />
            </marker>
          ))}
        </defs>
        <g transform={`translate(${now.x} ${now.y}) scale(${now.scale})`}>{content}</g>
      </svg>
      <div class="map-zoom" role="group" aria-label="Nearer and further">
        <button class="icon" aria-label="Nearer" title="Nearer (or the wheel)" onClick={() => zoom.current(1.3, width / 2, height / 2)}><Icon name="plus" /></button>
        <button class="icon" aria-label="Further away" title="Further away" onClick={() => zoom.current(1 / 1.3, width / 2, height / 2)}><Icon name="minus" /></button>
        <button class="icon" aria-label="All of it" title="All of it (or a double click)" onClick={() => (look.value = null)}><Icon name="grow" /></button>
      </div>
    </div>
  );
}
