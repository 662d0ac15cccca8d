// The table: of thousands of rows only those in sight exist. Rows have one height, so where a row stands is a multiplication.
import { signal, useSignal } from '@preact/signals';
import { Component } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Call } from '../api/types';
import { Add, addTerm } from '../filter/add';
import { openCall } from '../state/address';
import { isSlow, toneOf } from '../text/format';
import { columnsShown, gridOf, kWidthLeast, layout, setLayout, type Column } from './columns';

export const kRowHeight = 28;
const kHeadHeight = 30; // it stays at the top of what is in sight
const kBeyond = 8; // rows drawn above and below what is in sight
const kStillMs = 250;

export function inSight(scrollTop: number, height: number, total: number): { first: number; last: number } {
  const first = Math.max(0, Math.floor(scrollTop / kRowHeight) - kBeyond);
  const last = Math.min(total, Math.ceil((scrollTop + height) / kRowHeight) + kBeyond);
  return { first: Math.min(first, last), last };
}

// Rows that come into sight take the elements of those that left, where these stand in the document: none is made or moved while
// one scrolls or calls come, and what stays in sight is not painted again. A call keeps its element while newer ones push it down.
// Once the list stands still the document has them in their order, for those who read it so.
export const slotOf = (fromNewest: number, ever: number, slots: number): number => (((ever - fromNewest) % slots) + slots) % slots;

const hot = signal(''); // the row under the pointer: only it has its "+" buttons
const cell = signal(''); // the column that the keys are at, in the chosen row

interface RowProperties {
  call: Call;
  index: number;
  columns: Column[];
  chosen: boolean;
  hot: boolean;
  cell: string;
}

class Row extends Component<RowProperties> {
  override shouldComponentUpdate(next: RowProperties): boolean {
    const now = this.props;
    return now.call !== next.call || now.columns !== next.columns || now.chosen !== next.chosen || now.hot !== next.hot || now.cell !== next.cell || now.index !== next.index;
  }
  override render({ call, index, columns, chosen, hot: withAdd, cell: at }: RowProperties) {
    return (
      <div class={`row tone-${toneOf(call)} ${isSlow(call) ? 'is-slow' : ''}`} role="row" id={`row-${call.id}`} data-id={call.id} aria-rowindex={index + 2} aria-selected={chosen} style={{ top: `${index * kRowHeight}px` }}>
        {columns.map((column) => {
          const term = withAdd ? column.term?.(call) : null;
          return (
            <div key={column.id} role="gridcell" id={column.id === at ? 'cell-at' : undefined} class={`cell cell-${column.id} ${column.right ? 'is-right' : ''} ${column.id === at ? 'is-at' : ''} ${term ? 'has-add' : ''}`} title={column.hint?.(call)}>
              {column.show(call)}
              {term && <Add term={term} inGrid />}
            </div>
          );
        })}
      </div>
    );
  }
}

function resize(event: PointerEvent, column: Column): void {
  const head = (event.currentTarget as HTMLElement).parentElement;
  if (head === null) return;
  event.preventDefault();
  event.stopPropagation();
  const begin = head.getBoundingClientRect().width;
  const from = event.clientX;
  const move = (moved: PointerEvent) =>
    setLayout({ widths: { ...layout.value.widths, [column.id]: Math.max(kWidthLeast, Math.round(begin + moved.clientX - from)) } });
  const up = () => {
    removeEventListener('pointermove', move);
    removeEventListener('pointerup', up);
  };
  addEventListener('pointermove', move);
  addEventListener('pointerup', up);
}

function drop(dragged: string, onto: string): void {
  if (dragged === onto || dragged === '') return;
  const order = layout.value.order.filter((id) => id !== dragged);
  order.splice(order.indexOf(onto), 0, dragged);
  setLayout({ order });
}

function Head({ columns }: { columns: Column[] }) {
  return (
    <div class="table-head" role="row" aria-rowindex={1}>
      {columns.map((column) => (
        <div
          key={column.id}
          role="columnheader"
          class={`head-cell ${column.right ? 'is-right' : ''}`}
          draggable
          onDragStart={(event) => event.dataTransfer?.setData('text/x-column', column.id)}
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => drop(event.dataTransfer?.getData('text/x-column') ?? '', column.id)}
        >
          {column.title}
          <span class="resize" draggable={false} onPointerDown={(event) => resize(event, column)} onDblClick={() => setLayout({ widths: Object.fromEntries(Object.entries(layout.value.widths).filter(([id]) => id !== column.id)) })} />
        </div>
      ))}
    </div>
  );
}

interface TableProperties {
  rows: Call[]; // newest first
  ever: number; // rows that ever came; of a list that only grows at its end, any number that stays
  newestFirst: boolean;
  follow: boolean; // stay at the newest
  onChoose(id: string): void;
  onOpen(id: string): void;
  onScrolledAway(away: boolean): void;
  onEnd(): void; // the last row came into sight
}

