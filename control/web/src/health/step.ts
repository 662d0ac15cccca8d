// Arithmetic of charts. Pure.

const kPoints = 90;

// Steps of ten seconds, since live counts are kept so: other ones would be asked of the store.
export function stepOf(spanMs: number): string {
  return `${Math.max(10, Math.ceil(spanMs / kPoints / 10_000) * 10)}s`;
}

export function sparkPath(points: number[], width: number, height: number): string {
  if (points.length < 2) return '';
  const most = Math.max(...points, 1e-9);
  return points.map((n, i) => `${i === 0 ? 'M' : 'L'}${((i * width) / (points.length - 1)).toFixed(1)} ${(height - 1 - (n / most) * (height - 2)).toFixed(1)}`).join('');
}
