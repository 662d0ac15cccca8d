// Hundreds of services in the boxes of their namespaces: sums between boxes behind, what fails always, and the lines of the node
// that is looked at before everything else.
import { hueOf, plural, share, short } from '../text/format';
import { healthOf, type Group, type MapLine } from './graph';
import { Label, Lines } from './lines';
import { direct } from './path';
import { kGroupHead, type Box } from './measures';
import { nodeEvents, type GraphProperties } from './single_graph';

const kFailingMost = 30; // lines that are drawn for their errors alone
const kLabelsMost = 14; // figures on the lines of one node

interface Properties extends GraphProperties {
  groups: Group[];
  sums: MapLine[];
  onLook(box: Box): void;
}

// How wide a letter is drawn, in the page's sans serif at a name's size; a little too wide rather than too narrow.
const letterWidth = (letter: string) => (/[mwMW…@%]/.test(letter) ? 11.5 : /[ijltfr.\-:' ]/.test(letter) ? 4.6 : 7.7);

// As much of the name as the rate leaves room for.
function fitted(name: string, width: number, rate: string): string {
  let room = width - 26 - rate.length * 6.5;
  const letters = [...name];
  if (letters.reduce((sum, letter) => sum + letterWidth(letter), 0) <= room) return name;
  room -= letterWidth('…');
  const end = letters.findIndex((letter) => (room -= letterWidth(letter)) < 0);
  return `${letters.slice(0, end).join('')}…`;
}

const middleOf = (box: Box): Box => ({ ...box, x: box.x + box.width / 2, y: box.y + box.height / 2 });

export function GroupedGraph({ graph, groups, sums, layout, focus, chosen, onChoose, onLine, onHover, onLook }: Properties) {
  const placeOf = (line: MapLine) => {
    const [from, to] = [layout.nodes[line.src], layout.nodes[line.dst]];
    return from === undefined || to === undefined ? null : direct(from, to);
  };
  const sumOf = (line: MapLine) => {
    const [from, to] = [layout.groups[line.src], layout.groups[line.dst]];
    return from === undefined || to === undefined ? null : direct(middleOf(from), middleOf(to));
  };
  const own = focus.around === '' ? [] : graph.lines.filter(focus.touches);
  const failing = graph.lines.filter((line) => healthOf(line.calls, line.errors) === 'bad').sort((a, b) => b.errors - a.errors).slice(0, kFailingMost);
  const front = focus.around === '' ? failing : own;
  return (
    <>
      <Lines quiet lines={sums} place={sumOf} isDim={() => focus.around !== ''} />
      {groups.map((group) => {
        const box = layout.groups[group.key];
        if (box === undefined) return null;
        const health = healthOf(group.calls, group.errors);
        return (
          <g key={group.key} class={`map-group is-${health}`} transform={`translate(${box.x} ${box.y})`}>
            <rect class="map-group-box" width={box.width} height={box.height} rx="10" />
            <g class="map-group-head" role="button" tabIndex={0} onClick={() => onLook(box)} onKeyDown={(event) => event.key === 'Enter' && onLook(box)}>
              <title>{`${group.title}: ${plural(group.nodes.length, 'service')}, ${short(group.perSecond)} calls/s, ${share(group.errors, group.calls) || '0 %'} errors. Click: nearer`}</title>
              <rect width={box.width} height={kGroupHead} rx="10" />
              <rect class="map-space" width="4" height="12" x="10" y="9" rx="2" style={{ '--hue': hueOf(group.title) }} />
              <text x="20" y="19" class="map-name">{group.title}</text>
              <text x={box.width - 10} y="19" class="map-rate">{short(group.perSecond)}/s{group.errors > 0 && health !== 'good' ? ` · ${share(group.errors, group.calls)}` : ''}</text>
            </g>
          </g>
        );
      })}
      {graph.nodes.map((node) => {
        const box = layout.nodes[node.key];
        if (box === undefined) return null;
        const rate = short(node.perSecond);
        return (
          <g
            key={node.key}
            class={`map-node is-small is-${healthOf(node.calls, node.errors)} ${focus.isDim(node) ? 'is-dim' : ''} ${node.key === chosen ? 'is-chosen' : ''}`}
            transform={`translate(${box.x - box.width / 2} ${box.y - box.height / 2})`}
            {...nodeEvents(node, chosen, onChoose, onHover)}
          >
            <title>{`${node.kind} ${node.name}${node.namespace === '' ? '' : ` in ${node.namespace}`}: ${rate} calls/s, ${share(node.errors, node.calls) || '0 %'} errors`}</title>
            <rect width={box.width} height={box.height} rx="5" />
            <circle class="map-health" cx="10" cy={box.height / 2} r="3.2" />
            <text x="19" y={box.height / 2 + 4} class="map-name">{fitted(node.name, box.width, rate)}</text>
            <text x={box.width - 7} y={box.height / 2 + 4} class="map-rate">{rate}</text>
          </g>
        );
      })}
      <Lines lines={front} place={placeOf} isDim={() => false} onLine={onLine} />
      {own.length <= kLabelsMost && own.map((line) => <Label key={line.key} line={line} place={placeOf(line)} />)}
    </>
  );
}
