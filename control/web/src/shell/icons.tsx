// Line icons, drawn here: sixteen units square, coloured like the text beside them.
const kPaths: Record<string, string> = {
  calls: 'M2 4h12M2 8h8M2 12h10',
  map: 'M3 4.500a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0M10 3.500a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0M8 12a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0M6 4.400l4-.7M5.3 5.800l3.2 5M11 5l-1 5.5',
  health: 'M1.5 8.500h3l2-5 3 9 2-4h3',
  targets: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 10.500a2.5 2.5 0 1 0 0-5a2.5 2.5 0 0 0 0 5',
  filter: 'M2 3.500h12l-4.5 5.500v4l-3-1.500v-2.500z',
  close: 'M4 4l8 8M12 4l-8 8',
  bookmark: 'M4 2.500h8v11l-4-3-4 3z',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M4.5 3l8 5-8 5z',
  download: 'M8 2v8M4.5 7L8 10.5 11.5 7M3 13.500h10',
  columns: 'M2.5 3h11v10h-11zM6 3v10M10 3v10',
  copy: 'M5.5 5.500h8v8h-8zM3 10.500h-.5v-8h8V3',
  link: 'M6.5 9.500l3-3M7 4.500l1.5-1.500a2.5 2.5 0 0 1 4 4L11 8.500M9 11.500L7.5 13a2.5 2.5 0 0 1-4-4L5 7.5',
  sun: 'M8 11a3 3 0 1 0 0-6a3 3 0 0 0 0 6M8 1.500v1M8 13.500v1M1.5 8h1M13.5 8h1M3.4 3.400l.7.7M11.9 11.900l.7.7M3.4 12.600l.7-.7M11.9 4.100l.7-.7',
  moon: 'M13 9.500A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.500z',
  help: 'M6 6a2 2 0 1 1 2.8 1.800c-.6.3-.8.7-.8 1.400M8 11.800v.2M8 14.500A6.5 6.5 0 1 0 8 1.500a6.5 6.5 0 0 0 0 13',
  grow: 'M9.5 2.500h4v4M13.5 2.500L9 7M6.5 13.500h-4v-4M2.5 13.500L7 9',
  boxes: 'M2.500 2.500h5v5h-5zM9.500 2.500h4v4h-4zM2.500 10h4v3.500h-4zM9 9h4.500v4.500H9z',
  user: 'M8 8.500a3 3 0 1 0 0-6a3 3 0 0 0 0 6M2.500 14c.6-2.600 2.800-4 5.500-4s4.900 1.400 5.500 4',
  up: 'M4 10l4-4 4 4',
  down: 'M4 6l4 4 4-4',
  minus: 'M3 8h10',
  plus: 'M3 8h10M8 3v10',
  search: 'M7 11.500a4.5 4.5 0 1 0 0-9a4.5 4.5 0 0 0 0 9M10.5 10.500L14 14',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.500V8l2.5 1.5',
  warning: 'M8 2.500l6 11H2zM8 6.500v3.500M8 11.800v.2',
};

export function Icon({ name }: { name: string }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={kPaths[name] ?? ''} />
    </svg>
  );
}
