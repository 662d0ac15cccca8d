// The request as a curl command, for a POSIX shell. Pure.
import type { Call } from '../api/types';
import { addressText } from '../text/format';

export const shellQuoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`);

// Headers that curl makes itself, or that belong to one connection.
const kOwn = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'accept-encoding', 'te', 'upgrade', 'keep-alive']);

function headerOf(call: Call, name: string): string {
  return call.request?.headers?.find(([each]) => each.toLowerCase() === name)?.[1] ?? '';
}

function urlOf(call: Call): string {
  if (/^https?:\/\//.test(call.url ?? '')) return call.url ?? '';
  const host = headerOf(call, 'host') || headerOf(call, ':authority') || addressText(call.dst);
  const path = call.url ?? (call.query_string ? `${call.path ?? '/'}?${call.query_string}` : (call.path ?? '/'));
  return `http://${host}${path.startsWith('/') ? path : `/${path}`}`;
}

export const canCurl = (call: Call): boolean => (call.method ?? '') !== '' && (call.path ?? call.url ?? '') !== '' && call.request !== null && call.request !== undefined;

export function curlOf(call: Call, body: string | null): string {
  const parts = ['curl', shellQuoted(urlOf(call))];
  const method = call.method ?? 'GET';
  if (method === 'HEAD') parts.push('--head');
  else if (method !== 'GET' && !(method === 'POST' && body)) parts.push('-X', shellQuoted(method));
  for (const [name, value] of call.request?.headers ?? [])
    if (!name.startsWith(':') && !kOwn.has(name.toLowerCase())) parts.push('-H', shellQuoted(`${name}: ${value}`));
  if (body) parts.push('--data-binary', shellQuoted(body));
  let text = parts[0] + ' ' + parts[1];
  for (let i = 2; i < parts.length; ++i) text += parts[i]?.startsWith('-') ? ` \\\n  ${parts[i]}` : ` ${parts[i]}`;
  return text;
}
