import { EtagMismatch } from 'pmtiles';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { MapPass } from '../../wire/map';
import { PassSource } from './exact';

const PASS: MapPass = {
  url: 'https://maps.test/field.pmtiles',
  pass: '1.2.field.first',
  expires_at: '',
};
const NEXT: MapPass = { ...PASS, pass: '1.3.field.second' };

function answer(status: number): Response {
  const body = status === 206 ? new Uint8Array([1, 2, 3]) : null;
  return new Response(body, { status, headers: { ETag: '"e"' } });
}

function network(...statuses: number[]) {
  const asked = vi.fn<typeof fetch>();
  for (const status of statuses) asked.mockResolvedValueOnce(answer(status));
  vi.stubGlobal('fetch', asked);
  return asked;
}

function headersOf(init: RequestInit | undefined): Record<string, string> {
  return init?.headers as Record<string, string>;
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the exact map', () => {
  it('is read by range with a pass, past every cache, without cookies', async () => {
    const asked = network(206);
    const { data, etag } = await new PassSource(PASS).getBytes(10, 5, undefined, '"e"');
    expect([...new Uint8Array(data), etag]).toEqual([1, 2, 3, '"e"']);
    const init = asked.mock.calls[0]?.[1];
    expect(init).toMatchObject({ cache: 'no-store', credentials: 'omit' });
    expect(headersOf(init)).toEqual({
      Authorization: 'Bearer 1.2.field.first',
      Range: 'bytes=10-14',
      'If-Match': '"e"',
    });
  });
  it('asks for another pass when its own has ended, once', async () => {
    const renew = vi.fn(() => Promise.resolve(NEXT));
    const asked = network(401, 206);
    await new PassSource(PASS, renew).getBytes(0, 3);
    expect(renew).toHaveBeenCalledTimes(1);
    expect(headersOf(asked.mock.calls[1]?.[1])['Authorization']).toBe('Bearer 1.3.field.second');
    network(401, 401);
    await expect(new PassSource(PASS, renew).getBytes(0, 3)).rejects.toThrow();
    expect(renew).toHaveBeenCalledTimes(2);
  });
  it('renews it before it ends', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const renew = vi.fn(() => Promise.resolve(NEXT));
    const source = new PassSource(PASS, renew);
    vi.advanceTimersByTime(241_000);
    network(206);
    await source.getBytes(0, 3);
    expect(renew).toHaveBeenCalledTimes(1);
  });
  it('begins again when the archive was replaced, and says what else is wrong', async () => {
    network(412);
    await expect(new PassSource(PASS).getBytes(0, 3)).rejects.toThrow(EtagMismatch);
    network(200);
    await expect(new PassSource(PASS).getBytes(0, 3)).rejects.toThrow();
  });
});
