import { describe, expect, it, vi } from 'vitest';
import { fromBase64Url, passkeysPossible, toBase64Url } from './passkey';

describe('bytes of passkeys', () => {
  it('go through base64url and back', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => 255 - i);
    const text = toBase64Url(bytes.buffer);
    expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(Array.from(fromBase64Url(text))).toEqual(Array.from(bytes));
    expect(toBase64Url(new Uint8Array([255, 254]).buffer)).toBe('__4');
  });
});

describe('passkeys', () => {
  it('are offered for names only, where the browser knows them', () => {
    expect(passkeysPossible('tocsin.example')).toBe(false);
    vi.stubGlobal('PublicKeyCredential', () => undefined);
    expect(passkeysPossible('tocsin.example')).toBe(true);
    expect(passkeysPossible('localhost')).toBe(true);
    expect(passkeysPossible('127.0.0.1')).toBe(false);
    expect(passkeysPossible('::1')).toBe(false);
    vi.unstubAllGlobals();
  });
});
