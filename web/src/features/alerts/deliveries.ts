/** The deliveries of an alert as its board shows them: silent ones first, then by how far they are. */
import { many } from '../../show/words';
import type { Alert, Counts, Delivery, DeliveryState } from '../../wire/types';

export const SILENT_AFTER_MS = 5000;

export type Shown = 'silent' | 'refused' | 'queued' | 'received' | 'lit' | 'cleared';
export const SHOWN: Shown[] = ['silent', 'refused', 'queued', 'received', 'lit', 'cleared'];

/** A delivery is silent when no receipt has come SILENT_AFTER_MS after it was queued. */
export function shownState(delivery: Delivery, nowMs: number): Shown {
  const waiting = delivery.state === 'queued' || delivery.state === 'sent';
  if (!waiting) return delivery.state as Exclude<DeliveryState, 'queued' | 'sent'>;
  return nowMs - Date.parse(delivery.queued_at) >= SILENT_AFTER_MS ? 'silent' : 'queued';
}

export type Tally = Record<Shown, number>;

export function tally(deliveries: Delivery[], nowMs: number): Tally {
  const count: Tally = { silent: 0, refused: 0, queued: 0, received: 0, lit: 0, cleared: 0 };
  for (const delivery of deliveries) count[shownState(delivery, nowMs)]++;
  return count;
}

/** The same from the counts that lists carry; `queued` there holds the silent ones too. */
export function tallyOf(counts: Counts): Tally {
  const { silent, refused, received, lit, cleared, targets } = counts;
  const waiting = Math.max(0, targets - refused - received - lit - cleared);
  return { silent, refused, queued: Math.max(0, waiting - silent), received, lit, cleared };
}

export function inOrder(deliveries: Delivery[], nowMs: number): Delivery[] {
  const rank = (delivery: Delivery) => SHOWN.indexOf(shownState(delivery, nowMs));
  return [...deliveries].sort(
    (a, b) => rank(a) - rank(b) || a.device.localeCompare(b.device, 'en', { numeric: true }),
  );
}

/** How it stands, and what to do about it. */
export function verdict(
  alert: Alert,
  count: Tally,
): { words: string; next: string; good: boolean } {
  const all = SHOWN.reduce((sum, state) => sum + count[state], 0);
  const over = alert.state === 'cancelled' || alert.state === 'expired';
  if (all === 0)
    return {
      words: 'This alert reached no sign.',
      next: 'Send a new one to another place.',
      good: false,
    };
  if (count.silent > 0)
    return {
      words: `${count.silent} of ${many(all, 'sign')} ${count.silent === 1 ? 'has' : 'have'} not answered.`,
      next: over
        ? 'They are told again as soon as they answer, and will not light it.'
        : 'The alert is sent again by itself. Look at the last contact: a device that has been away for minutes needs somebody on site.',
      good: false,
    };
  if (count.refused > 0)
    return {
      words: `${count.refused} of ${many(all, 'sign')} refused it.`,
      next: 'The reason stands in the row; correct the alert and send it as a new one.',
      good: false,
    };
  const done = over ? count.cleared : count.lit;
  const word = over ? 'cleared' : 'lit';
  if (done === all)
    return {
      words: all === 1 ? `The sign is ${word}.` : `All ${many(all, 'sign')} are ${word}.`,
      next: '',
      good: true,
    };
  return {
    words: `${done} of ${many(all, 'sign')} ${done === 1 ? 'is' : 'are'} ${word}.`,
    next: '',
    good: true,
  };
}

/** Whether an alert stands now: the clock may be ahead of the server's word. */
export function isStanding(alert: Alert, nowMs: number): boolean {
  return (
    (alert.state === 'active' || alert.state === 'pending') && Date.parse(alert.expire) > nowMs
  );
}
