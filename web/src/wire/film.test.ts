import { describe, expect, it } from 'vitest';
import { frameAt, lampsOf, loopMs, readFilm, type FilmAnswer } from './film';

/** Three frames of 12 x 2 lamps: the leftmost, the last of the first row, and none. */
const bytes = [0x80, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0];
const answer: FilmAnswer = {
  width: 12,
  height: 2,
  colour: [0, 200, 220],
  cycle_ms: 4000,
  whole: true,
  unknown_letters: 0,
  at_ms: [0, 1200, 1240],
  bits: btoa(String.fromCharCode(...bytes)),
};

describe('a film', () => {
  const film = readFilm(answer);

  it('lights each frame from its time until the next', () => {
    expect([0, 1199, 1200, 1239, 1240, 3999].map((ms) => frameAt(film, ms))).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
  });

  it('has one colour for every lit lamp', () => {
    const first = lampsOf(film, 0);
    expect([...first.slice(0, 6)]).toEqual([0, 200, 220, 0, 0, 0]);
    const second = lampsOf(film, 1);
    expect([...second.slice(33, 36)]).toEqual([0, 200, 220]);
    expect(second.filter((part) => part > 0)).toHaveLength(2);
    expect(lampsOf(film, 2).every((part) => part === 0)).toBe(true);
  });

  it('begins again with its cycle, or soon after where it was cut off', () => {
    expect(loopMs(film)).toBe(4000);
    expect(loopMs({ ...film, whole: false })).toBe(2740);
  });

  it('is refused when its frames are not as large as it says', () => {
    expect(() => readFilm({ ...answer, at_ms: [0, 1200] })).toThrow('frames');
    expect(() => readFilm({ ...answer, at_ms: [], bits: '' })).toThrow('frames');
    expect(() => readFilm({ ...answer, height: 3 })).toThrow('frames');
  });
});
