// A button that opens a small sheet below it; Escape, a click beside it, or choosing closes it.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icons';

interface Properties {
  label: string;
  icon?: string;
  text?: string;
  wide?: boolean;
  stays?: boolean; // a click inside does not close it
  children: ComponentChildren;
}

export function Menu({ label, icon, text, wide, stays, children }: Properties) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const beside = (event: MouseEvent) => {
      if (!(event.target instanceof Node) || !root.current?.contains(event.target)) setOpen(false);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      setOpen(false);
      root.current?.querySelector('button')?.focus();
    };
    document.addEventListener('mousedown', beside);
    document.addEventListener('keydown', key, true);
    return () => {
      document.removeEventListener('mousedown', beside);
      document.removeEventListener('keydown', key, true);
    };
  }, [open]);
  return (
    <div class="menu" ref={root}>
      <button class={text ? '' : 'quiet icon'} aria-label={text === undefined || label.includes(text) ? label : `${text}: ${label}`} title={label} aria-haspopup="true" aria-expanded={open} onClick={() => setOpen(!open)}>
        {icon && <Icon name={icon} />}
        {text}
      </button>
      {open && (
        <div
          class={`sheet ${wide ? 'is-wide' : ''}`}
          role="group"
          aria-label={label}
          onClick={(event) => {
            if (!stays && event.target instanceof Element && event.target.closest('.menu-item')) setOpen(false);
          }}
        >
          {children}
        </div>
      )}
    </div>
  );
}
