import { describe, expect, it } from 'vitest';
import { passwordFault } from './session';

describe('a new password', () => {
  const good = 'north gate at dusk';
  it('is accepted when long enough, new, and typed twice', () => {
    expect(passwordFault('one-time', good, good)).toBeNull();
  });
  it('is refused with the reason and what to do', () => {
    expect(passwordFault('x', 'short', 'short')).toContain('5 characters');
    expect(passwordFault(good, good, good)).toContain('choose another');
    expect(passwordFault('x', good, `${good}!`)).toContain('type the second one again');
    expect(passwordFault('x', 'a'.repeat(129), 'a'.repeat(129))).toContain('at most 128');
  });
  it('counts letters of any script', () => {
    expect(passwordFault('x', 'വടക്കേകവാടം', 'വടക്കേകവാടം')).toContain('11 characters');
  });
});
