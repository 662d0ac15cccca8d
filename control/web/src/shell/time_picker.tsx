import { useState } from 'preact/hooks';
import { go, range } from '../state/address';
import { boundsOf, kPresets, last } from '../state/time_range';
import { dateAndClock } from '../text/format';
import { Menu } from './menu';

// As <input type="datetime-local"> writes it, in local time.
export function localText(ms: number): string {
  return dateAndClock(ms).replace(' ', 'T');
}

export function TimePicker() {
  const now = range.value;
  return (
    <div class="time" role="group" aria-label="Time">
      <div class="segments">
        <button aria-pressed={now.kind === 'live'} onClick={() => go({ range: { kind: 'live' } })}>Live</button>
        {kPresets.map((text) => (
          <button key={text} aria-pressed={now.kind === 'last' && now.text === text} aria-label={`The last ${text}`} onClick={() => go({ range: last(text) })}>
            {text}
          </button>
        ))}
      </div>
      <Menu label="From one moment to another" icon="clock" text={now.kind === 'between' ? `${dateAndClock(now.from)} – ${dateAndClock(now.to).slice(11)}` : undefined} stays>
        <Between />
      </Menu>
    </div>
  );
}

function Between() {
  const bounds = boundsOf(range.value, Date.now(), 3_600_000);
  const [from, setFrom] = useState(localText(bounds.from));
  const [to, setTo] = useState(localText(bounds.to));
  const begin = Date.parse(from);
  const end = Date.parse(to);
  const right = Number.isFinite(begin) && Number.isFinite(end) && begin < end;
  return (
    <form
      class="between"
      onSubmit={(event) => {
        event.preventDefault();
        if (right) go({ range: { kind: 'between', from: begin, to: end } });
      }}
    >
      <label>From <input type="datetime-local" step="1" value={from} onInput={(event) => setFrom(event.currentTarget.value)} /></label>
      <label>To <input type="datetime-local" step="1" value={to} onInput={(event) => setTo(event.currentTarget.value)} /></label>
      <button class="primary" disabled={!right}>Show</button>
    </form>
  );
}