export function Table({ rows, ever, newestFirst, follow, onChoose, onOpen, onScrolledAway, onEnd }: TableProperties) {
  const body = useRef<HTMLDivElement>(null);
  const scrolled = useSignal(0);
  const height = useSignal(600);
  const still = useSignal(false);
  const columns = columnsShown();
  const chosen = openCall.value;
  const total = rows.length;
  const fromNewest = (index: number): number => (newestFirst ? index : total - 1 - index);
  const at = (index: number): Call | undefined => rows[fromNewest(index)];

  useLayoutEffect(() => {
    const element = body.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => (height.value = element.clientHeight));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    // Where it stands is known without asking the browser, which would have to lay out everything for it.
    const newest = newestFirst ? 0 : Math.max(0, kHeadHeight + total * kRowHeight - height.value);
    if (body.current === null || !follow || scrolled.peek() === newest) return;
    body.current.scrollTop = newest;
    scrolled.value = newest;
  }, [rows, follow, newestFirst]);
  useEffect(() => {
    // The chosen row comes into sight when it was chosen by the keys.
    const element = body.current;
    if (element === null || chosen === '') return;
    let index = rows.findIndex((call) => call.id === chosen);
    if (index < 0) return;
    index = fromNewest(index);
    const top = index * kRowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (kHeadHeight + top + kRowHeight > element.scrollTop + element.clientHeight) element.scrollTop = kHeadHeight + top + kRowHeight - element.clientHeight;
  }, [chosen]);

  const { first, last } = inSight(scrolled.value, height.value, total);
  useEffect(() => {
    still.value = false;
    if (follow) return;
    const timer = setTimeout(() => (still.value = true), kStillMs);
    return () => clearTimeout(timer);
  }, [rows, first, follow]);
  useEffect(() => {
    if (last >= total) onEnd();
  }, [last, total]);

  const slots = Math.ceil(height.value / kRowHeight) + 2 * kBeyond + 1;
  const visible: { call: Call; index: number; slot: number }[] = [];
  for (let index = first; index < last; ++index) {
    const call = at(index);
    if (call !== undefined) visible.push({ call, index, slot: slotOf(fromNewest(index), ever, slots) });
  }
  if (!still.value) visible.sort((a, b) => a.slot - b.slot);
  const onScroll = (event: Event) => {
    const element = event.currentTarget as HTMLElement;
    scrolled.value = element.scrollTop;
    const distance = newestFirst ? element.scrollTop : element.scrollHeight - element.clientHeight - element.scrollTop;
    onScrolledAway(distance > kRowHeight * 1.5);
  };
  // What is opened is what the button went down on: until it comes up, a newer call may have pushed the row away.
  const pressed = useRef('');
  const idOf = (event: Event) => (event.target as Element).closest<HTMLElement>('[data-id]')?.dataset.id ?? '';
  const onClick = (event: Event) => {
    const id = pressed.current || idOf(event); // a screen reader clicks without pressing
    pressed.current = '';
    if (id !== '') onOpen(id);
  };
  const chosenIsDrawn = visible.some(({ call }) => call.id === chosen);
  const atCell = chosenIsDrawn && columns.some((column) => column.id === cell.value);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const chosen = openCall.peek(); // keys come faster than the table is drawn
    const index = rows.findIndex((call) => call.id === chosen);
    const down = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, PageDown: 20, PageUp: -20 }[event.key];
    const aside = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (down !== undefined) {
      const shown = index < 0 ? -1 : fromNewest(index);
      const next = at(Math.max(0, Math.min(total - 1, shown + down)));
      if (next !== undefined) onChoose(next.id);
    } else if (aside !== undefined && chosen !== '') {
      const column = columns.findIndex((each) => each.id === cell.value);
      cell.value = columns[Math.max(0, Math.min(columns.length - 1, column + aside))]?.id ?? '';
    } else if ((event.key === '+' || event.key === '-') && chosen !== '') {
      const call = rows[index];
      const term = call && columns.find((each) => each.id === cell.value)?.term?.(call);
      if (term) addTerm(term, event.key === '-');
    } else if (event.key === 'Enter' && chosen !== '') document.getElementById('panel-content')?.focus();
    else return;
    event.preventDefault();
  };
  return (
    <div
      class="table"
      role="grid"
      aria-label="Calls. Arrows choose a call and a value, plus puts it into the filter, Enter goes into the call"
      aria-rowcount={total + 1}
      aria-activedescendant={atCell ? 'cell-at' : chosenIsDrawn ? `row-${chosen}` : undefined}
      style={{ '--columns': gridOf(columns) }}
      ref={body}
      tabIndex={0}
      data-main
      onScroll={onScroll}
      onPointerDown={(event) => (pressed.current = idOf(event))}
      onClick={onClick}
      onPointerOver={(event) => (hot.value = idOf(event))}
      onPointerLeave={() => (hot.value = '')}
      onKeyDown={onKeyDown}
    >
      <div class="table-top" role="rowgroup">
        <Head columns={columns} />
      </div>
      <div class="table-space" role="rowgroup" style={{ height: `${total * kRowHeight}px` }}>
        {visible.map(({ call, index, slot }) => (
          <Row key={slot} call={call} index={index} columns={columns} chosen={call.id === chosen} hot={call.id === hot.value || call.id === chosen} cell={call.id === chosen ? cell.value : ''} />
        ))}
      </div>
    </div>
  );
}
