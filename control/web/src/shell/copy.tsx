import { useState } from 'preact/hooks';
import { Icon } from './icons';

// Copies; where the browser forbids it (no secure context) the old way does it.
export async function copy(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

export function Copy({ text, label, icon = 'copy', word }: { text: () => string; label: string; icon?: string; word?: string }) {
  const [state, setState] = useState('');
  const run = async (event: Event) => {
    event.stopPropagation();
    try {
      await copy(text());
      setState('Copied');
    } catch {
      setState('Not allowed');
    }
    setTimeout(() => setState(''), 1_500);
  };
  return (
    <button class={word ? '' : 'quiet icon'} title={label} aria-label={word ? undefined : label} onClick={run}>
      <Icon name={icon} />
      {state !== '' ? <span role="status">{state}</span> : word}
    </button>
  );
}
