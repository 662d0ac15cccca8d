import { hueOf } from '../text/format';

export function Protocol({ name, version }: { name: string; version?: string }) {
  return (
    <span class="protocol" style={{ '--hue': hueOf(name) }} title={version ? `${name} ${version}` : name}>
      {name}
    </span>
  );
}
