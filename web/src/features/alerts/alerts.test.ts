import { describe, expect, it } from 'vitest';
import type { Alert, Delivery, Device } from '../../wire/types';
import { inOrder, isStanding, shownState, tally, tallyOf, verdict } from './deliveries';
import {
  bodyOf,
  bytesOf,
  durationsOf,
  EMPTY_DRAFT,
  faultsOf,
  offlineSentence,
  reachOf,
  reachSentence,
  textHint,
  usualSign,
  withTier,
  type Draft,
} from './draft';
import { languageName, LANGUAGES, wrongScript } from './languages';

const NOW = Date.parse('2026-11-22T08:00:10Z');

function device(name: string, zone: string, state: 'online' | 'offline', sign = true): Device {
  return {
    name,
    kind: 'edge',
    zone,
    state,
    last_contact: null,
    version: null,
    sign: sign ? { width: 64, height: 32 } : null,
    cameras: [],
    telemetry: null,
    certificate: null,
  };
}
const DEVICES = [
  device('n-1', 'north', 'online'),
  device('n-2', 'north', 'offline'),
  device('s-1', 'south', 'online'),
  device('gw', 'north', 'online', false),
];
const DRAFT: Draft = {
  ...EMPTY_DRAFT,
  texts: [
    { language: 'en', text: 'Path closed, use the north gate' },
    { language: 'hi', text: 'रास्ता बंद है, उत्तरी द्वार से जाएँ' },
    { language: 'ml', text: 'വഴി അടച്ചു, വടക്കേ കവാടം ഉപയോഗിക്കുക' },
  ],
  targets: { zones: ['north'], devices: [], broadcast: false },
};

describe('the reach of a draft', () => {
  it('counts signs, not machines without one', () => {
    expect(reachOf(DRAFT.targets, DEVICES)).toEqual({ signs: 2, zones: 1, offline: 1 });
    const one = { zones: ['north'], devices: ['s-1', 'n-1'], broadcast: false };
    expect(reachOf(one, DEVICES)).toEqual({ signs: 3, zones: 2, offline: 1 });
    const all = { zones: [], devices: [], broadcast: true };
    expect(reachOf(all, DEVICES).signs).toBe(3);
  });
  it('is shown as on the signs that most of it has', () => {
    const wide = { ...device('n-3', 'north', 'online'), sign: { width: 128, height: 32 } };
    const none = { zones: [], devices: [], broadcast: false };
    expect(usualSign(DRAFT.targets, [...DEVICES, wide])).toEqual({ width: 64, height: 32 });
    expect(usualSign({ ...none, devices: ['n-3'] }, [...DEVICES, wide])).toEqual(wide.sign);
    expect(usualSign(none, [wide])).toEqual(wide.sign);
    expect(usualSign(none, [])).toEqual({ width: 64, height: 32 });
  });
  it('is one sentence', () => {
    expect(reachSentence(DRAFT, { signs: 3, zones: 1, offline: 0 })).toBe(
      'Lights 3 signs in 1 zone, in 3 languages, for 30 minutes.',
    );
    const all = { ...DRAFT, targets: { zones: [], devices: [], broadcast: true } };
    expect(reachSentence(all, { signs: 1, zones: 1, offline: 0 })).toBe(
      'Lights every sign of the site, 1 sign in 1 zone, in 3 languages, for 30 minutes.',
    );
    expect(reachSentence(DRAFT, { signs: 0, zones: 0, offline: 0 })).toContain('no sign');
  });
  it('says who will light later', () => {
    expect(offlineSentence({ signs: 3, zones: 1, offline: 0 })).toBe('');
    expect(offlineSentence({ signs: 3, zones: 1, offline: 1 })).toMatch(
      /^1 of them does not answer/,
    );
    expect(offlineSentence({ signs: 3, zones: 1, offline: 2 })).toMatch(/^2 of them do not answer/);
    expect(offlineSentence({ signs: 1, zones: 1, offline: 1 })).toMatch(/^It does not answer/);
    expect(offlineSentence({ signs: 2, zones: 1, offline: 2 })).toMatch(/^They do not answer/);
  });
});

