import { describe, expect, it } from 'vitest';
import { toCsv } from './csv';

describe('a table as CSV', () => {
  it('quotes commas, quotes and line ends', () => {
    expect(toCsv(['a', 'b'], [['x,y', 'say "hi"\nnow']])).toBe(
      '\uFEFFa,b\r\n"x,y","say ""hi""\nnow"\r\n',
    );
  });
  it('keeps a formula from running in a spreadsheet, and numbers as they are', () => {
    expect(toCsv(['a', 'b', 'c'], [['=1+1', -5, null]])).toBe("\uFEFFa,b,c\r\n'=1+1,-5,\r\n");
  });
});
