// Questions to the control process. A token is asked for only where it wants one, and kept for this tab alone.
import { batch, signal } from '@preact/signals';

const kTokenKey = 'spanlight.token';

export const token = signal(readToken());
export const tokenWanted = signal(''); // why, in the control process's words
export const tokenRefused = signal(false); // one was given, and it is not known

function readToken(): string {
  try {
    return sessionStorage.getItem(kTokenKey) ?? '';
  } catch {
    return '';
  }
}

// What asks again then is the page's own matter: it looks at `token`.
export function useToken(text: string): void {
  token.value = text.trim();
  tokenWanted.value = '';
  tokenRefused.value = false;
  try {
    sessionStorage.setItem(kTokenKey, token.value);
  } catch {
    // Storage is switched off: the token lives as long as the page.
  }
}

export class ApiFault extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

export type Parameters = Record<string, string | number | boolean | undefined>;

export function urlOf(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') query.set(name, String(value));
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

function headers(): Record<string, string> {
  return token.value === '' ? {} : { Authorization: `Bearer ${token.value}` };
}

async function faultOf(response: Response): Promise<ApiFault> {
  try {
    const body = (await response.json()) as { error?: Record<string, unknown> };
    const error = body.error ?? {};
    return new ApiFault(response.status, String(error.code ?? ''), String(error.message ?? response.statusText), error);
  } catch {
    return new ApiFault(response.status, '', `The control process answered ${response.status}.`);
  }
}

// The answer, or an ApiFault. One that wants another token than it was sent raises the question for it.
export async function send(url: string, init: RequestInit = {}): Promise<Response> {
  const sent = token.value;
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers: { ...headers(), ...init.headers } });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiFault(0, 'unreachable', 'The control process cannot be reached.');
  }
  if (response.ok) return response;
  const fault = await faultOf(response);
  if (response.status === 401 && sent === token.value)
    batch(() => {
      tokenWanted.value = fault.message;
      tokenRefused.value = sent !== '';
    });
  throw fault;
}

export async function ask<Answer>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<Answer> {
  const response = await send(urlOf(path, parameters), { signal });
  return (await response.json()) as Answer;
}

export async function tell<Answer>(method: 'POST' | 'PUT', path: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
  const response = await send(path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
  return (await response.json()) as Answer;
}

export function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// A file through memory: its refusal is a sentence here rather than a broken file on the disk.
export async function fetchFile(url: string, name: string): Promise<void> {
  saveAs(await (await send(url)).blob(), name);
}

// A file that may be large. Without a token the browser loads it itself.
export async function download(url: string, name: string): Promise<void> {
  if (token.value !== '') return fetchFile(url, name);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}

export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';
