import { describe, expect, it } from 'vitest';
import { contrast, DARK, LIGHT } from './palette';

describe.each([
  ['dark', DARK],
  ['light', LIGHT],
])('the %s palette', (_name, colours) => {
  const grounds = [colours.ground, colours.panel, colours.raised];

  it('has readable words on every ground (AA, 4.5:1)', () => {
    const words = [colours.text, colours.quiet, colours.accent, colours.fault];
    for (const word of [...words, ...Object.values(colours.tier)])
      for (const ground of grounds) expect(contrast(word, ground)).toBeGreaterThanOrEqual(4.5);
  });

  it('has readable words on filled colours', () => {
    expect(contrast(colours.onAccent, colours.accent)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colours.onAlarm, colours.alarm)).toBeGreaterThanOrEqual(4.5);
    for (const tier of Object.values(colours.tier))
      expect(contrast(colours.onTier, tier)).toBeGreaterThanOrEqual(4.5);
  });
});

describe('contrast', () => {
  it('is 21 for black on white and 1 for a colour on itself', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrast('#4cc38a', '#4cc38a')).toBe(1);
  });
});
