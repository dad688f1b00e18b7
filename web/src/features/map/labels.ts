/**
 * Where the names of large things stand. Tiles cut a ward or a sea into pieces, and each piece would
 * be named again; so the pieces of a few tiles that hold the whole map are put together once.
 */
import { VectorTile, type VectorTileLayer } from '@mapbox/vector-tile';
import type { Feature, FeatureCollection } from 'geojson';
import { PbfReader } from 'pbf';
import type { Archive } from './archive';
import { degrees } from './find';
import { countTiles, tilesOf, type Tile } from './region';

const TILES_MAX = 4;

/** The sums that make a middle: places weighed by the area that they stand for. */
interface Middle {
  layer: string;
  name: string;
  area: number;
  x: number;
  y: number;
}

export async function readLabels(
  archive: Archive,
  signal: AbortSignal,
): Promise<FeatureCollection> {
  let zoom = archive.minzoom;
  while (zoom < archive.maxzoom && countTiles(archive.bounds, zoom + 1, zoom + 1) <= TILES_MAX)
    zoom++;
  const middles = new Map<string, Middle>();
  for (const at of tilesOf(archive.bounds, zoom, zoom)) {
    const tile = await archive.tiles.getZxy(...at, signal);
    if (tile) addMiddles(tile.data, at, middles);
  }
  return { type: 'FeatureCollection', features: [...middles.values()].map(pointOf) };
}

export function addMiddles(data: ArrayBuffer, at: Tile, middles: Map<string, Middle>): void {
  const { wards, areas } = new VectorTile(new PbfReader(data)).layers;
  if (wards) addLayer(wards, at, middles);
  if (areas) addLayer(areas, at, middles);
}

function addLayer(layer: VectorTileLayer, [z, x, y]: Tile, middles: Map<string, Middle>): void {
  const scale = layer.extent * 2 ** z;
  for (let index = 0; index < layer.length; index++) {
    const feature = layer.feature(index);
    const { name, kind } = feature.properties;
    const wanted = layer.name === 'wards' || kind === 'water';
    if (!wanted || typeof name !== 'string') continue;
    const key = `${layer.name}/${name}`;
    const middle = middles.get(key) ?? { layer: layer.name, name, area: 0, x: 0, y: 0 };
    for (const ring of feature.loadGeometry()) {
      const piece = middleOf(ring);
      middle.area += piece.area;
      middle.x += (piece.area * (x * layer.extent + piece.x)) / scale;
      middle.y += (piece.area * (y * layer.extent + piece.y)) / scale;
    }
    if (middle.area > 0) middles.set(key, middle);
  }
}

/** The signed area and the middle of a closed ring; holes count against it. */
export function middleOf(ring: { x: number; y: number }[]): { area: number; x: number; y: number } {
  let area = 0;
  let x = 0;
  let y = 0;
  ring.forEach((from, at) => {
    const to = ring[(at + 1) % ring.length] ?? from;
    const cross = from.x * to.y - to.x * from.y;
    area += cross / 2;
    x += ((from.x + to.x) * cross) / 6;
    y += ((from.y + to.y) * cross) / 6;
  });
  return area === 0 ? { area: 0, x: 0, y: 0 } : { area, x: x / area, y: y / area };
}

function pointOf({ layer, name, area, x, y }: Middle): Feature {
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: degrees([x / area, y / area]) },
    properties: { layer, name },
  };
}
