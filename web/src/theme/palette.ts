/**
 * Every colour of the page, dark and light. The tiers own blue, cyan, amber, red and magenta; the one
 * accent is green; a fault is coral and never filled. palette.test.ts holds each pair that carries
 * words against WCAG AA.
 */
import type { Tier } from '../wire/types';

export interface Colours {
  ground: string;
  panel: string;
  raised: string;
  line: string;
  text: string;
  quiet: string;
  accent: string;
  onAccent: string;
  fault: string;
  tier: Record<Tier, string>;
  onTier: string;
  alarm: string;
  onAlarm: string;
}

export const DARK: Colours = {
  ground: '#0c1014',
  panel: '#12171c',
  raised: '#1a2128',
  line: '#2a333c',
  text: '#e6ebef',
  quiet: '#98a4af',
  accent: '#4cc38a',
  onAccent: '#06140d',
  fault: '#ff9b7d',
  tier: {
    informational: '#6fa8ff',
    advisory: '#35d0dd',
    warning: '#ffb432',
    emergency: '#ff6b67',
    ipaws: '#f27be0',
  },
  onTier: '#0c1014',
  alarm: '#d3222f',
  onAlarm: '#ffffff',
};

export const LIGHT: Colours = {
  ground: '#eef1f3',
  panel: '#ffffff',
  raised: '#f4f6f8',
  line: '#cfd6dc',
  text: '#151b21',
  quiet: '#53606c',
  accent: '#0e7445',
  onAccent: '#ffffff',
  fault: '#a83a16',
  tier: {
    informational: '#1c5cc4',
    advisory: '#006f7c',
    warning: '#875400',
    emergency: '#c1121f',
    ipaws: '#9c1488',
  },
  onTier: '#ffffff',
  alarm: '#c1121f',
  onAlarm: '#ffffff',
};

/** Contrast of two #rrggbb colours after WCAG 2.2, 1..21. */
export function contrast(one: string, other: string): number {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}
