// The keys, and the sheet that tells them.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { follow, newestFirst, togglePause } from '../calls/view';
import { focusFilter } from '../filter/bar';
import { go, openCall, view } from '../state/address';
import { last } from '../state/time_range';
import { switchTheme } from './theme';

export const helpOpen = signal(false);

interface Key {
  keys: string[];
  text: string;
  run(): void;
}

export const kKeys: Key[] = [
  { keys: ['/'], text: 'Write the filter', run: () => void ++focusFilter.value },
  { keys: ['1'], text: 'Calls', run: () => go({ view: 'calls' }) },
  { keys: ['2'], text: 'Service map', run: () => go({ view: 'map' }) },
  { keys: ['3'], text: 'Health', run: () => go({ view: 'health' }) },
  { keys: ['4'], text: 'Targets', run: () => go({ view: 'targets' }) },
  { keys: ['l'], text: 'Look live', run: () => go({ range: { kind: 'live' } }) },
  { keys: ['h'], text: 'Look at the last hour', run: () => go({ range: last('1h') }) },
  { keys: [' '], text: 'Pause, go on', run: togglePause },
  { keys: ['f'], text: 'Follow the newest', run: follow },
  { keys: ['o'], text: 'Turn the order round', run: () => (newestFirst.value = !newestFirst.value) },
  { keys: ['t'], text: 'Light or dark', run: switchTheme },
  { keys: ['?'], text: 'These keys', run: () => (helpOpen.value = !helpOpen.value) },
];
const kAlso: [string, string][] = [
  ['j k ↓ ↑', 'Next, previous call'],
  ['→ ← + −', 'A value of the call: choose it, then only calls with it, or without it'],
  ['Enter', 'Into the open call; in the filter: use it'],
  ['Esc', 'Close the call; leave the filter'],
  ['Tab, ↑ ↓', 'In the filter: complete; older, newer filters'],
  ['Alt click', 'On a “+” beside a value: only calls without it'],
];

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function followKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === 'Escape' && !isWriting(event.target)) {
      if (helpOpen.value) helpOpen.value = false;
      else if (openCall.value !== '') go({ view: 'calls', call: '' });
      return;
    }
    if (isWriting(event.target)) return;
    // A space on a button presses it.
    if (event.key === ' ' && event.target instanceof HTMLElement && event.target.closest('button, a, [role=button], summary, [role=tab]')) return;
    if (/^[jk]$/.test(event.key) && view.value === 'calls') {
      const list = document.querySelector<HTMLElement>('.table');
      if (list !== null && document.activeElement !== list) {
        list.focus();
        list.dispatchEvent(new KeyboardEvent('keydown', { key: event.key, bubbles: false }));
      }
      return;
    }
    const found = kKeys.find((each) => each.keys.includes(event.key));
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  });
}

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (helpOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [helpOpen.value]);
  return (
    <dialog ref={dialog} class="help" aria-label="Keys" onClose={() => (helpOpen.value = false)} onClick={(event) => event.target === dialog.current && (helpOpen.value = false)}>
      <h2>Keys</h2>
      <dl>
        {[...kAlso, ...kKeys.map((each): [string, string] => [each.keys[0] === ' ' ? 'Space' : (each.keys[0] ?? ''), each.text])].map(([keys, text]) => (
          <div key={text}>
            <dt><kbd>{keys}</kbd></dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <button class="primary" onClick={() => (helpOpen.value = false)}>Close</button>
    </dialog>
  );
}
