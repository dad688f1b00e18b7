/** An event in words. ("Event" is a word of the browser; in the code an event is a sighting.) */
import { lasted, many, span } from '../../show/words';
import type { Cell } from '../../show/csv';
import type { Sighting } from '../../wire/types';

const PLURALS: Record<string, string> = { person: 'people', bus: 'buses', sheep: 'sheep' };

/** "2 people", "1 car". */
export function whatSeen({ label, count }: Pick<Sighting, 'label' | 'count'>): string {
  return count < 1 ? label : many(count, label, PLURALS[label] ?? `${label}s`);
}

export function isLive(sighting: Sighting): boolean {
  return sighting.state !== 'end';
}

/** How long it lasted, or has lasted so far. */
export function howLong(sighting: Sighting, nowMs: number): string {
  const started = Date.parse(sighting.started_at);
  if (isLive(sighting)) return span(Math.max(0, (nowMs - started) / 1000));
  const ended = Date.parse(sighting.ended_at ?? sighting.updated_at);
  return lasted(Math.max(0, sighting.duration_s ?? (ended - started) / 1000));
}

export const CSV_HEAD = [
  'id',
  'started_at',
  'ended_at',
  'duration_s',
  'zone',
  'device',
  'camera',
  'label',
  'score',
  'count',
  'state',
  'clip_bytes',
  'model',
];

export function csvRow(sighting: Sighting): Cell[] {
  return [
    sighting.id,
    sighting.started_at,
    sighting.ended_at,
    sighting.duration_s,
    sighting.zone,
    sighting.device,
    sighting.camera,
    sighting.label,
    sighting.score,
    sighting.count,
    sighting.state,
    sighting.clip?.bytes,
    sighting.model,
  ];
}
