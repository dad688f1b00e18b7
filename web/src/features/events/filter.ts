/**
 * What the events screen looks for, as the URL says it. The same filter asks the server and judges
 * each live event, so that a filtered list stays filtered while it lives.
 */
import type { Sighting } from '../../wire/types';

export interface Filter {
  camera: string;
  label: string;
  zone: string;
  device: string;
  /** Length of the window in seconds when it ends now; 0 when `from` and `to` say it. */
  last: number;
  from: number | null;
  to: number | null;
}

export const RANGES: { seconds: number; label: string }[] = [
  { seconds: 900, label: 'Last 15 minutes' },
  { seconds: 3600, label: 'Last hour' },
  { seconds: 6 * 3600, label: 'Last 6 hours' },
  { seconds: 24 * 3600, label: 'Last 24 hours' },
  { seconds: 7 * 24 * 3600, label: 'Last 7 days' },
];
export const LAST_DEFAULT = 3600;

export function readFilter(params: URLSearchParams): Filter {
  const from = instant(params.get('from'));
  const to = instant(params.get('to'));
  const asked = Number(params.get('last') ?? LAST_DEFAULT);
  const last = RANGES.some((range) => range.seconds === asked) ? asked : LAST_DEFAULT;
  const fixed = from !== null && to !== null && from < to;
  return {
    camera: params.get('camera') ?? '',
    label: params.get('label') ?? '',
    zone: params.get('zone') ?? '',
    device: params.get('device') ?? '',
    last: fixed ? 0 : last,
    from: fixed ? from : null,
    to: fixed ? to : null,
  };
}

function instant(text: string | null): number | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : ms;
}

export interface TimeWindow {
  from: number;
  to: number;
}

/** The window of the filter, in milliseconds. */
export function windowOf(filter: Filter, now: number): TimeWindow {
  if (filter.from !== null && filter.to !== null) return { from: filter.from, to: filter.to };
  return { from: now - filter.last * 1000, to: now };
}

/** The parameters of GET /api/events. An open window has no `to`: what comes now belongs to it. */
export function queryOf(filter: Filter, now: number, limit: number): URLSearchParams {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const name of ['camera', 'label', 'zone', 'device'] as const)
    if (filter[name]) query.set(name, filter[name]);
  const { from, to } = windowOf(filter, now);
  query.set('from', new Date(from).toISOString());
  if (filter.to !== null) query.set('to', new Date(to).toISOString());
  return query;
}

export function matches(filter: Filter, sighting: Sighting): boolean {
  for (const name of ['camera', 'label', 'zone', 'device'] as const)
    if (filter[name] && sighting[name] !== filter[name]) return false;
  const started = Date.parse(sighting.started_at);
  if (filter.from !== null && started < filter.from) return false;
  return filter.to === null || started <= filter.to;
}
