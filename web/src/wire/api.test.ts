import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as api from './api';
import { Problem } from './problem';

const fetched = vi.fn<(path: string, init: RequestInit) => Promise<Response>>();

function json(status: number, body: unknown): Response {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': type } });
}
function headersOf(call: number): Record<string, string> {
  return fetched.mock.calls[call]![1].headers as Record<string, string>;
}

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal('fetch', fetched);
});
afterEach(() => vi.unstubAllGlobals());

describe('requests to control', () => {
  it('repeat the CSRF token of the session in unsafe requests only', async () => {
    fetched.mockImplementation(() => Promise.resolve(json(200, { csrf_token: 'c1', events: [] })));
    await api.signIn('admin', 'one-time');
    await api.getJson('/api/events', 'Events');
    await api.cancelAlert('a/b');
    expect(headersOf(1)).not.toHaveProperty('X-CSRF-Token');
    expect(headersOf(2)).toMatchObject({ 'X-CSRF-Token': 'c1' });
    expect(fetched.mock.calls[2]![0]).toBe('/api/alerts/a%2Fb/cancel');
  });

  it('send an alert with its key', async () => {
    fetched.mockResolvedValue(json(202, { id: 'x' }));
    const targets = { zones: ['north'], devices: [], broadcast: false };
    await api.sendAlert({ tier: 'advisory', texts: [], targets, duration_s: 60 }, 'k-1');
    expect(headersOf(0)).toMatchObject({ 'Idempotency-Key': 'k-1' });
    expect(JSON.parse(fetched.mock.calls[0]![1].body as string)).toMatchObject({ duration_s: 60 });
  });

  it('say that the session has ended, but not because of a wrong password', async () => {
    const lost = vi.fn();
    api.onSessionLost(lost);
    fetched.mockImplementation(() => Promise.resolve(json(401, { title: 'No' })));
    await expect(api.signIn('admin', 'wrong')).rejects.toBeInstanceOf(Problem);
    expect(lost).not.toHaveBeenCalled();
    await expect(api.getJson('/api/events', 'Events')).rejects.toMatchObject({ status: 401 });
    expect(lost).toHaveBeenCalledOnce();
  });

  it('turn a dead link into words, and let an abort be an abort', async () => {
    fetched.mockRejectedValue(new TypeError('Failed to fetch'));
    await expect(api.getJson('/api/zones', 'Zones')).rejects.toMatchObject({
      status: 0,
      detail: 'Zones could not be reached.',
    });
    const aborted = AbortSignal.abort();
    await expect(api.getJson('/api/zones', 'Zones', aborted)).rejects.toBeInstanceOf(TypeError);
  });
});
