// Which point is meant at a moment: a bar reaches to the next one's beginning, of a line the nearest counts. -1: none. Pure.
export function indexAt(times: number[], moment: number, bars: boolean): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= moment) low = middle + 1;
    else high = middle;
  }
  const before = low - 1;
  if (bars || low >= times.length) return before;
  if (before < 0) return low;
  return moment - (times[before] ?? 0) <= (times[low] ?? 0) - moment ? before : low;
}
