/**
 * An alert while it is written: its limits, whom it reaches, and the sentence that says so.
 * The limits are those of docs/protocols/bus.md and of the tiers; control and every sign check again.
 */
import { listed, many, spoken } from '../../show/words';
import type {
  Alert,
  AlertText,
  Device,
  NewAlert,
  SignSize,
  Status,
  Targets,
  Tier,
} from '../../wire/types';
import { languageName, wrongScript } from './languages';

export const TEXT_BYTES_MAX = 512;
export const TEXTS_MAX = 16;
/** Above this a moving text takes longer to read than people stay in front of a sign. */
const TEXT_LETTERS_GOOD = 60;

const HOUR = 3600;
/** What an operator may write, and how long an alert of it may stand. */
export const SENDABLE: { tier: Tier; longest_s: number; usual_s: number }[] = [
  { tier: 'informational', longest_s: 48 * HOUR, usual_s: HOUR },
  { tier: 'advisory', longest_s: 48 * HOUR, usual_s: HOUR / 2 },
  { tier: 'warning', longest_s: 300, usual_s: 300 },
  { tier: 'emergency', longest_s: 24 * HOUR, usual_s: HOUR },
];
const DURATIONS = [
  60,
  120,
  300,
  900,
  1800,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  24 * HOUR,
  48 * HOUR,
];

export interface Draft {
  tier: Tier;
  status: Status;
  texts: AlertText[];
  targets: Targets;
  /** Local time as the input says it; empty = now. */
  begin: string;
  duration_s: number;
}

export const EMPTY_DRAFT: Draft = {
  tier: 'advisory',
  status: 'actual',
  texts: [{ language: 'en', text: '' }],
  targets: { zones: [], devices: [], broadcast: false },
  begin: '',
  duration_s: 1800,
};

/** A new draft with the words and targets of an alert that was sent before. */
export function draftFrom(alert: Alert): Draft {
  const rule = SENDABLE.find((each) => each.tier === alert.tier);
  const { tier, usual_s } = rule ?? { tier: EMPTY_DRAFT.tier, usual_s: EMPTY_DRAFT.duration_s };
  const { texts, targets } = alert;
  return { ...EMPTY_DRAFT, tier, texts, targets, duration_s: usual_s };
}

export function longestOf(tier: Tier): number {
  return SENDABLE.find((each) => each.tier === tier)?.longest_s ?? 0;
}

export function durationsOf(tier: Tier): number[] {
  return DURATIONS.filter((each) => each <= longestOf(tier));
}

/** Keeps the duration within what the tier allows. */
export function withTier(draft: Draft, tier: Tier): Draft {
  const usual = SENDABLE.find((each) => each.tier === tier)?.usual_s ?? draft.duration_s;
  const fits = draft.duration_s <= longestOf(tier);
  return { ...draft, tier, duration_s: fits ? draft.duration_s : usual };
}

export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

export interface Reach {
  signs: number;
  zones: number;
  offline: number;
}

/** The signs that the targets reach. */
function reachedBy(targets: Targets, devices: Device[]): Device[] {
  return devices.filter(
    (device) =>
      device.sign !== null &&
      (targets.broadcast ||
        targets.zones.includes(device.zone) ||
        targets.devices.includes(device.name)),
  );
}

const USUAL_SIGN: SignSize = { width: 64, height: 32 };

/** The size that most of the reached signs have; of all signs while none is reached. */
export function usualSign(targets: Targets, devices: Device[]): SignSize {
  const reached = reachedBy(targets, devices);
  const sizes = new Map<string, { sign: SignSize; count: number }>();
  for (const { sign } of reached.length > 0 ? reached : devices) {
    if (!sign) continue;
    const key = `${sign.width} ${sign.height}`;
    sizes.set(key, { sign, count: (sizes.get(key)?.count ?? 0) + 1 });
  }
  return [...sizes.values()].sort((a, b) => b.count - a.count)[0]?.sign ?? USUAL_SIGN;
}

