import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import { PMTiles } from 'pmtiles';
import { PbfWriter } from 'pbf';
import { describe, expect, it } from 'vitest';
import { contrast, DARK } from '../../theme/palette';
import { releaseFrom, type SiteMap } from '../../wire/map';
import { EMPTY_TOWN } from '../../wire/town';
import type { Alert, Device } from '../../wire/types';
import type { Archive } from './archive';
import {
  categoryWords,
  cellMetres,
  cellSquare,
  choiceOf,
  CLASSES,
  classWords,
  periodWords,
  withSeen,
} from './cells';
import { MAP_DARK, MAP_LIGHT } from './colours';
import { indexZoom, namesOf, search, type Found } from './find';
import { addMiddles, middleOf } from './labels';
import { countTiles, overlap, tilesOf } from './region';
import { around, boundsOf, outline, placedDevices, zoneFeatures } from './site-layers';
import { styleOf } from './style';

const ARCHIVE: Archive = {
  release: { archive: 'https://maps.test/town-1.pmtiles', published_at: '', bytes: 0 },
  tiles: new PMTiles('https://maps.test/town-1.pmtiles'),
  bounds: [76.231, 9.926, 76.3225, 10.0125],
  minzoom: 0,
  maxzoom: 14,
  layers: ['wards', 'areas', 'streets', 'places', 'incidents', 'hydrants'],
  name: '',
  attribution: '',
};
const NOTHING = outline(null);

describe('the style', () => {
  const parts = { archive: ARCHIVE, zones: NOTHING, labels: NOTHING, kept: NOTHING };
  it.each([
    ['dark', MAP_DARK],
    ['light', MAP_LIGHT],
  ])('is valid in the %s', (_name, colours) => {
    const cells = { category: 'all', period: '2026-03' };
    const style = styleOf({ ...parts, colours, cells, picked: NOTHING });
    expect(validateStyleMin(style)).toEqual([]);
    expect(style.glyphs).toBeUndefined();
    expect(style.sprite).toBeUndefined();
  });
  it('draws a layer that it does not know, and no incidents when none are wanted', () => {
    const style = styleOf({ ...parts, colours: MAP_DARK, cells: null, picked: NOTHING });
    const drawn = style.layers.map((layer) =>
      'source-layer' in layer ? layer['source-layer'] : '',
    );
    expect(drawn).toContain('hydrants');
    expect(drawn).not.toContain('incidents');
  });
});

describe.each([
  ['dark', MAP_DARK],
  ['light', MAP_LIGHT],
])('the %s colours of the map', (_name, colours) => {
  it('have readable words (AA, 4.5:1)', () => {
    for (const words of [colours.words, colours.placeWords, colours.waterWords])
      expect(contrast(words, colours.halo)).toBeGreaterThanOrEqual(4.5);
    colours.cells.forEach((cell, at) =>
      expect(contrast(colours.cellWords[at]!, cell)).toBeGreaterThanOrEqual(4.5),
    );
  });
  it('tell marks from the ground (AA, 3:1)', () => {
    expect(contrast(colours.cellEdge, colours.land)).toBeGreaterThanOrEqual(3);
    expect(contrast(colours.zone, colours.land)).toBeGreaterThanOrEqual(3);
  });
});

describe('cells', () => {
  it('are told in words', () => {
    expect(CLASSES.map((_, at) => classWords(at))).toEqual([
      '5 to 9',
      '10 to 19',
      '20 to 39',
      '40 and more',
    ]);
    expect(periodWords('2026-03')).toBe('March 2026');
    expect(periodWords('2026-Q4')).toBe('October to December 2026');
    expect(periodWords('whenever')).toBe('whenever');
    expect(categoryWords('all')).toBe('all categories');
    expect(categoryWords('traffic_accident')).toBe('traffic accident');
  });
  it('are squares of the quadtree', () => {
    const cell = { category: 'all', period: '2026-03', count: 5, longitude: 76.28, latitude: 9.97 };
    const [west, south, east, north] = cellSquare({ ...cell, zoom: 17 });
    expect(west).toBeLessThanOrEqual(76.28);
    expect(east).toBeGreaterThan(76.28);
    expect(south).toBeLessThanOrEqual(9.97);
    expect(north).toBeGreaterThan(9.97);
    expect(east - west).toBeCloseTo(360 / 2 ** 17, 9);
    expect(cellMetres(17, 9.97)).toBeCloseTo(301, 0);
  });
  const found = [
    { properties: { category: 'all', period: '2026-03' } },
    { properties: { category: 'all', period: '2026-10' } },
    { properties: { category: 'theft', period: '2026-Q2' } },
    { properties: { name: 'no cell' } },
    { properties: null },
  ];
  const seen = withSeen({}, found);
  it('are known by category and period, the newest first', () => {
    expect(seen).toEqual({ all: ['2026-10', '2026-03'], theft: ['2026-Q2'] });
    expect(withSeen(seen, found)).toBe(seen);
  });
  it('are chosen by wish, else the newest of all', () => {
    expect(choiceOf(seen, '', '')).toEqual({ category: 'all', period: '2026-10' });
    expect(choiceOf(seen, 'all', '2026-03')).toEqual({ category: 'all', period: '2026-03' });
    expect(choiceOf(seen, 'theft', '2026-03')).toEqual({ category: 'theft', period: '2026-Q2' });
    expect(choiceOf(seen, 'none', '')).toBeNull();
    expect(choiceOf({}, 'theft', '2026-Q1')).toEqual({ category: 'theft', period: '2026-Q1' });
  });
});

