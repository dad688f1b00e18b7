/**
 * Search by name. The index is read from the archive when somebody first searches: the tiles of the
 * finest zoom at which the whole map is at most INDEX_TILES_MAX tiles, so a small town is found
 * street by street, and a whole state by its larger places.
 */
import { VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';
import type { Archive } from './archive';
import { countTiles, tilesOf } from './region';

export interface Found {
  name: string;
  /** What it is, in words. */
  kind: string;
  at: [longitude: number, latitude: number];
}

export const INDEX_TILES_MAX = 24;
const FOUND_MAX = 8;

/** The order in which equally good names are shown. */
const LAYERS = ['places', 'wards', 'areas', 'streets'];

export function indexZoom({ bounds, minzoom, maxzoom }: Archive): number {
  let zoom = minzoom;
  while (zoom < maxzoom && countTiles(bounds, zoom + 1, zoom + 1) <= INDEX_TILES_MAX) zoom++;
  return zoom;
}

export async function readIndex(archive: Archive, signal: AbortSignal): Promise<Found[]> {
  const zoom = indexZoom(archive);
  const found = new Map<string, Found>();
  for (const [z, x, y] of tilesOf(archive.bounds, zoom, zoom)) {
    const tile = await archive.tiles.getZxy(z, x, y, signal);
    if (tile) namesOf(tile.data, [z, x, y], found);
  }
  return [...found.values()];
}

/** Adds every named thing of one tile; a street that many tiles cut is one thing. */
export function namesOf(
  data: ArrayBuffer,
  [z, x, y]: [number, number, number],
  found: Map<string, Found>,
): void {
  const tile = new VectorTile(new PbfReader(data));
  for (const name of LAYERS) {
    const layer = tile.layers[name];
    for (let at = 0; layer && at < layer.length; at++) {
      const feature = layer.feature(at);
      const { name: title, kind } = feature.properties;
      if (typeof title !== 'string' || title === '') continue;
      const key = `${name}/${title}`;
      if (found.has(key)) continue;
      const [west, north, east, south] = feature.bbox() as [number, number, number, number];
      const scale = layer.extent * 2 ** z;
      const place: [number, number] = [
        (x * layer.extent + (west + east) / 2) / scale,
        (y * layer.extent + (north + south) / 2) / scale,
      ];
      found.set(key, { name: title, kind: kindWords(name, kind), at: degrees(place) });
    }
  }
}

function kindWords(layer: string, kind: unknown): string {
  if (layer === 'wards') return 'ward';
  if (layer === 'streets') return 'street';
  return typeof kind === 'string' ? kind.replaceAll('_', ' ') : 'place';
}

/** From parts of the whole map, left and down, to degrees. */
export function degrees([x, y]: [number, number]): [number, number] {
  const latitude = (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
  return [x * 360 - 180, latitude];
}

function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLocaleLowerCase();
}

/** The best names for what was typed: those that begin so, then those with a word that does. */
export function search(index: Found[], typed: string): Found[] {
  const wanted = plain(typed.trim());
  if (wanted === '') return [];
  const ranked: [number, Found][] = [];
  for (const found of index) {
    const name = plain(found.name);
    const rank = name.startsWith(wanted) ? 0 : name.includes(` ${wanted}`) ? 1 : 2;
    if (rank < 2 || name.includes(wanted)) ranked.push([rank, found]);
  }
  ranked.sort(([a, one], [b, other]) => a - b || one.name.length - other.name.length);
  return ranked.slice(0, FOUND_MAX).map(([, found]) => found);
}
