/**
 * A draft of an alert as the frames that a sign would light (docs/protocols/api.md, film). A frame
 * is one bit a lamp in one colour; each stays lit until the next, and the last until the cycle ends.
 */

/** What control answers. */
export interface FilmAnswer {
  width: number;
  height: number;
  colour: number[];
  cycle_ms: number;
  whole: boolean;
  unknown_letters: number;
  at_ms: number[];
  bits: string;
}

export interface Film extends Omit<FilmAnswer, 'bits'> {
  bits: Uint8Array;
}

/** How long the last frame of a film that was cut off stays. */
const CUT_HOLD_MS = 1500;

/** Throws when the frames are not as many and as large as the answer says. */
export function readFilm(answer: FilmAnswer): Film {
  const letters = atob(answer.bits);
  const bits = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const film = { ...answer, bits };
  if (film.at_ms.length === 0 || bits.length !== film.at_ms.length * frameSize(film))
    throw new Error('the preview has other frames than it says');
  return film;
}

function frameSize(film: Pick<Film, 'width' | 'height'>): number {
  return Math.ceil(film.width / 8) * film.height;
}

/** After how long it begins again. */
export function loopMs(film: Film): number {
  return film.whole ? film.cycle_ms : (film.at_ms[film.at_ms.length - 1] ?? 0) + CUT_HOLD_MS;
}

/** The frame lit `ms` after the beginning. */
export function frameAt(film: Film, ms: number): number {
  let low = 0;
  let high = film.at_ms.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((film.at_ms[middle] ?? 0) <= ms) low = middle;
    else high = middle;
  }
  return low;
}

/** The lamps of one frame as rows of red, green, blue. */
export function lampsOf(film: Film, index: number): Uint8Array {
  const { width, height, colour, bits } = film;
  const row = Math.ceil(width / 8);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const byte = bits[index * frameSize(film) + y * row + (x >> 3)] ?? 0;
      if (byte & (0x80 >> (x & 7))) rgb.set(colour, (y * width + x) * 3);
    }
  return rgb;
}