export function reachOf(targets: Targets, devices: Device[]): Reach {
  const reached = reachedBy(targets, devices);
  return {
    signs: reached.length,
    zones: new Set(reached.map((device) => device.zone)).size,
    offline: reached.filter((device) => device.state !== 'online').length,
  };
}

/** "Lights 3 signs in 1 zone, in 3 languages, for 30 minutes." */
export function reachSentence(draft: Draft, reach: Reach): string {
  if (reach.signs === 0) return 'Reaches no sign yet: choose where.';
  const languages = new Set(draft.texts.map((each) => each.language)).size;
  const every = draft.targets.broadcast ? 'every sign of the site, ' : '';
  const signs = `${many(reach.signs, 'sign')} in ${many(reach.zones, 'zone')}`;
  return `Lights ${every}${signs}, in ${many(languages, 'language')}, for ${spoken(draft.duration_s)}.`;
}

export function offlineSentence(reach: Reach): string {
  if (reach.offline === 0) return '';
  const these =
    reach.offline === reach.signs ? (reach.signs === 1 ? 'It' : 'They') : String(reach.offline);
  const verb = reach.offline === 1 ? 'does' : 'do';
  const of = these === String(reach.offline) ? ' of them' : '';
  return `${these}${of} ${verb} not answer now and will light when the link is back.`;
}

/** What keeps the draft from being sent, in the order of the page; empty when nothing does. */
export function faultsOf(draft: Draft, now: number): string[] {
  const faults = textFaults(draft.texts);
  const { zones, devices, broadcast } = draft.targets;
  if (!broadcast && zones.length === 0 && devices.length === 0)
    faults.push('Choose at least one zone or sign.');
  if (draft.duration_s > longestOf(draft.tier))
    faults.push(`Choose at most ${spoken(longestOf(draft.tier))} for this tier.`);
  if (draft.begin && !(Date.parse(draft.begin) > now))
    faults.push('The begin lies in the past: choose a later time, or now.');
  return faults;
}

export function textFaults(texts: AlertText[]): string[] {
  const faults: string[] = [];
  const empty = texts
    .filter((each) => each.text.trim() === '')
    .map((each) => languageName(each.language));
  if (empty.length > 0) faults.push(`Write the text in ${listed(empty)}.`);
  const long = texts
    .filter((each) => bytesOf(each.text) > TEXT_BYTES_MAX)
    .map((each) => languageName(each.language));
  if (long.length > 0)
    faults.push(`Shorten the text in ${listed(long)}: it has over ${TEXT_BYTES_MAX} bytes.`);
  if (texts.length > TEXTS_MAX) faults.push(`Take out languages: at most ${TEXTS_MAX} fit.`);
  return faults;
}

/** What is worth knowing about a text, though it may be sent. */
export function textHint({ language, text }: AlertText): string {
  if (wrongScript(language, text)) return `No letter of ${languageName(language)} in this text.`;
  if (/[\r\n]/.test(text)) return 'Line ends become spaces on the sign.';
  const letters = Array.from(text).length;
  if (letters > TEXT_LETTERS_GOOD)
    return `${letters} letters take long to pass by: under ${TEXT_LETTERS_GOOD} is better.`;
  return '';
}

/** What is sent. */
export function bodyOf(draft: Draft): NewAlert {
  const body: NewAlert = {
    tier: draft.tier,
    ...(draft.status === 'actual' ? {} : { status: draft.status }),
    texts: cleanTexts(draft.texts),
    targets: draft.targets.broadcast ? { zones: [], devices: [], broadcast: true } : draft.targets,
  };
  if (!draft.begin) return { ...body, duration_s: draft.duration_s };
  const begin = Date.parse(draft.begin);
  return {
    ...body,
    begin: new Date(begin).toISOString(),
    expire: new Date(begin + draft.duration_s * 1000).toISOString(),
  };
}

export function cleanTexts(texts: AlertText[]): AlertText[] {
  return texts.map(({ language, text }) => ({ language, text: text.replace(/\s+/g, ' ').trim() }));
}
