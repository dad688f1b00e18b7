import { describe, expect, it } from 'vitest';
import type { Box, Sighting } from '../../wire/types';
import { boxesAt, walksOf } from './boxes';
import { barsPath, densityOf, ticksOf } from './density';
import { matches, queryOf, readFilter, windowOf } from './filter';
import { howLong, whatSeen } from './sighting';

const BASE: Sighting = {
  id: '019a0000-0000-7000-8000-000000000001',
  device: 'edge-1',
  zone: 'north',
  camera: 'gate',
  label: 'person',
  score: 0.87,
  count: 2,
  state: 'end',
  started_at: '2026-11-22T08:10:00Z',
  updated_at: '2026-11-22T08:10:20Z',
  ended_at: '2026-11-22T08:10:20Z',
  duration_s: 20,
  boxes: [],
  zones: [],
  clip: null,
  snapshot: true,
  media_available: true,
  model: 'm',
  received_at: '2026-11-22T08:10:01Z',
};
const NOON = Date.parse('2026-11-22T12:00:00Z');

describe('the filter in the URL', () => {
  it('is the last hour of everything when the URL says nothing', () => {
    const filter = readFilter(new URLSearchParams());
    expect(filter).toMatchObject({ camera: '', label: '', zone: '', last: 3600, from: null });
    expect(windowOf(filter, NOON)).toEqual({ from: NOON - 3_600_000, to: NOON });
    const query = queryOf(filter, NOON, 200);
    expect(query.get('from')).toBe('2026-11-22T11:00:00.000Z');
    expect(query.has('to')).toBe(false);
    expect(query.has('camera')).toBe(false);
  });

  it('asks the server for a fixed window and named things', () => {
    const url = 'camera=gate&zone=north&from=2026-11-22T08:00:00Z&to=2026-11-22T09:00:00Z';
    const query = queryOf(readFilter(new URLSearchParams(url)), NOON, 50);
    expect(query.toString()).toBe(
      'limit=50&camera=gate&zone=north&from=2026-11-22T08%3A00%3A00.000Z&to=2026-11-22T09%3A00%3A00.000Z',
    );
  });

  it('falls back to the default for what no screen can mean', () => {
    expect(readFilter(new URLSearchParams('last=77')).last).toBe(3600);
    const turned = 'from=2026-11-22T09:00:00Z&to=2026-11-22T08:00:00Z';
    expect(readFilter(new URLSearchParams(turned)).from).toBeNull();
    expect(readFilter(new URLSearchParams('from=x&to=y')).to).toBeNull();
  });

  it('judges a live event as the server would', () => {
    expect(matches(readFilter(new URLSearchParams('camera=gate')), BASE)).toBe(true);
    expect(matches(readFilter(new URLSearchParams('camera=yard')), BASE)).toBe(false);
    expect(matches(readFilter(new URLSearchParams('label=car')), BASE)).toBe(false);
    const before = 'from=2026-11-22T07:00:00Z&to=2026-11-22T08:00:00Z';
    expect(matches(readFilter(new URLSearchParams(before)), BASE)).toBe(false);
  });
});

describe('the density of a strip', () => {
  const window = {
    from: Date.parse('2026-11-22T08:00:00Z'),
    to: Date.parse('2026-11-22T09:00:00Z'),
  };
  it('counts an event in each bin that it touches', () => {
    const long = { ...BASE, started_at: '2026-11-22T08:09:00Z', ended_at: '2026-11-22T08:21:00Z' };
    expect(densityOf([BASE, long], window, 6)).toEqual([1, 2, 1, 0, 0, 0]);
  });
  it('keeps inside the window what began before or goes on after it', () => {
    const whole = { ...BASE, started_at: '2026-11-22T07:00:00Z', ended_at: '2026-11-22T10:00:00Z' };
    const past = { ...BASE, started_at: '2026-11-22T06:00:00Z', ended_at: '2026-11-22T07:00:00Z' };
    expect(densityOf([whole, past], window, 3)).toEqual([1, 1, 1]);
  });
  it('draws one bar per bin that is not empty', () => {
    expect(barsPath([0, 1, 2], 2).match(/M/g)).toHaveLength(2);
    expect(barsPath([0, 0], 0)).toBe('');
  });
  it('puts round times on the axis, not too many', () => {
    const ticks = ticksOf(window, 6);
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks.length).toBeGreaterThanOrEqual(4);
    for (const tick of ticks) expect(new Date(tick).getMinutes() % 10).toBe(0);
  });
});

describe('boxes over the video', () => {
  const boxes: Box[] = [
    [0, 0.1, 0.1, 0.1, 0.2],
    [0, 0.5, 0.1, 0.1, 0.2],
    [0.4, 0.12, 0.1, 0.1, 0.2],
    [2.4, 0.22, 0.1, 0.1, 0.2],
    [9, 0.9, 0.1, 0.05, 0.2],
  ];
  const walks = walksOf(boxes);

  it('belong to walkers: near in time and place', () => {
    expect(walks.map((walk) => walk.length)).toEqual([3, 1, 1]);
    expect(walksOf([])).toEqual([]);
  });
  it('two at one time are two walkers, however near', () => {
    const pair: Box[] = [
      [1, 0.3, 0.3, 0.1, 0.2],
      [1, 0.31, 0.3, 0.1, 0.2],
    ];
    expect(walksOf(pair)).toHaveLength(2);
  });
  it('move straight from look to look', () => {
    const [, x, y, width, height] = boxesAt(walks, 1.4)[0]!;
    expect([x, y, width, height].map((part) => part.toFixed(3))).toEqual([
      '0.170',
      '0.100',
      '0.100',
      '0.200',
    ]);
  });
  it('are shown while somebody is there, and no longer', () => {
    expect(boxesAt(walks, -0.2)).toEqual([]);
    expect(boxesAt(walks, 0)).toHaveLength(2);
    expect(boxesAt(walks, 0.7)).toHaveLength(1);
    expect(boxesAt(walks, 5)).toEqual([]);
    expect(boxesAt(walks, 9.5)).toEqual([boxes[4]]);
  });
});

describe('an event in words', () => {
  it('counts people as people', () => {
    expect(whatSeen(BASE)).toBe('2 people');
    expect(whatSeen({ label: 'person', count: 1 })).toBe('1 person');
    expect(whatSeen({ label: 'bicycle', count: 3 })).toBe('3 bicycles');
    expect(whatSeen({ label: 'bus', count: 0 })).toBe('bus');
  });
  it('says how long it lasts while it lasts', () => {
    expect(howLong(BASE, NOON)).toBe('20 s');
    const live = { ...BASE, state: 'update' as const, ended_at: null, duration_s: null };
    expect(howLong(live, Date.parse('2026-11-22T08:10:42Z'))).toBe('42 s');
  });
});
