import { duration, share, short } from '../text/format';
import { healthOf, lineWidth, type MapLine } from './graph';
import type { Drawn } from './path';

interface Properties {
  lines: MapLine[];
  place(line: MapLine): Drawn | null;
  isDim(line: MapLine): boolean;
  onLine?(line: MapLine): void;
  quiet?: boolean; // in the background: thin, and not to be clicked
}

export function Lines({ lines, place, isDim, onLine, quiet }: Properties) {
  return (
    <>
      {lines.map((line) => {
        const drawn = place(line);
        if (drawn === null) return null;
        const health = healthOf(line.calls, line.errors);
        return (
          <g key={line.key} class={`map-line is-${health} ${isDim(line) ? 'is-dim' : ''} ${quiet ? 'is-quiet' : ''}`} onClick={onLine && (() => onLine(line))}>
            {onLine && <path class="map-line-touch" d={drawn.path} />}
            <path class="map-line-seen" d={drawn.path} stroke-width={lineWidth(line.perSecond)} marker-end={`url(#arrow-${health})`} />
            <title>{`${line.protocols.join(', ')}: ${short(line.perSecond)} calls/s, ${share(line.errors, line.calls) || '0 %'} errors${line.p95 > 0 ? `, p95 ${duration(line.p95)}` : ''}${onLine ? '. Click: its calls' : ''}`}</title>
          </g>
        );
      })}
    </>
  );
}

// What goes one way takes no time.
export function figuresOf(line: MapLine): string {
  const time = line.p95 > 0 ? ` · ${duration(line.p95)}` : '';
  return `${short(line.perSecond)}/s${time}${line.errors > 0 ? ` · ${share(line.errors, line.calls)} err` : ''}`;
}

// Above all lines, so that none is drawn through the figures.
export function Label({ line, place }: { line: MapLine; place: Drawn | null }) {
  return place && <text x={place.x} y={place.y - 3} class={`map-label is-${healthOf(line.calls, line.errors)}`}>{figuresOf(line)}</text>;
}
