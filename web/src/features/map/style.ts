/**
 * The archive as a MapLibre style. Layers that every town has are drawn as what they are, by their
 * names (wards, areas, streets, places, incidents); any other layer is drawn plainly, so that no
 * archive shows an empty map. Words are drawn with the fonts of this computer: nothing is fetched.
 */
import type {
  ExpressionSpecification,
  FilterSpecification,
  GeoJSONSourceSpecification,
  LayerSpecification,
  StyleSpecification,
} from 'maplibre-gl';
import { tilePattern, type Archive } from './archive';
import { CLASSES, type CellChoice } from './cells';
import type { MapColours } from './colours';

const FONTS = ['system-ui', 'Noto Sans', 'Liberation Sans', 'DejaVu Sans', 'sans-serif'];
const KNOWN = ['wards', 'areas', 'streets', 'places', 'incidents'];
export const CELL_LAYER = 'cells';
export const EXACT_LAYER = 'exact';

export interface StyleParts {
  archive: Archive;
  /** The exact one, for those who may see it, while they want to. */
  exact?: Archive | null;
  colours: MapColours;
  cells: CellChoice | null;
  /** The zones of the site, with `colour` and `alert` for those that one lights. */
  zones: GeoJSONSourceSpecification['data'];
  /** Where wards and waters are named. */
  labels: GeoJSONSourceSpecification['data'];
  /** What this device keeps, as an outline. */
  kept: GeoJSONSourceSpecification['data'];
  /** The cell that was chosen, as the square that it is. */
  picked: GeoJSONSourceSpecification['data'];
}

export function styleOf(parts: StyleParts): StyleSpecification {
  const { archive, colours, zones, labels, kept, picked } = parts;
  return {
    version: 8,
    sources: {
      town: {
        type: 'vector',
        tiles: [tilePattern(archive)],
        minzoom: archive.minzoom,
        maxzoom: archive.maxzoom,
        bounds: archive.bounds,
      },
      zones: { type: 'geojson', data: zones },
      labels: { type: 'geojson', data: labels },
      ...exactSource(parts),
      kept: { type: 'geojson', data: kept },
      picked: { type: 'geojson', data: picked },
    },
    layers: [
      { id: 'land', type: 'background', paint: { 'background-color': colours.land } },
      ...otherLayers(parts),
      ...groundLayers(parts),
      ...zoneLayers(colours),
      {
        id: 'picked',
        type: 'line',
        source: 'picked',
        paint: { 'line-color': colours.placeWords, 'line-width': 2 },
      },
      ...cellLayers(parts),
      ...wordLayers(parts),
      ...cellWords(parts),
      ...exactLayers(parts),
      ...litEdge(colours),
      {
        id: 'kept',
        type: 'line',
        source: 'kept',
        paint: { 'line-color': colours.words, 'line-dasharray': [4, 3], 'line-width': 1.5 },
      },
    ],
  };
}

type Part = LayerSpecification;

function has(archive: Archive, layer: string): boolean {
  return archive.layers.includes(layer);
}

function from(layer: string): { source: string; 'source-layer': string } {
  return { source: 'town', 'source-layer': layer };
}

/** Layers that are not ours by name. */
function otherLayers({ archive, colours }: StyleParts): Part[] {
  return archive.layers
    .filter((layer) => !KNOWN.includes(layer))
    .flatMap((layer): Part[] => [
      {
        id: `other-${layer}`,
        type: 'line',
        ...from(layer),
        filter: ['!=', ['geometry-type'], 'Point'],
        paint: { 'line-color': colours.road, 'line-width': 1 },
      },
      {
        id: `other-${layer}-points`,
        type: 'circle',
        ...from(layer),
        filter: ['==', ['geometry-type'], 'Point'],
        paint: { 'circle-color': colours.words, 'circle-radius': 2.5 },
      },
    ]);
}

function widths(...stops: number[]): ExpressionSpecification {
  return ['interpolate', ['exponential', 1.6], ['zoom'], ...stops] as ExpressionSpecification;
}

