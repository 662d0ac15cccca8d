// uPlot in a component: sized by its place, coloured by the theme, with an optional drag to choose a range of time.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { dateAndClock, tick } from '../text/format';
import { indexAt } from './chart_index';
import { theme } from './theme';

export interface Line {
  label: string;
  colour: string; // a custom property, --tone-bad
  bars?: boolean;
  fill?: boolean;
}

interface Properties {
  label: string;
  times: number[]; // seconds since the epoch
  values: (number | null)[][];
  lines: Line[];
  height: number;
  format(value: number): string;
  from?: number; // seconds
  to?: number;
  axes?: boolean;
  onRange?(fromMs: number, toMs: number): void;
}

const colourOf = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function optionsOf(properties: Properties, width: number, onRange: (plot: uPlot) => void): uPlot.Options {
  const font = '11px "Inter Variable", system-ui, sans-serif';
  const faint = colourOf('--text-faint');
  const grid = { stroke: colourOf('--line'), width: 1 };
  const bars = uPlot.paths.bars?.({ size: [0.82, 40], align: 1 });
  return {
    width,
    height: properties.height,
    padding: [6, 26, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: properties.onRange !== undefined, y: false, setScale: false }, points: { show: false }, y: false },
    scales: {
      x: { time: true, range: (_, min, max) => [properties.from ?? min, properties.to ?? max] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      { font, stroke: faint, grid: { show: false }, ticks: { show: false }, size: 20, gap: 2, space: 74, show: properties.axes !== false, values: (_, ticks) => ticks.map((at) => tick(at * 1_000, ((ticks[1] ?? at + 60) - (ticks[0] ?? at)) * 1_000)) },
      { font, stroke: faint, grid, ticks: { show: false }, size: 52, gap: 4, space: 24, show: properties.axes !== false, values: (_, ticks) => ticks.map((tick) => properties.format(tick)) },
    ],
    series: [
      {},
      ...properties.lines.map((line) => ({
        label: line.label,
        stroke: colourOf(line.colour),
        width: line.bars ? 0 : 1.5,
        fill: line.bars ? colourOf(line.colour) : line.fill ? `color-mix(in srgb, ${colourOf(line.colour)} 14%, transparent)` : undefined,
        paths: line.bars ? bars : undefined,
        points: { show: false },
        spanGaps: true,
      })),
    ],
    hooks: { setSelect: [onRange] },
  };
}

// What stands at the pointer, beside it.
function tipOf(properties: () => Properties): uPlot.Plugin {
  const tip = document.createElement('div');
  tip.className = 'chart-tip';
  tip.hidden = true;
  const entry = (text: string, colour?: string) => {
    const line = document.createElement('span');
    if (colour !== undefined) {
      const mark = document.createElement('i');
      mark.style.background = `var(${colour})`;
      line.append(mark);
    }
    line.append(text);
    return line;
  };
  return {
    hooks: {
      init: (plot) => plot.over.append(tip),
      setCursor: (plot) => {
        const { times, values, lines, format } = properties();
        const left = plot.cursor.left ?? -1;
        const at = indexAt(times, plot.posToVal(left, 'x'), lines[0]?.bars === true);
        tip.hidden = left < 0 || at < 0;
        if (tip.hidden) return;
        const figures = lines.map((line, i) => entry(`${line.label} ${format(values[i]?.[at] ?? 0)}`, line.colour));
        tip.replaceChildren(entry(dateAndClock((times[at] ?? 0) * 1_000)), ...figures);
        const beyond = left > plot.over.clientWidth / 2;
        tip.style.left = beyond ? 'auto' : `${left + 12}px`;
        tip.style.right = beyond ? `${plot.over.clientWidth - left + 12}px` : 'auto';
      },
    },
  };
}

export function Chart(properties: Properties) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(properties);
  latest.current = properties;
  const shape = properties.lines.map((line) => line.label).join() + theme.value + properties.height;

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const onRange = (chart: uPlot) => {
      const { left, width } = chart.select;
      if (width < 4) return;
      latest.current.onRange?.(chart.posToVal(left, 'x') * 1_000, chart.posToVal(left + width, 'x') * 1_000);
      chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    };
    const now = latest.current;
    const live: Properties = {
      ...now,
      get from() {
        return latest.current.from;
      },
      get to() {
        return latest.current.to;
      },
    };
    const options = { ...optionsOf(live, Math.max(element.clientWidth, 40), onRange), plugins: [tipOf(() => latest.current)] };
    const made = new uPlot(options, [now.times, ...now.values] as uPlot.AlignedData, element);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: Math.max(element.clientWidth, 40), height: latest.current.height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [shape]);
  useEffect(() => {
    plot.current?.setData([properties.times, ...properties.values] as uPlot.AlignedData);
  }, [properties.times, properties.values, properties.from, properties.to]);

  return <div class="chart" ref={host} role="img" aria-label={properties.label} />;
}
