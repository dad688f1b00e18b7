/** Which boxes belong over the video at a moment of it. */
import type { Box } from '../../wire/types';

/** How long a look is shown when no newer one follows: looks come several times a second. */
const HOLD_S = 1.0;
/** Boxes of one frame carry one time; the thinning of long visits may leave only some of them. */
const SAME_S = 0.02;

/** `at` in seconds since the event's start. The boxes are in the order of their time. */
export function boxesAt(boxes: Box[], at: number): Box[] {
  let last = -1;
  for (const [index, box] of boxes.entries()) {
    if (box[0] > at) break;
    last = index;
  }
  const newest = boxes[last]?.[0];
  if (newest === undefined || at - newest > HOLD_S) return [];
  let first = last;
  while (first > 0 && newest - (boxes[first - 1]?.[0] ?? -1) < SAME_S) first--;
  return boxes.slice(first, last + 1);
}
