// JSON line by line: objects and lists fold, values go into the filter.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Add, addTerm } from '../filter/add';
import type { Term } from '../filter/compose';
import { linesOf, type JsonLine } from './json_text';
import { Marked, fits } from './search';

const kPrettyMax = 400_000; // characters; beyond it the text stays as it came
const kLinesMax = 4_000; // beyond it the rest comes at a click

interface Properties {
  text: string;
  search: string;
  variable: string | null; // of the filter, where it can see these bytes
}

export function JsonView({ text, search, variable }: Properties) {
  const lines = useMemo(() => (text.length > kPrettyMax ? [] : linesOf(text)), [text]);
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set());
  const [hot, setHot] = useState(-1);
  const [most, setMost] = useState(kLinesMax);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => setFolded(new Set()), [text, search]); // what is searched for is not hidden
  if (text.length > kPrettyMax) return <pre class="code" tabIndex={0}><Marked text={text} search={search} /></pre>;

  const shown: number[] = [];
  for (let i = 0; i < lines.length && shown.length < most; ++i) {
    shown.push(i);
    if (folded.has(i)) i = Math.max(i, (lines[i]?.end ?? i) - 1);
  }
  const fold = (i: number) => {
    const next = new Set(folded);
    if (!next.delete(i)) next.add(i);
    setFolded(next);
  };
  const termOf = (line: JsonLine | undefined): Term | null => (variable === null || line === undefined || line.said === '' ? null : { variable, value: line.said, relation: 'within' });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const line = lines[hot];
    const term = termOf(line);
    if (step !== undefined) {
      const at = shown[Math.max(0, Math.min(shown.length - 1, shown.indexOf(hot) + step))] ?? -1;
      setHot(at);
      root.current?.querySelector(`[data-line="${at}"]`)?.scrollIntoView({ block: 'nearest' });
    } else if ((event.key === '+' || event.key === '-') && term !== null) addTerm(term, event.key === '-');
    else if ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && line !== undefined && line.inside > 0) {
      if (folded.has(hot) === (event.key === 'ArrowRight')) fold(hot);
    } else return;
    event.preventDefault();
  };
  const lineOf = (event: Event) => Number((event.target as Element).closest<HTMLElement>('[data-line]')?.dataset.line ?? -1);
  return (
    <div class="code json" ref={root} tabIndex={0} role="group" aria-label="JSON. Arrows choose a line and fold it, plus puts its value into the filter, minus excludes it" onKeyDown={onKeyDown} onPointerOver={(event) => setHot(lineOf(event))}>
      {shown.map((i) => {
        const line = lines[i] as JsonLine;
        const isFolded = folded.has(i);
        return (
          <div key={i} data-line={i} class={`json-line ${i === hot ? 'is-hot' : ''}`} style={{ paddingLeft: `${Math.min(line.depth, 40) * 16 + 18}px` }}>
            {line.inside > 0 && <button class="json-fold" tabIndex={-1} aria-expanded={!isFolded} aria-label={`Fold ${line.inside} lines`} onClick={() => fold(i)} />}
            {line.pieces.map((piece, k) => (piece.kind === 'other' || piece.kind === 'mark' ? piece.text : <span key={k} class={`json-${piece.kind}`}>{search !== '' && fits(piece.text, search) ? <Marked text={piece.text} search={search} /> : piece.text}</span>))}
            {isFolded && <button class="json-hidden" tabIndex={-1} onClick={() => fold(i)}>{line.inside} {line.inside === 1 ? 'line' : 'lines'}</button>}
            {i === hot && <Add term={termOf(line)} inGrid />}
          </div>
        );
      })}
      {shown.length >= most && shown[shown.length - 1] !== lines.length - 1 && <button class="link" onClick={() => setMost(most * 4)}>Show more of {lines.length} lines</button>}
    </div>
  );
}
