/**
 * Incident cells: points in the middle of a square of the map's quadtree, each with what was counted
 * there in one closed period (docs/protocols/map.md). Months are of all categories together,
 * quarters by category; cells of one period and category never overlap.
 */
import type { Bounds } from './archive';

export const ALL = 'all';

/** What is shown: a category and a period, "2026-03" or "2026-Q1". */
export interface CellChoice {
  category: string;
  period: string;
}

/** The least count of each class; counts are rounded to fives and never below five. */
export const CLASSES = [5, 10, 20, 40] as const;

/** "5", "10 to 19", "40 and more". */
export function classWords(at: number): string {
  const least = CLASSES[at] ?? 0;
  const next = CLASSES[at + 1];
  return next === undefined ? `${least} and more` : `${least} to ${next - 1}`;
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** "March 2026", "January to March 2026"; as it is for anything else. */
export function periodWords(period: string): string {
  const month = /^(\d{4})-(\d{2})$/.exec(period);
  if (month) return `${MONTHS[Number(month[2]) - 1] ?? month[2] ?? ''} ${month[1] ?? ''}`;
  const quarter = /^(\d{4})-Q([1-4])$/.exec(period);
  if (!quarter) return period;
  const first = (Number(quarter[2]) - 1) * 3;
  return `${MONTHS[first] ?? ''} to ${MONTHS[first + 2] ?? ''} ${quarter[1] ?? ''}`;
}

/** "traffic_accident" is written "traffic accident". */
export function categoryWords(category: string): string {
  return category === ALL ? 'all categories' : category.replaceAll('_', ' ');
}

/** One cell, by its middle. */
export interface Cell extends CellChoice {
  count: number;
  zoom: number;
  longitude: number;
  latitude: number;
}

/** The square of a cell: west, south, east, north. */
export function cellSquare({ zoom, longitude, latitude }: Cell): Bounds {
  const cells = 2 ** zoom;
  const x = Math.floor(((longitude + 180) / 360) * cells);
  const angle = (latitude * Math.PI) / 180;
  const y = Math.floor(((1 - Math.asinh(Math.tan(angle)) / Math.PI) / 2) * cells);
  const north = (row: number) =>
    (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / cells))) * 180) / Math.PI;
  return [(x / cells) * 360 - 180, north(y + 1), ((x + 1) / cells) * 360 - 180, north(y)];
}

/** How wide a cell of that zoom is at a latitude, in metres. */
export function cellMetres(zoom: number, latitude: number): number {
  return (40_075_017 * Math.cos((latitude * Math.PI) / 180)) / 2 ** zoom;
}

/** Periods by category, the newest first, as far as they have been seen on the map. */
export type Seen = Record<string, string[]>;

export function withSeen(
  seen: Seen,
  found: { properties: Record<string, unknown> | null }[],
): Seen {
  const more = new Map(Object.entries(seen).map(([name, periods]) => [name, new Set(periods)]));
  let grown = false;
  for (const { properties } of found) {
    const { category, period } = properties ?? {};
    if (typeof category !== 'string' || typeof period !== 'string') continue;
    const periods = more.get(category) ?? new Set<string>();
    more.set(category, periods);
    grown ||= !periods.has(period);
    periods.add(period);
  }
  if (!grown) return seen;
  return Object.fromEntries(
    [...more].map(([name, periods]) => [name, [...periods].sort().reverse()]),
  );
}

/** What is shown for a wish: the wished period where the category has it, else its newest. */
export function choiceOf(seen: Seen, category: string, period: string): CellChoice | null {
  if (category === 'none') return null;
  const first = category || (ALL in seen ? ALL : (Object.keys(seen).sort()[0] ?? ALL));
  const periods = seen[first] ?? [];
  const shown = periods.includes(period) ? period : (periods[0] ?? period);
  return { category: first, period: shown };
}
