/**
 * The live link: one WebSocket that comes back by itself.
 *
 * `hello` of the server opens a link; whoever listens loads afresh then, because nobody tells what
 * was missed. A link that says nothing for QUIET_MS is questioned with a request to /health; no
 * answer means the link is dead, although the browser has not noticed yet.
 */
import type { LiveMessage } from './types';

export type LinkState = 'connecting' | 'live' | 'lost';

export interface LinkListener {
  message: (message: LiveMessage) => void;
  state: (state: LinkState) => void;
}

export const BACK_OFF_FIRST_MS = 500;
export const BACK_OFF_MAX_MS = 15_000;
const QUIET_MS = 30_000;
const HELLO_MS = 10_000;
const PROBE_MS = 5_000;

/** Doubles from half a second to fifteen; `chance` in 0..1 spreads clients that lost one server. */
export function backOff(attempt: number, chance: number): number {
  const whole = Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** attempt);
  return whole / 2 + (whole / 2) * chance;
}

export function liveUrl(location: { protocol: string; host: string }): string {
  return `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/api/live`;
}

export function parseMessage(text: string): LiveMessage | null {
  try {
    const message = JSON.parse(text) as LiveMessage | null;
    if (typeof message !== 'object' || message === null) return null;
    return typeof message.kind === 'string' && typeof message.data === 'object' ? message : null;
  } catch {
    return null;
  }
}

export class LiveSocket {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private open = false;

  constructor(
    private readonly url: string,
    private readonly listener: LinkListener,
  ) {}

  start(): void {
    if (this.open) return;
    this.open = true;
    window.addEventListener('online', this.connectNow);
    window.addEventListener('offline', this.drop);
    this.connect();
  }

  stop(): void {
    this.open = false;
    window.removeEventListener('online', this.connectNow);
    window.removeEventListener('offline', this.drop);
    clearTimeout(this.timer);
    this.forget();
  }

  private connect(): void {
    clearTimeout(this.timer);
    this.forget();
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.timer = setTimeout(this.drop, HELLO_MS);
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data === 'string') this.receive(event.data);
    };
    socket.onclose = this.drop;
    socket.onerror = this.drop;
  }

  private receive(text: string): void {
    const message = parseMessage(text);
    if (!message) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.probe(), QUIET_MS);
    if (message.kind === 'hello') {
      this.attempt = 0;
      this.listener.state('live');
    }
    this.listener.message(message);
  }

  private async probe(): Promise<void> {
    try {
      await fetch('/health', { cache: 'no-store', signal: AbortSignal.timeout(PROBE_MS) });
      if (this.open) this.timer = setTimeout(() => void this.probe(), QUIET_MS);
    } catch {
      this.drop();
    }
  }

  private readonly connectNow = (): void => {
    this.attempt = 0;
    this.connect();
  };

  private readonly drop = (): void => {
    if (!this.open) return;
    this.forget();
    this.listener.state('lost');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), backOff(this.attempt, Math.random()));
    this.attempt++;
  };

  private forget(): void {
    const socket = this.socket;
    if (!socket) return;
    this.socket = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.onerror = null;
    socket.close();
  }
}
