import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backOff, BACK_OFF_MAX_MS, LiveSocket, liveUrl, parseMessage } from './live-socket';
import type { LiveMessage } from './types';

class FakeSocket {
  static all: FakeSocket[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  close(): void {
    this.closed = true;
  }
  say(kind: string): void {
    this.onmessage?.({ data: JSON.stringify({ kind, at: '', data: {} }) });
  }
}

describe('the live link', () => {
  const states: string[] = [];
  const messages: LiveMessage[] = [];
  let socket: LiveSocket;
  const newest = () => FakeSocket.all.at(-1)!;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('WebSocket', FakeSocket);
    FakeSocket.all = [];
    states.length = messages.length = 0;
    socket = new LiveSocket('ws://x/api/live', {
      message: (message) => void messages.push(message),
      state: (state) => void states.push(state),
    });
    socket.start();
  });
  afterEach(() => {
    socket.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is live with hello, and says what comes', () => {
    newest().say('hello');
    newest().say('event');
    newest().onmessage?.({ data: 'not json' });
    expect(states).toEqual(['live']);
    expect(messages.map((message) => message.kind)).toEqual(['hello', 'event']);
  });

  it('comes back by itself after a close, later each time', () => {
    newest().say('hello');
    newest().onclose?.();
    expect(states).toEqual(['live', 'lost']);
    vi.advanceTimersByTime(600);
    expect(FakeSocket.all).toHaveLength(2);
    newest().onclose?.();
    vi.advanceTimersByTime(499);
    expect(FakeSocket.all).toHaveLength(2);
    vi.advanceTimersByTime(600);
    expect(FakeSocket.all).toHaveLength(3);
    newest().say('hello');
    expect(states.at(-1)).toBe('live');
  });

  it('gives up a server that does not say hello', () => {
    vi.advanceTimersByTime(10_000);
    expect(states).toEqual(['lost']);
    expect(FakeSocket.all[0]!.closed).toBe(true);
  });

  it('questions a link that has gone quiet', async () => {
    const health = vi.fn().mockRejectedValue(new TypeError('Failed to fetch'));
    vi.stubGlobal('fetch', health);
    newest().say('hello');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(health).toHaveBeenCalledOnce();
    expect(states).toEqual(['live', 'lost']);
  });

  it('is silent after stop', () => {
    const first = newest();
    socket.stop();
    first.onclose?.();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(states).toEqual([]);
  });
});

describe('the pause before the next try', () => {
  it('doubles up to its bound, spread by chance', () => {
    expect(backOff(0, 1)).toBe(500);
    expect(backOff(0, 0)).toBe(250);
    expect(backOff(3, 1)).toBe(4000);
    expect(backOff(60, 1)).toBe(BACK_OFF_MAX_MS);
  });
});

describe('the link', () => {
  it('is as safe as the page', () => {
    expect(liveUrl({ protocol: 'https:', host: 'a.example' })).toBe('wss://a.example/api/live');
    expect(liveUrl({ protocol: 'http:', host: '127.0.0.1:8' })).toBe('ws://127.0.0.1:8/api/live');
  });
  it('takes no message without kind and data', () => {
    for (const text of ['null', '7', '{}', '{"kind":"event"}', '[', '{"kind":3,"data":{}}'])
      expect(parseMessage(text)).toBeNull();
  });
});
