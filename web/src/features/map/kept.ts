/**
 * A part of one archive that this device keeps: byte ranges in the browser's cache storage, and one
 * note that says which. Holds nothing of the site, only what the archive's server gives to anyone.
 */
export interface KeptRegion {
  /** The archive's address; ranges of another one are of no use. */
  archive: string;
  published_at: string;
  /** West, south, east, north. */
  bounds: [number, number, number, number];
  maxzoom: number;
  tiles: number;
  bytes: number;
  kept_at: string;
}

const CACHE = 'tocsin-map-kept';
const NOTE = '/kept/region';

export function canKeep(): boolean {
  return 'caches' in window && 'serviceWorker' in navigator;
}

export async function readKept(): Promise<KeptRegion | null> {
  if (!canKeep()) return null;
  const note = await caches.match(NOTE, { cacheName: CACHE });
  return note ? ((await note.json()) as KeptRegion) : null;
}

export async function dropKept(): Promise<void> {
  if (canKeep()) await caches.delete(CACHE);
}

/** Written last: without it nothing counts as kept. */
export async function writeKept(region: KeptRegion): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.put(NOTE, Response.json(region));
}

function keyOf(archive: string, offset: number, length: number): string {
  return `/kept/bytes/${encodeURIComponent(archive)}/${offset}-${length}`;
}

export async function readBytes(
  archive: string,
  offset: number,
  length: number,
): Promise<ArrayBuffer | null> {
  // Not opened: that would make the cache anew after it was deleted.
  const found = await caches.match(keyOf(archive, offset, length), { cacheName: CACHE });
  return found ? found.arrayBuffer() : null;
}

export async function writeBytes(
  archive: string,
  offset: number,
  length: number,
  bytes: ArrayBuffer,
): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.put(keyOf(archive, offset, length), new Response(bytes));
}
