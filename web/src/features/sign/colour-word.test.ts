import { describe, expect, it } from 'vitest';
import { colourWord } from './colour-word';

describe('the word for a colour', () => {
  it.each<[[number, number, number], string]>([
    [[0, 0, 0], 'dark'],
    [[255, 250, 240], 'white'],
    [[0, 220, 255], 'cyan'],
    [[30, 200, 220], 'cyan'],
    [[255, 176, 0], 'amber'],
    [[255, 20, 20], 'red'],
    [[40, 90, 255], 'blue'],
    [[255, 0, 200], 'magenta'],
    [[0, 255, 40], 'green'],
  ])('%j is %s', (colour, word) => expect(colourWord(colour)).toBe(word));
});