describe('a region', () => {
  it('has the tiles that touch it', () => {
    expect(countTiles(ARCHIVE.bounds, 0, 0)).toBe(1);
    const tiles = tilesOf(ARCHIVE.bounds, 12, 12);
    expect(tiles).toHaveLength(countTiles(ARCHIVE.bounds, 12, 12));
    expect(tiles).toContainEqual([12, 2915, 1934]);
    expect(countTiles([-180, -90, 180, 90], 3, 3)).toBe(64);
  });
  it('is what view and archive share', () => {
    expect(overlap([0, 0, 2, 2], [1, 1, 3, 3])).toEqual([1, 1, 2, 2]);
    expect(overlap([0, 0, 1, 1], [2, 2, 3, 3])).toBeNull();
  });
});

/** One tile: a layer `name` with features of commands and properties, as MVT 2.1 says. */
function tileOf(
  name: string,
  features: { kind: number; commands: number[]; properties: Record<string, string> }[],
): ArrayBuffer {
  const keys = [...new Set(features.flatMap(({ properties }) => Object.keys(properties)))];
  const values = [...new Set(features.flatMap(({ properties }) => Object.values(properties)))];
  const writer = new PbfWriter();
  writer.writeMessage(
    3,
    (_, layer) => {
      layer.writeVarintField(15, 2);
      layer.writeStringField(1, name);
      for (const { kind, commands, properties } of features)
        layer.writeMessage(
          2,
          (_each, feature) => {
            const tags = Object.entries(properties).flatMap(([key, value]) => [
              keys.indexOf(key),
              values.indexOf(value),
            ]);
            feature.writePackedVarint(2, tags);
            feature.writeVarintField(3, kind);
            feature.writePackedVarint(4, commands);
          },
          null,
        );
      keys.forEach((key) => layer.writeStringField(3, key));
      values.forEach((value) =>
        layer.writeMessage(4, (_each, part) => part.writeStringField(1, value), null),
      );
      layer.writeVarintField(5, 4096);
    },
    null,
  );
  const bytes = writer.finish();
  return bytes.slice().buffer;
}

const zigzag = (value: number) => (value << 1) ^ (value >> 31);
const point = (x: number, y: number) => [9, zigzag(x), zigzag(y)];
/** A square with its first corner at x, y. */
const square = (x: number, y: number, side: number) => [
  ...point(x, y),
  26,
  ...[side, 0, 0, side, -side, 0].map(zigzag),
  15,
];

describe('search', () => {
  const found = new Map<string, Found>();
  const places = [
    { kind: 1, commands: point(2048, 2048), properties: { name: 'Town Hall', kind: 'town_hall' } },
    { kind: 1, commands: point(0, 0), properties: { name: 'Hall of Records', kind: 'archive' } },
    { kind: 1, commands: point(1, 1), properties: { name: 'Café Marshall', kind: 'market' } },
  ];
  namesOf(tileOf('places', places), [0, 0, 0], found);
  namesOf(tileOf('places', places), [1, 0, 0], found);
  const index = [...found.values()];

  it('reads each name once, with its place', () => {
    expect(index.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
      'Town Hall: town hall',
      'Hall of Records: archive',
      'Café Marshall: market',
    ]);
    expect(index[0]?.at[0]).toBeCloseTo(0, 6);
    expect(index[0]?.at[1]).toBeCloseTo(0, 6);
  });
  it('puts what begins so first, and does not mind marks or capitals', () => {
    expect(search(index, 'hall').map(({ name }) => name)).toEqual([
      'Hall of Records',
      'Town Hall',
      'Café Marshall',
    ]);
    expect(search(index, 'CAFE')[0]?.name).toBe('Café Marshall');
    expect(search(index, '  ')).toEqual([]);
    expect(search(index, 'quay')).toEqual([]);
  });
  it('reads few tiles, however large the map', () => {
    expect(indexZoom(ARCHIVE)).toBe(13);
    expect(indexZoom({ ...ARCHIVE, bounds: [70, 8, 90, 30] })).toBe(5);
  });
});