function groundLayers({ archive, colours }: StyleParts): Part[] {
  const layers: Part[] = [];
  if (has(archive, 'areas'))
    layers.push({
      id: 'areas',
      type: 'fill',
      ...from('areas'),
      paint: {
        'fill-color': [
          'match',
          ['get', 'kind'],
          'water',
          colours.water,
          'park',
          colours.park,
          colours.other,
        ],
      },
    });
  if (has(archive, 'streets'))
    layers.push(
      street('lanes', 'lane', colours.lane, widths(12, 0.4, 15, 2.5, 18, 10)),
      street('streets', null, colours.street, widths(10, 0.4, 13, 1.2, 15, 4, 18, 16)),
      street('roads', 'road', colours.road, widths(8, 0.6, 11, 1.2, 13, 2.4, 15, 6, 18, 22)),
    );
  if (has(archive, 'wards'))
    layers.push({
      id: 'wards',
      type: 'line',
      ...from('wards'),
      paint: {
        'line-color': colours.ward,
        'line-dasharray': [3, 2],
        'line-width': widths(8, 0.6, 12, 1.2, 16, 2),
      },
    });
  return layers;
}

const ROADS = ['motorway', 'trunk', 'primary', 'secondary'];

function street(
  id: string,
  kind: 'lane' | 'road' | null,
  colour: string,
  width: ExpressionSpecification,
): Part {
  const lane: ExpressionSpecification = ['==', ['get', 'class'], 'lane'];
  const road: ExpressionSpecification = ['in', ['get', 'class'], ['literal', ROADS]];
  const filter: FilterSpecification =
    kind === 'lane' ? lane : kind === 'road' ? road : ['!', ['any', lane, road]];
  return {
    id,
    type: 'line',
    ...from('streets'),
    ...(kind === 'lane' ? { minzoom: 12 } : {}),
    filter,
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': colour, 'line-width': width },
  };
}

/* ---- incidents ---- */

function chosen({ category, period }: CellChoice): FilterSpecification {
  return ['all', ['==', ['get', 'category'], category], ['==', ['get', 'period'], period]];
}

function byClass(values: readonly (string | number)[]): ExpressionSpecification {
  const steps = CLASSES.slice(1).flatMap((least, at) => [least, values[at + 1] ?? '']);
  return ['step', ['get', 'count'], values[0] ?? '', ...steps] as ExpressionSpecification;
}

/**
 * A cell's mark grows with its count, but never beyond the cell: on a far view the marks are dots
 * that touch at most, and the town stays readable between them.
 */
function cellRadius(): ExpressionSpecification {
  const at = (zoom: number): ExpressionSpecification => [
    'min',
    byClass(RADII.map((radius) => radius * MARK_SCALE(zoom))),
    [
      'max',
      2.2,
      ['*', 0.45 * 512 * 2 ** zoom, ['^', 2, ['-', 0, ['coalesce', ['get', 'zoom'], 17]]]],
    ],
  ];
  const stops = [8, 10, 11, 12, 13, 14, 15, 18].flatMap((zoom) => [zoom, at(zoom)]);
  return ['interpolate', ['linear'], ['zoom'], ...stops] as ExpressionSpecification;
}

/** Screen pixels by class of count, from the middle of a town on; the legend shows the same. */
export const RADII = [8, 11, 14, 18] as const;
const MARK_SCALE = (zoom: number) => Math.min(1.25, Math.max(0.4, 1 + (zoom - 14) * 0.12));

function cellLayers({ archive, colours, cells }: StyleParts): Part[] {
  if (!cells || !has(archive, 'incidents')) return [];
  return [
    {
      id: CELL_LAYER,
      type: 'circle',
      ...from('incidents'),
      filter: chosen(cells),
      layout: { 'circle-sort-key': ['get', 'count'] },
      paint: {
        'circle-color': byClass(colours.cells),
        'circle-radius': cellRadius(),
        'circle-stroke-color': colours.cellEdge,
        'circle-stroke-width': 1,
      },
    },
  ];
}

function cellWords({ archive, colours, cells }: StyleParts): Part[] {
  if (!cells || !has(archive, 'incidents')) return [];
  return [
    {
      id: 'cell-words',
      type: 'symbol',
      ...from('incidents'),
      minzoom: 12.5,
      filter: chosen(cells),
      layout: {
        'text-field': ['to-string', ['get', 'count']],
        'text-font': FONTS,
        'text-size': 11,
        'text-padding': 0,
        'text-allow-overlap': true,
        'symbol-sort-key': ['-', 0, ['get', 'count']],
      },
      paint: { 'text-color': byClass(colours.cellWords) },
    },
  ];
}

