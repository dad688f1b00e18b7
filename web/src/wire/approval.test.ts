import { webcrypto } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { approvalText, canonical, signingRequest, toPem, type OperatorKey } from './approval';

const words = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function key(): Promise<OperatorKey> {
  const pair = (await webcrypto.subtle.generateKey('Ed25519', false, [
    'sign',
    'verify',
  ])) as unknown;
  return { name: 'anna', pair: pair as CryptoKeyPair, chain: [] };
}

beforeEach(() => vi.stubGlobal('crypto', webcrypto));

describe('what is signed', () => {
  it('has one text for one meaning (RFC 8785)', () => {
    expect(canonical({ b: [1, 2.5, 'ä\n'], a: { d: null, c: true } })).toBe(
      '{"a":{"c":true,"d":null},"b":[1,2.5,"ä\\n"]}',
    );
    // Section 3.2.3: by UTF-16 units, so that the smiley comes before the Hebrew letter with its own block.
    expect(canonical({ '\ufb33': 1, '\ud83d\ude00': 2, '1': 3, '\u20ac': 4, '\r': 5 })).toBe(
      '{"\\r":5,"1":3,"\u20ac":4,"\ud83d\ude00":2,"\ufb33":1}',
    );
  });

  it('names its domain and site, and leaves the approvals out', () => {
    const content = { type: 'alert', action: 'show', approvals: [{ signature: 'x' }] };
    expect(words(approvalText('demo', content))).toBe(
      'tocsin approval 1\ndemo\n{"action":"show","type":"alert"}',
    );
  });
});

describe('a signing request', () => {
  it('is PKCS#10 with the name, the key, and a signature of that key', async () => {
    const made = await signingRequest(await key());
    expect([...made.subarray(0, 2)]).toEqual([0x30, 0x81]);
    expect(made.length).toBe(3 + made[2]!);
    expect(words(made)).toContain('anna');
    expect(toPem('CERTIFICATE REQUEST', made)).toMatch(
      /^-----BEGIN CERTIFICATE REQUEST-----\n[\w+/=\n]+\n-----END CERTIFICATE REQUEST-----\n$/,
    );
  });
});