describe('the name of a ward', () => {
  it('stands once, in the middle of its pieces', () => {
    const middles = new Map<
      string,
      { layer: string; name: string; area: number; x: number; y: number }
    >();
    const ward = { kind: 3, properties: { name: 'Harbour' } };
    addMiddles(tileOf('wards', [{ ...ward, commands: square(3096, 0, 1000) }]), [1, 0, 0], middles);
    addMiddles(tileOf('wards', [{ ...ward, commands: square(0, 0, 1000) }]), [1, 1, 0], middles);
    const park = { kind: 3, commands: square(0, 0, 10), properties: { name: 'P', kind: 'park' } };
    addMiddles(tileOf('areas', [park]), [1, 1, 0], middles);
    const [middle] = [...middles.values()];
    expect(middles.size).toBe(1);
    expect(middle!.x / middle!.area).toBeCloseTo(4096 / 8192, 9);
    expect(middle!.y / middle!.area).toBeCloseTo(500 / 8192, 9);
  });
  it('is in no middle of nothing', () => {
    expect(middleOf([])).toEqual({ area: 0, x: 0, y: 0 });
  });
});

function device(name: string, zone: string, sign = true): Device {
  return {
    name,
    kind: 'edge',
    zone,
    state: 'online',
    last_contact: null,
    version: null,
    sign: sign ? { width: 64, height: 32 } : null,
    cameras: [],
    telemetry: null,
    certificate: null,
  };
}

function alert(id: string, tier: Alert['tier'], targets: Partial<Alert['targets']>): Alert {
  return {
    id,
    tier,
    targets: { zones: [], devices: [], broadcast: false, ...targets },
  } as unknown as Alert;
}

describe('the site on the map', () => {
  const site: SiteMap = {
    url: null,
    exact: false,
    zones: [
      {
        name: 'north',
        area: [
          [1, 1],
          [3, 1],
          [3, 2],
          [1, 1],
        ],
      },
    ],
    devices: [
      { name: 'n-1', longitude: 2, latitude: 1 },
      { name: 's-1', longitude: 9, latitude: 9 },
      { name: 'gone', longitude: 0, latitude: 0 },
    ],
  };
  const devices = [device('n-1', 'north'), device('s-1', 'south'), device('gw', 'north', false)];
  const town = { ...EMPTY_TOWN, devices };

  it('lights a zone with the gravest of its alerts', () => {
    const alerts = [
      alert('a', 'advisory', { zones: ['north'] }),
      alert('b', 'warning', { broadcast: true }),
    ];
    const lit = zoneFeatures(site, alerts, DARK.tier).features[0]?.properties;
    expect(lit).toEqual({ name: 'north', alert: 'b', tier: 'warning', colour: DARK.tier.warning });
    const one = zoneFeatures(site, [alert('c', 'warning', { devices: ['n-1'] })], DARK.tier);
    expect(one.features[0]?.properties).toEqual({ name: 'north' });
  });
  it('shows the devices that have a place and exist', () => {
    const placed = placedDevices(site, town, [alert('c', 'warning', { devices: ['n-1'] })]);
    expect(placed.map(({ device: { name }, alert: lit }) => [name, lit?.id])).toEqual([
      ['n-1', 'c'],
      ['s-1', undefined],
    ]);
  });
  it('knows where an alert is', () => {
    expect(boundsOf(alert('a', 'warning', { zones: ['north'] }), site, devices)).toEqual([
      1, 1, 3, 2,
    ]);
    expect(boundsOf(alert('b', 'warning', { broadcast: true }), site, devices)).toEqual([
      1, 1, 9, 9,
    ]);
    expect(boundsOf(alert('c', 'warning', { zones: ['west'] }), site, devices)).toBeNull();
    expect(around([])).toBeNull();
  });
});

describe('current.json', () => {
  const place = new URL('https://maps.test/town/current.json');
  it('names the archive beside it', () => {
    const told = { format: 1, archive: 'town-ab12.pmtiles', size: 7, published_at: 'then' };
    expect(releaseFrom(told, place)).toEqual({
      archive: 'https://maps.test/town/town-ab12.pmtiles',
      published_at: 'then',
      bytes: 7,
    });
  });
  it.each([[null], [{}], [{ archive: 7 }], [{ archive: 'https://evil.test/x.pmtiles' }], [[]]])(
    'is refused as %j',
    (told) => expect(() => releaseFrom(told, place)).toThrow('cannot be read'),
  );
  it('leads to no other folder', () => {
    for (const archive of ['../x.pmtiles', '/x.pmtiles', '//h/x.pmtiles', 'x.pmtiles?y', 'x.txt'])
      expect(() => releaseFrom({ archive }, place)).toThrow('names no archive');
  });
});
