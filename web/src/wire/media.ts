/**
 * Clips and snapshots, fetched from the edge at the moment somebody looks: first a token for one
 * event and one operation, then the bytes, relayed by control. Kept only as a blob of this page.
 */
import { send } from './api';
import { linkProblem } from './problem';

export type Operation = 'clip' | 'snapshot';
export type Progress = (received: number) => void;

interface StreamGrant {
  token: string;
  expires_at: string;
  href: string;
}

export async function fetchMedia(
  id: string,
  operation: Operation,
  signal: AbortSignal,
  progress: Progress = () => undefined,
): Promise<Blob> {
  const subject = operation === 'clip' ? 'The clip' : 'The snapshot';
  const grant = await send(`/api/events/${encodeURIComponent(id)}/stream`, {
    method: 'POST',
    body: { operation },
    signal,
    subject,
  });
  const { token, href } = (await grant.json()) as StreamGrant;
  const response = await send(href, {
    headers: { 'Tocsin-Stream-Token': token, Accept: '*/*' },
    signal,
    subject,
  });
  return collect(response, signal, progress, subject);
}

async function collect(
  response: Response,
  signal: AbortSignal,
  progress: Progress,
  subject: string,
): Promise<Blob> {
  const type = response.headers.get('Content-Type') ?? 'application/octet-stream';
  if (!response.body) return response.blob();
  const reader = response.body.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(parts, { type });
      parts.push(value);
      received += value.byteLength;
      progress(received);
    }
  } catch (caught) {
    if (signal.aborted) throw caught;
    throw linkProblem(subject);
  }
}
