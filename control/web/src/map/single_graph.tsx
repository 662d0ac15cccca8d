// Some dozens of services, each for itself, with figures on the lines.
import { hueOf, short } from '../text/format';
import type { Focus } from './focus';
import { healthOf, type Graph, type MapLine, type MapNode } from './graph';
import { Label, Lines } from './lines';
import { routed } from './path';
import type { LayoutAnswer } from './measures';

export const kLabelledLines = 40; // beyond so many only the lines of the node under the pointer carry their figures

export interface GraphProperties {
  graph: Graph;
  layout: LayoutAnswer;
  focus: Focus;
  chosen: string;
  onChoose(key: string): void;
  onLine(line: MapLine): void;
  onHover(key: string): void;
}

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// What a node answers to: click, keys, pointer.
export function nodeEvents(node: MapNode, chosen: string, onChoose: (key: string) => void, onHover: (key: string) => void) {
  const choose = () => onChoose(node.key === chosen ? '' : node.key);
  return {
    role: 'button' as const,
    tabIndex: 0,
    'aria-pressed': node.key === chosen,
    onClick: choose,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      choose();
    },
    onPointerEnter: () => onHover(node.key),
    onPointerLeave: () => onHover(''),
    onFocus: () => onHover(node.key),
    onBlur: () => onHover(''),
  };
}

export function SingleGraph({ graph, layout, focus, chosen, onChoose, onLine, onHover }: GraphProperties) {
  const labelled = graph.lines.filter((line) => focus.touches(line) && (focus.around !== '' || graph.lines.length <= kLabelledLines));
  return (
    <>
      <Lines lines={graph.lines} place={(line) => routed(line, layout)} isDim={(line) => !focus.touches(line)} onLine={onLine} />
      {labelled.map((line) => <Label key={line.key} line={line} place={routed(line, layout)} />)}
      {graph.nodes.map((node) => {
        const box = layout.nodes[node.key];
        if (box === undefined) return null;
        const { width, height } = box;
        return (
          <g
            key={node.key}
            class={`map-node is-${healthOf(node.calls, node.errors)} ${focus.isDim(node) ? 'is-dim' : ''} ${node.key === chosen ? 'is-chosen' : ''}`}
            transform={`translate(${box.x - width / 2} ${box.y - height / 2})`}
            {...nodeEvents(node, chosen, onChoose, onHover)}
          >
            <title>{`${node.kind} ${node.name}${node.namespace === '' ? '' : ` in ${node.namespace}`}`}</title>
            <rect width={width} height={height} rx="8" />
            <rect class="map-space" width="4" height={height - 16} x="8" y="8" rx="2" style={{ '--hue': hueOf(node.namespace || node.kind) }} />
            <text x="20" y="20" class="map-name">{cut(node.name, 21)}</text>
            <text x="20" y="36" class="map-sub">{cut(node.namespace || node.kind, 14)}</text>
            <text x={width - 10} y="36" class="map-rate">{short(node.perSecond)}/s</text>
          </g>
        );
      })}
    </>
  );
}
