import { describe, expect, it } from 'vitest';
import { qrPath } from './qr-code';

describe('a QR code', () => {
  it('has a quiet margin and the finder in its corner', () => {
    const { size, path } = qrPath('otpauth://totp/demo:asha?secret=GEZDGNBVGY3TQOJQ&issuer=demo');
    expect((size - 8 - 17) % 4).toBe(0);
    for (let i = 0; i < 7; i++) expect(path).toContain(`M${4 + i} 4h1v1h-1z`);
    expect(path).not.toContain('M5 5h1v1h-1z');
    expect(path).not.toContain('M3 4h');
  });
});