describe('a draft', () => {
  it('may be sent when nothing is wrong', () => expect(faultsOf(DRAFT, NOW)).toEqual([]));
  it('names every fault', () => {
    const texts = [
      { language: 'en', text: ' ' },
      { language: 'hi', text: 'क'.repeat(171) },
    ];
    const faults = faultsOf({ ...EMPTY_DRAFT, texts, begin: '2020-01-01T00:00' }, NOW);
    expect(faults).toEqual([
      'Write the text in English.',
      'Shorten the text in हिन्दी (Hindi): it has over 512 bytes.',
      'Choose at least one zone or sign.',
      'The begin lies in the past: choose a later time, or now.',
    ]);
  });
  it('counts bytes as the bus does', () => {
    expect(bytesOf('abc')).toBe(3);
    expect(bytesOf('क'.repeat(170))).toBe(510);
  });
  it('keeps within what its tier allows', () => {
    expect(durationsOf('warning')).toEqual([60, 120, 300]);
    expect(withTier(DRAFT, 'warning').duration_s).toBe(300);
    expect(withTier(DRAFT, 'informational').duration_s).toBe(1800);
    expect(faultsOf({ ...DRAFT, tier: 'warning' }, NOW)).toEqual([
      'Choose at most 5 minutes for this tier.',
    ]);
  });
  it('becomes a body: now with a duration, later with both ends', () => {
    expect(bodyOf(DRAFT)).toMatchObject({ tier: 'advisory', duration_s: 1800 });
    const later = bodyOf({ ...DRAFT, begin: '2026-11-23T10:00' });
    expect(Date.parse(later.expire!) - Date.parse(later.begin!)).toBe(1_800_000);
    expect(later.duration_s).toBeUndefined();
    const both = { zones: ['north'], devices: ['s-1'], broadcast: true };
    expect(bodyOf({ ...DRAFT, targets: both }).targets.zones).toEqual([]);
    const lines = [{ language: 'en', text: ' Path\n closed ' }];
    expect(bodyOf({ ...DRAFT, texts: lines }).texts[0]!.text).toBe('Path closed');
  });
  it('hints at what reads badly', () => {
    expect(textHint(DRAFT.texts[0]!)).toBe('');
    expect(textHint({ language: 'ml', text: 'Path closed' })).toContain('No letter of മലയാളം');
    expect(textHint({ language: 'en', text: 'a '.repeat(40) })).toContain('80 letters');
    expect(textHint({ language: 'en', text: 'a\nb' })).toContain('Line ends');
  });
});

describe('languages', () => {
  it('have tags of their own and names in their own script', () => {
    expect(new Set(LANGUAGES.map((each) => each.tag)).size).toBe(LANGUAGES.length);
    for (const each of LANGUAGES) expect(wrongScript(each.tag, each.native)).toBe(false);
  });
  it('are named natively first', () => {
    expect(languageName('ml')).toBe('മലയാളം (Malayalam)');
    expect(languageName('zh-Hans')).toBe('中文 (Chinese)');
    expect(languageName('xx')).toBe('xx');
  });
  it('find letters in the wrong row, and let digits be', () => {
    expect(wrongScript('hi', 'Exit 4')).toBe(true);
    expect(wrongScript('hi', '24 / 7')).toBe(false);
  });
});

const WAITING: Delivery = {
  device: 'n-2',
  zone: 'north',
  state: 'sent',
  reason: null,
  queued_at: '2026-11-22T08:00:05Z',
  sent_at: '2026-11-22T08:00:05Z',
  received_at: null,
  lit_at: null,
  cleared_at: null,
  attempts: 1,
  last_contact: null,
};
const LIT: Delivery = { ...WAITING, device: 'n-1', state: 'lit' };
const ALERT: Alert = {
  id: 'a',
  revision: 1,
  tier: 'advisory',
  state: 'active',
  texts: [],
  targets: { zones: ['north'], devices: [], broadcast: false },
  begin: '2026-11-22T08:00:05Z',
  expire: '2026-11-22T08:30:05Z',
  created_at: '2026-11-22T08:00:05Z',
  created_by: 'admin',
  cancelled_at: null,
  counts: { targets: 3, queued: 1, received: 0, lit: 1, cleared: 0, refused: 1, silent: 1 },
};

describe('the delivery board', () => {
  it('calls silent what has not answered after five seconds', () => {
    expect(shownState(WAITING, NOW - 1)).toBe('queued');
    expect(shownState(WAITING, NOW)).toBe('silent');
    expect(shownState(LIT, NOW)).toBe('lit');
  });
  it('puts silent ones on top', () => {
    const order = inOrder([LIT, { ...WAITING, device: 'n-10' }, WAITING], NOW);
    expect(order.map((each) => each.device)).toEqual(['n-2', 'n-10', 'n-1']);
  });
  it('counts each sign once, from rows and from counts', () => {
    expect(tally([LIT, WAITING], NOW)).toMatchObject({ silent: 1, lit: 1, queued: 0 });
    expect(tallyOf(ALERT.counts)).toEqual({
      silent: 1,
      refused: 1,
      queued: 0,
      received: 0,
      lit: 1,
      cleared: 0,
    });
  });
  it('says plainly how it stands', () => {
    expect(verdict(ALERT, tally([LIT, WAITING], NOW)).words).toBe('1 of 2 signs has not answered.');
    expect(verdict(ALERT, tally([LIT], NOW)).words).toBe('The sign is lit.');
    expect(verdict(ALERT, tally([LIT, LIT], NOW)).words).toBe('All 2 signs are lit.');
    const refused = { ...LIT, state: 'refused' as const };
    expect(verdict(ALERT, tally([LIT, refused], NOW)).words).toBe('1 of 2 signs refused it.');
    const cancelled = { ...ALERT, state: 'cancelled' as const };
    const cleared = { ...LIT, state: 'cleared' as const };
    expect(verdict(cancelled, tally([cleared], NOW)).words).toBe('The sign is cleared.');
    expect(verdict(cancelled, tally([cleared, LIT], NOW)).words).toBe('1 of 2 signs is cleared.');
    expect(verdict(ALERT, tally([], NOW)).good).toBe(false);
  });
  it('knows from the clock when an alert has run out', () => {
    expect(isStanding(ALERT, NOW)).toBe(true);
    expect(isStanding(ALERT, Date.parse(ALERT.expire))).toBe(false);
    expect(isStanding({ ...ALERT, state: 'cancelled' }, NOW)).toBe(false);
  });
});
