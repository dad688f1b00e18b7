import { describe, expect, it } from 'vitest';
import { outcomeOf, outcomeProblem, returnable } from './provider';

describe('the way back', () => {
  it('is a plain path of our own page', () => {
    for (const path of ['/', '/situation', '/alerts/drafts/0198-a_b'])
      expect(returnable(path)).toBe(true);
    for (const path of ['', 'x', '//other.example', '/\\other.example', '/a?b', '/auth/x', '/a.b'])
      expect(returnable(path)).toBe(false);
  });
  it('says what went wrong, and nothing of what did not', () => {
    expect(outcomeOf('?provider=unknown')).toBe('unknown');
    expect(outcomeOf('')).toBeNull();
    expect(outcomeProblem('unknown')?.next).toContain('link yourself');
    expect(outcomeProblem('linked')).toBeNull();
    expect(outcomeProblem('factor')).toBeNull();
    expect(outcomeProblem(null)).toBeNull();
    expect(outcomeProblem('<script>')).toBeNull();
    expect(outcomeProblem('constructor')).toBeNull();
  });
});
