/** One archive, read by byte range: first what this device keeps, then the network. */
import { FetchSource, PMTiles, TileType, type RangeResponse, type Source } from 'pmtiles';
import { mapProblem, type Release } from '../../wire/map';
import { Problem } from '../../wire/problem';
import { readBytes, writeBytes } from './kept';

/** West, south, east, north. */
export type Bounds = [number, number, number, number];

export interface Archive {
  release: Release;
  tiles: PMTiles;
  bounds: Bounds;
  minzoom: number;
  maxzoom: number;
  /** The names of its layers. */
  layers: string[];
  name: string;
  attribution: string;
}

export class RangeSource implements Source {
  /** Of all that came over the network. */
  received = 0;
  private readonly network: FetchSource;

  constructor(
    private readonly archive: string,
    private readonly way: 'network' | 'kept first' | 'keep',
  ) {
    this.network = new FetchSource(archive);
  }

  getKey(): string {
    return this.archive;
  }

  async getBytes(
    offset: number,
    length: number,
    signal?: AbortSignal,
    etag?: string,
  ): Promise<RangeResponse> {
    if (this.way !== 'network') {
      const kept = await readBytes(this.archive, offset, length);
      if (kept) return { data: kept };
    }
    const answer = await this.network.getBytes(offset, length, signal, etag);
    this.received += answer.data.byteLength;
    if (this.way === 'keep') await writeBytes(this.archive, offset, length, answer.data);
    return answer;
  }
}

interface Metadata {
  name?: unknown;
  attribution?: unknown;
  vector_layers?: { id?: unknown }[];
}

export function openArchive(release: Release, keeps: boolean): Promise<Archive> {
  return openSource(release, new RangeSource(release.archive, keeps ? 'kept first' : 'network'));
}

export async function openSource(release: Release, source: Source): Promise<Archive> {
  const tiles = new PMTiles(source);
  try {
    const header = await tiles.getHeader();
    if (header.tileType !== TileType.Mvt) throw mapProblem('It holds pictures, not vector tiles.');
    const metadata = (await tiles.getMetadata()) as Metadata;
    return {
      release,
      tiles,
      bounds: [header.minLon, header.minLat, header.maxLon, header.maxLat],
      minzoom: header.minZoom,
      maxzoom: header.maxZoom,
      layers: (metadata.vector_layers ?? []).map((layer) => String(layer.id)),
      name: typeof metadata.name === 'string' ? metadata.name : '',
      attribution: typeof metadata.attribution === 'string' ? plain(metadata.attribution) : '',
    };
  } catch (caught) {
    if (caught instanceof Problem) throw caught;
    const reason = caught instanceof Error ? caught.message : String(caught);
    throw mapProblem(`${release.archive}: ${reason}.`);
  }
}

/** An attribution may have links in HTML; only its words are shown. */
function plain(text: string): string {
  return text.replace(/<[^>]*>/g, '').replace(/&copy;/g, '©');
}

/* ---- tiles for MapLibre: "tocsin-map:" addresses lead to the archives opened here ---- */

const opened = new Map<string, PMTiles>();

/** The address pattern of an archive's tiles. */
export function tilePattern(archive: Archive): string {
  const key = encodeURIComponent(archive.release.archive);
  opened.set(key, archive.tiles);
  return `tocsin-map://${key}/{z}/{x}/{y}`;
}

/** Its tiles are given to nobody any more. */
export function closeArchive(archive: Archive): void {
  opened.delete(encodeURIComponent(archive.release.archive));
}

export async function tileAt(url: string, signal: AbortSignal): Promise<ArrayBuffer> {
  const found = /^tocsin-map:\/\/([^/]+)\/(\d+)\/(\d+)\/(\d+)$/.exec(url);
  const tiles = opened.get(found?.[1] ?? '');
  if (!found || !tiles) throw new Error(`no archive for ${url}`);
  const [zoom, x, y] = found.slice(2).map(Number) as [number, number, number];
  const tile = await tiles.getZxy(zoom, x, y, signal);
  return tile?.data ?? new ArrayBuffer(0);
}
