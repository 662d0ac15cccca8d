// The live connection: it says what it wants, takes batches, and comes back by itself after a break. Knows no views.
import { token } from './request';
import type { Call } from './types';

export interface Wish {
  filter: string;
  limit_per_second: number;
}

export interface StreamEvents {
  onState(state: 'connecting' | 'open' | 'broken'): void;
  onReady(): void;
  onFault(message: string): void;
  onBatch(calls: Call[], missed: number, skipped: number): void;
}

const kFirstPauseMs = 400;
const kLongestPauseMs = 8_000;

export function nextPause(before: number): number {
  return before === 0 ? kFirstPauseMs : Math.min(before * 2, kLongestPauseMs);
}

function protocolsWithToken(): string[] {
  const protocols = ['spanlight.v1'];
  if (token.value !== '') {
    const bytes = new TextEncoder().encode(token.value);
    const base64 = btoa(String.fromCharCode(...bytes));
    protocols.push(`spanlight.bearer.${base64.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')}`);
  }
  return protocols;
}

interface Heard {
  ready?: unknown;
  error?: { message?: string };
  calls?: Call[];
  missed?: number;
  skipped?: number;
}

export class LiveStream {
  private socket: WebSocket | null = null;
  private pauseMs = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ended = false;
  private awaited = 0; // answers to wishes: what comes before the last of them is of an older filter
  private accepted = false; // the last wish was one that it could follow

  constructor(
    private wish: Wish,
    private readonly events: StreamEvents,
  ) {
    this.connect();
  }

  want(wish: Wish): void {
    this.wish = wish;
    if (this.socket?.readyState === WebSocket.OPEN) this.ask(this.socket);
  }

  private ask(socket: WebSocket): void {
    ++this.awaited;
    socket.send(JSON.stringify(this.wish));
  }

  end(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private connect(): void {
    this.events.onState('connecting');
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(`${scheme}//${location.host}/api/stream`, protocolsWithToken());
    this.socket = socket;
    socket.onopen = () => {
      this.pauseMs = 0;
      this.events.onState('open');
      this.awaited = 0;
      this.ask(socket);
    };
    socket.onmessage = (event: MessageEvent<string>) => this.hear(event.data);
    socket.onclose = () => {
      if (this.ended || this.socket !== socket) return;
      this.events.onState('broken');
      this.pauseMs = nextPause(this.pauseMs);
      this.timer = setTimeout(() => this.connect(), this.pauseMs);
    };
  }

  private hear(text: string): void {
    if (this.ended) return;
    const heard = JSON.parse(text) as Heard;
    if (heard.calls === undefined) {
      --this.awaited;
      this.accepted = heard.error === undefined;
      if (heard.error !== undefined) this.events.onFault(heard.error.message ?? 'The filter was refused.');
      else this.events.onReady();
    } else if (this.awaited === 0 && this.accepted) {
      this.events.onBatch(heard.calls, heard.missed ?? 0, heard.skipped ?? 0);
    }
  }
}
