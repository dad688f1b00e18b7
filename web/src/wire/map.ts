/**
 * Where the map is: control says at which address, current.json there says which archive is the map
 * now (docs/protocols/map.md). The archive itself never changes, current.json does.
 */
import { getJson, sendJson } from './api';
import { Problem } from './problem';

/** GET /api/map. */
export interface SiteMap {
  url: string | null;
  /** Whether there is an exact map, and this person may read it. */
  exact: boolean;
  /** Closed rings of [longitude, latitude]. */
  zones: { name: string; area: [number, number][] }[];
  devices: { name: string; latitude: number; longitude: number }[];
}

export interface Release {
  /** The archive's address. */
  archive: string;
  published_at: string;
  bytes: number;
}

const SUBJECT = 'The map';

export function readSiteMap(signal: AbortSignal): Promise<SiteMap> {
  return getJson('/api/map', 'Where the map is', signal);
}

/** POST /api/map/pass: a right to read the private archive, for five minutes. */
export interface MapPass {
  url: string;
  pass: string;
  expires_at: string;
}

export function readMapPass(signal?: AbortSignal): Promise<MapPass> {
  const ask = { method: 'POST' as const, subject: 'The exact map', ...(signal ? { signal } : {}) };
  return sendJson('/api/map/pass', ask);
}

export async function readRelease(base: string, signal: AbortSignal): Promise<Release> {
  const place = new URL('current.json', new URL(base, window.location.href));
  let response: Response;
  try {
    response = await fetch(place, { signal, cache: 'no-cache', credentials: 'omit' });
  } catch (caught) {
    if (signal.aborted) throw caught;
    throw new Problem(
      0,
      'The map cannot be reached',
      `${place.href} gives no answer.`,
      'The rest of this page works. Check the network, or map.url in the configuration of control.',
    );
  }
  if (!response.ok) throw mapProblem(`${place.href} answers ${response.status}.`);
  const told: unknown = await response.json().catch(() => null);
  return releaseFrom(told, place);
}

/** Reads what current.json says; throws Problem for what is none. */
export function releaseFrom(told: unknown, place: URL): Release {
  const { archive, published_at, size } = (told ?? {}) as Record<string, unknown>;
  if (typeof archive !== 'string' || !/^[\w.-]+\.pmtiles$/.test(archive))
    throw mapProblem(`${place.href} names no archive.`);
  return {
    archive: new URL(archive, place).href,
    published_at: typeof published_at === 'string' ? published_at : '',
    bytes: typeof size === 'number' ? size : 0,
  };
}

export function mapProblem(detail: string): Problem {
  return new Problem(
    -1,
    `${SUBJECT} cannot be read`,
    detail,
    'Tell whoever publishes the map: tocsin-map verify says what is wrong with an archive.',
  );
}
