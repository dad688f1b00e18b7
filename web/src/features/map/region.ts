/** Which tiles a piece of ground has, and how they are fetched to be kept. */
import { PMTiles } from 'pmtiles';
import { RangeSource, type Archive, type Bounds } from './archive';
import { dropKept, writeKept, type KeptRegion } from './kept';

/** Beyond these a phone would keep too much, and the server would be asked too often. */
export const TILES_MAX = 1500;
export const BYTES_MAX = 64_000_000;
const AT_ONCE = 6;

export type Tile = [zoom: number, x: number, y: number];

function column(longitude: number, zoom: number): number {
  return Math.floor(((longitude + 180) / 360) * 2 ** zoom);
}

function row(latitude: number, zoom: number): number {
  const most = 85.0511;
  const angle = (Math.max(-most, Math.min(most, latitude)) * Math.PI) / 180;
  return Math.floor(((1 - Math.asinh(Math.tan(angle)) / Math.PI) / 2) * 2 ** zoom);
}

interface Span {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function spanOf([west, south, east, north]: Bounds, zoom: number): Span {
  const last = 2 ** zoom - 1;
  const within = (value: number) => Math.max(0, Math.min(last, value));
  return {
    left: within(column(west, zoom)),
    right: within(column(east, zoom)),
    top: within(row(north, zoom)),
    bottom: within(row(south, zoom)),
  };
}

export function countTiles(bounds: Bounds, minzoom: number, maxzoom: number): number {
  let count = 0;
  for (let zoom = minzoom; zoom <= maxzoom; zoom++) {
    const { left, right, top, bottom } = spanOf(bounds, zoom);
    count += (right - left + 1) * (bottom - top + 1);
  }
  return count;
}

export function tilesOf(bounds: Bounds, minzoom: number, maxzoom: number): Tile[] {
  const tiles: Tile[] = [];
  for (let zoom = minzoom; zoom <= maxzoom; zoom++) {
    const { left, right, top, bottom } = spanOf(bounds, zoom);
    for (let x = left; x <= right; x++)
      for (let y = top; y <= bottom; y++) tiles.push([zoom, x, y]);
  }
  return tiles;
}

/** What two pieces of ground share, or null. */
export function overlap(one: Bounds, other: Bounds): Bounds | null {
  const both: Bounds = [
    Math.max(one[0], other[0]),
    Math.max(one[1], other[1]),
    Math.min(one[2], other[2]),
    Math.min(one[3], other[3]),
  ];
  return both[0] < both[2] && both[1] < both[3] ? both : null;
}

export interface Progress {
  tiles: number;
  all: number;
  bytes: number;
}

/** Fetches every tile of `bounds` into the cache; what was kept before goes first. */
export async function keepRegion(
  archive: Archive,
  bounds: Bounds,
  progress: (now: Progress) => void,
  signal: AbortSignal,
): Promise<KeptRegion> {
  await dropKept();
  const source = new RangeSource(archive.release.archive, 'keep');
  const tiles = new PMTiles(source);
  await tiles.getMetadata();
  const wanted = tilesOf(bounds, archive.minzoom, archive.maxzoom);
  const all = wanted.length;
  let done = 0;
  const work = async () => {
    for (let tile = wanted.shift(); tile; tile = wanted.shift()) {
      await tiles.getZxy(...tile, signal);
      if (source.received > BYTES_MAX) throw new RegionTooLarge();
      progress({ tiles: ++done, all, bytes: source.received });
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    signal.throwIfAborted();
  } catch (caught) {
    wanted.length = 0;
    await dropKept();
    throw caught;
  }
  const region: KeptRegion = {
    archive: archive.release.archive,
    published_at: archive.release.published_at,
    bounds,
    maxzoom: archive.maxzoom,
    tiles: all,
    bytes: source.received,
    kept_at: new Date().toISOString(),
  };
  await writeKept(region);
  return region;
}

export class RegionTooLarge extends Error {
  constructor() {
    super(`over ${BYTES_MAX / 1_000_000} MB`);
    this.name = 'RegionTooLarge';
  }
}