/* ---- exact incidents ---- */

function exactSource({ exact }: StyleParts): StyleSpecification['sources'] {
  if (!exact) return {};
  return {
    exact: {
      type: 'vector',
      tiles: [tilePattern(exact)],
      minzoom: exact.minzoom,
      maxzoom: exact.maxzoom,
      bounds: exact.bounds,
    },
  };
}

/** Every incident a small ring: many of them darken, none hides another. */
function exactLayers({ exact, colours }: StyleParts): Part[] {
  if (!exact || !has(exact, 'incidents')) return [];
  return [
    {
      id: EXACT_LAYER,
      type: 'circle',
      source: 'exact',
      'source-layer': 'incidents',
      paint: {
        'circle-color': colours.cellEdge,
        'circle-opacity': 0.35,
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 1.2, 13, 2.5, 16, 6],
        'circle-stroke-color': colours.placeWords,
        'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 12, 0, 14, 1],
      },
    },
  ];
}

/* ---- the site ---- */

function zoneLayers(colours: MapColours): Part[] {
  const lit: FilterSpecification = ['has', 'alert'];
  const colour: ExpressionSpecification = ['coalesce', ['get', 'colour'], colours.zone];
  return [
    {
      id: 'zones-lit',
      type: 'fill',
      source: 'zones',
      filter: lit,
      paint: { 'fill-color': colour, 'fill-opacity': 0.2 },
    },
    {
      id: 'zones',
      type: 'line',
      source: 'zones',
      filter: ['!', lit],
      paint: { 'line-color': colour, 'line-width': 1.5, 'line-dasharray': [2, 2] },
    },
  ];
}

/** Where an alert stands is seen through everything else. */
function litEdge(colours: MapColours): Part[] {
  return [
    {
      id: 'zones-lit-edge',
      type: 'line',
      source: 'zones',
      filter: ['has', 'alert'],
      paint: { 'line-color': ['coalesce', ['get', 'colour'], colours.zone], 'line-width': 3 },
    },
  ];
}

/* ---- words ---- */

interface Words {
  id: string;
  layer: string;
  size: number | ExpressionSpecification;
  colour: string;
  minzoom?: number;
  filter?: FilterSpecification;
  layout?: Record<string, unknown>;
}

function words(part: Words, colours: MapColours): Part {
  return {
    id: part.id,
    type: 'symbol',
    ...(part.layer === 'labels' ? { source: 'labels' } : from(part.layer)),
    ...(part.minzoom === undefined ? {} : { minzoom: part.minzoom }),
    ...(part.filter ? { filter: part.filter } : {}),
    layout: {
      'text-field': ['get', 'name'],
      'text-font': FONTS,
      'text-size': part.size,
      'text-max-width': 8,
      ...part.layout,
    },
    paint: {
      'text-color': part.colour,
      'text-halo-color': colours.halo,
      'text-halo-width': 1.6,
    },
  };
}

function wordLayers({ archive, colours }: StyleParts): Part[] {
  const wanted: Words[] = [
    {
      id: 'street-words',
      layer: 'streets',
      size: 11,
      colour: colours.words,
      minzoom: 14,
      layout: { 'symbol-placement': 'line', 'text-max-angle': 30, 'symbol-spacing': 320 },
    },
    {
      id: 'place-words',
      layer: 'places',
      size: 12,
      colour: colours.placeWords,
      minzoom: 12.5,
      layout: { 'text-variable-anchor': ['top', 'bottom', 'left', 'right'] },
    },
    {
      id: 'water-words',
      layer: 'labels',
      size: 12,
      colour: colours.waterWords,
      filter: ['==', ['get', 'layer'], 'areas'],
    },
    {
      id: 'ward-words',
      layer: 'labels',
      size: ['interpolate', ['linear'], ['zoom'], 10, 11, 14, 15],
      colour: colours.words,
      filter: ['==', ['get', 'layer'], 'wards'],
      layout: { 'text-transform': 'uppercase', 'text-letter-spacing': 0.12 },
    },
  ];
  return wanted
    .filter(({ layer }) => layer === 'labels' || has(archive, layer))
    .map((part) => words(part, colours));
}
