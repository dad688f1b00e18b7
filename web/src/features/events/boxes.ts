/**
 * Which boxes belong over the video at a moment of it.
 *
 * A device looks a few times a second, under load every few seconds, and tells boxes without names.
 * Boxes that follow each other closely in time and place are taken for one walker, and between two
 * looks at a walker the box moves straight from one to the other.
 */
import type { Box } from '../../wire/types';

/** Looks at one walker, in the order of time. */
export type Walk = Box[];

/** Longer than this between two looks, and nobody knows whether it is the same person. */
const GAP_S = 3;
/** A walker's centre moves at most this far: parts of the frame, at once and per second. */
const REACH = 0.04;
const REACH_PER_S = 0.1;
/** How long a box stays when no look follows it. */
const HOLD_S = 0.5;

/** `boxes` in the order of their time. */
export function walksOf(boxes: Box[]): Walk[] {
  const walks: Walk[] = [];
  for (const box of boxes) {
    const walk = nearest(walks, box);
    if (walk) walk.push(box);
    else walks.push([box]);
  }
  return walks;
}

function nearest(walks: Walk[], box: Box): Walk | null {
  let best: Walk | null = null;
  let least = Infinity;
  for (const walk of walks) {
    const last = walk[walk.length - 1];
    if (!last) continue;
    const gap = box[0] - last[0];
    if (gap <= 0 || gap > GAP_S) continue;
    const far = distance(last, box);
    if (far > REACH + REACH_PER_S * gap || far >= least) continue;
    best = walk;
    least = far;
  }
  return best;
}

function distance(one: Box, other: Box): number {
  const dx = one[1] + one[3] / 2 - (other[1] + other[3] / 2);
  const dy = one[2] + one[4] / 2 - (other[2] + other[4] / 2);
  return Math.hypot(dx, dy);
}

/** One box for every walker who is there at `at`, in seconds since the event's start. */
export function boxesAt(walks: Walk[], at: number): Box[] {
  return walks.map((walk) => boxAt(walk, at)).filter((box) => box !== null);
}

function boxAt(walk: Walk, at: number): Box | null {
  const next = walk.findIndex((box) => box[0] > at);
  const after = walk[next];
  const before = next < 0 ? walk[walk.length - 1] : walk[next - 1];
  if (!before) return null;
  if (!after) return at - before[0] <= HOLD_S ? before : null;
  const part = (at - before[0]) / (after[0] - before[0]);
  const mix = (index: 1 | 2 | 3 | 4) => before[index] + (after[index] - before[index]) * part;
  return [at, mix(1), mix(2), mix(3), mix(4)];
}
