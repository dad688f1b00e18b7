import { describe, expect, it } from 'vitest';
import * as words from './words';

describe('ages and lengths', () => {
  it.each([
    [-90, 'in 1 min'],
    [-0.5, 'now'],
    [0.4, 'now'],
    [12.9, '12 s ago'],
    [59.9, '59 s ago'],
    [60, '1 min ago'],
    [3599, '59 min ago'],
    [3 * 3600, '3 h ago'],
    [47 * 3600, '47 h ago'],
    [48 * 3600, '2 days ago'],
  ])('%d s is "%s"', (seconds, said) => expect(words.ago(seconds)).toBe(said));

  it.each([
    [1, '1 second'],
    [60, '1 minute'],
    [1800, '30 minutes'],
    [3600, '1 hour'],
    [5400, '1 hour 30 minutes'],
    [86400, '24 hours'],
    [3 * 86400, '3 days'],
  ])('says %d s as "%s"', (seconds, said) => expect(words.spoken(seconds)).toBe(said));

  it.each([
    [3.44, '3.4 s'],
    [48.2, '48 s'],
    [125, '2 min 05 s'],
  ])('%d s lasted "%s"', (seconds, said) => expect(words.lasted(seconds)).toBe(said));

  it('measures between two instants', () => {
    const from = '2026-11-22T08:00:00.000Z';
    expect(words.latency(from, '2026-11-22T08:00:00.084Z')).toBe('84 ms');
    expect(words.latency(from, '2026-11-22T08:00:01.240Z')).toBe('1.2 s');
    expect(words.latency(from, '2026-11-22T08:03:01Z')).toBe('3 min');
    expect(words.latency(from, '2026-11-22T07:59:59Z')).toBe('0 ms');
    expect(words.latency(from, 'never')).toBe('');
  });
});

describe('amounts', () => {
  it('counts one and many', () => {
    expect(words.many(1, 'sign')).toBe('1 sign');
    expect(words.many(1200, 'sign')).toBe('1,200 signs');
    expect(words.many(2, 'person', 'people')).toBe('2 people');
  });
  it.each([
    [999, '999 B'],
    [1000, '1.0 kB'],
    [812_345, '812 kB'],
    [999_900, '1.0 MB'],
    [123_456_789, '123 MB'],
    [9.9e15, '9900 TB'],
  ])('%d bytes are "%s"', (bytes, said) => expect(words.size(bytes)).toBe(said));
  it('lists words', () => {
    expect(words.listed([])).toBe('');
    expect(words.listed(['north'])).toBe('north');
    expect(words.listed(['a', 'b', 'c'])).toBe('a, b and c');
  });
});

describe('local time', () => {
  const date = new Date(2026, 10, 22, 14, 2, 3, 7);
  it('shows the day only when it is not today', () => {
    expect(words.moment(date, new Date(2026, 10, 22, 23))).toBe('14:02:03');
    expect(words.moment(date, new Date(2026, 10, 23, 1))).toBe('2026-11-22 14:02:03');
  });
  it('has an exact form with milliseconds and zone', () => {
    expect(words.exact(date)).toMatch(/^2026-11-22 14:02:03\.007 UTC([+-]\d+(:\d\d)?)?$/);
  });
  it('names half-hour zones', () => {
    const india = { getTimezoneOffset: () => -330 } as Date;
    const west = { getTimezoneOffset: () => 480 } as Date;
    expect(words.zoneOffset(india)).toBe('UTC+5:30');
    expect(words.zoneOffset(west)).toBe('UTC-8');
  });
});
