/** How many events a camera had at each moment of a window: the bars of its timeline strip. */
import type { Sighting } from '../../wire/types';
import type { TimeWindow } from './filter';

/** Counts per bin; an event counts in every bin that it touches. */
export function densityOf(sightings: Sighting[], window: TimeWindow, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const width = (window.to - window.from) / bins;
  for (const sighting of sightings) {
    const start = Date.parse(sighting.started_at);
    const end = Date.parse(sighting.ended_at ?? sighting.updated_at);
    const first = Math.max(0, Math.floor((start - window.from) / width));
    const last = Math.min(bins - 1, Math.floor((Math.max(start, end) - window.from) / width));
    for (let bin = first; bin <= last; bin++) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** The bars as one SVG path in a box of `bins` x 1, each at least a quarter high. */
export function barsPath(counts: number[], most: number): string {
  return counts
    .map((count, bin) => {
      if (count === 0) return '';
      const height = 0.25 + 0.75 * (count / Math.max(1, most));
      return `M${bin + 0.08} 1v${(-height).toFixed(3)}h0.84v${height.toFixed(3)}z`;
    })
    .join('');
}

const MINUTE = 60_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880].map(
  (step) => step * MINUTE,
);

/** Round local times inside the window, at most `most` of them. */
export function ticksOf(window: TimeWindow, most: number): number[] {
  const length = window.to - window.from;
  const step = STEPS.find((each) => length / each <= most) ?? 7 * 1440 * MINUTE;
  const offset = new Date(window.from).getTimezoneOffset() * MINUTE;
  const ticks: number[] = [];
  let tick = Math.ceil((window.from - offset) / step) * step + offset;
  for (; tick <= window.to; tick += step) ticks.push(tick);
  return ticks;
}
