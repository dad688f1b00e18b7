/**
 * The exact map of the field units: an archive that its server gives only to who shows a pass, which
 * control hands to those who may (docs/protocols/map.md). Read by byte range and held in memory as
 * long as it is shown; no cache, no service worker and no storage ever has it.
 */
import { EtagMismatch, type RangeResponse, type Source } from 'pmtiles';
import { mapProblem, readMapPass, type MapPass } from '../../wire/map';
import { closeArchive, openSource, type Archive } from './archive';

/** A pass is for five minutes; the page's clock may differ, so what counts is when it came. */
const FRESH_MS = 240_000;

export class PassSource implements Source {
  private since = performance.now();

  constructor(
    private pass: MapPass,
    private readonly renew: (signal?: AbortSignal) => Promise<MapPass> = readMapPass,
  ) {}

  getKey(): string {
    return this.pass.url;
  }

  async getBytes(
    offset: number,
    length: number,
    signal?: AbortSignal,
    etag?: string,
  ): Promise<RangeResponse> {
    if (performance.now() - this.since > FRESH_MS) await this.again(signal);
    let answer = await this.ask(offset, length, signal, etag);
    if (answer.status === 401) {
      await this.again(signal);
      answer = await this.ask(offset, length, signal, etag);
    }
    if (answer.status === 412 || answer.status === 416)
      throw new EtagMismatch('the exact map was replaced');
    if (answer.status !== 206) throw mapProblem(`${this.pass.url} answers ${answer.status}.`);
    const tag = answer.headers.get('ETag');
    return { data: await answer.arrayBuffer(), ...(tag ? { etag: tag } : {}) };
  }

  private async again(signal?: AbortSignal): Promise<void> {
    this.pass = await this.renew(signal);
    this.since = performance.now();
  }

  private ask(
    offset: number,
    length: number,
    signal?: AbortSignal,
    etag?: string,
  ): Promise<Response> {
    const headers: Record<string, string> = {
      Authorization: `Bearer ${this.pass.pass}`,
      Range: `bytes=${offset}-${offset + length - 1}`,
    };
    if (etag) headers['If-Match'] = etag;
    return fetch(this.pass.url, {
      headers,
      cache: 'no-store',
      credentials: 'omit',
      ...(signal ? { signal } : {}),
    });
  }
}

export async function openExact(signal: AbortSignal): Promise<Archive> {
  const pass = await readMapPass(signal);
  const release = { archive: pass.url, published_at: '', bytes: 0 };
  const opened = await openSource(release, new PassSource(pass));
  if (signal.aborted) closeArchive(opened);
  return opened;
}
