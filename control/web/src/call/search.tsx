// Search inside one call: what fits is marked.
export function fits(text: string, search: string): boolean {
  return search === '' || text.toLowerCase().includes(search.toLowerCase());
}

const kMarksMax = 500;

export function Marked({ text, search }: { text: string; search: string }) {
  if (search === '') return <>{text}</>;
  const lower = text.toLowerCase();
  const wanted = search.toLowerCase();
  const out = [];
  let at = 0;
  // Lower case may be longer than what it is of ("İ"): then nothing is marked rather than the wrong part.
  if (lower.length !== text.length) return <>{text}</>;
  for (let found = lower.indexOf(wanted); found >= 0 && out.length < 2 * kMarksMax; found = lower.indexOf(wanted, at)) {
    out.push(text.slice(at, found), <mark>{text.slice(found, found + search.length)}</mark>);
    at = found + search.length;
  }
  out.push(text.slice(at));
  return <>{out}</>;
}
