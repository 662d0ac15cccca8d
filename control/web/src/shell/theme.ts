// Light or dark: as the system says, until somebody chooses.
import { effect, signal } from '@preact/signals';
import { keep, kept } from '../state/kept';

export type Theme = 'light' | 'dark';
const system = matchMedia('(prefers-color-scheme: dark)');
const chosen = signal<Theme | null>(kept<Theme | null>('spanlight.theme', null));
export const theme = signal<Theme>('light');

export function followTheme(): void {
  const dark = signal(system.matches);
  system.addEventListener('change', () => (dark.value = system.matches));
  effect(() => {
    const now = chosen.value ?? (dark.value ? 'dark' : 'light');
    document.documentElement.dataset.theme = now;
    theme.value = now;
  });
}

export function switchTheme(): void {
  chosen.value = theme.value === 'dark' ? 'light' : 'dark';
  keep('spanlight.theme', chosen.value);
}
