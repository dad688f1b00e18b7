/**
 * Checks in the browser what the server says of an entry of the audit log, so that nobody has to
 * take its word: the entry's place in the tree (RFC 9162 section 2.1.3.2), the checkpoint's
 * signature (C2SP signed-note), and what was sealed against its commitment. WebCrypto hashes.
 */

const HASH_SIZE = 32;
const DASH = '\u2014 ';

export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array;
  /** What the signatures are over. */
  text: string;
  signatures: { name: string; id: number; bytes: Uint8Array }[];
}

export interface InclusionProof {
  index: number;
  path: Uint8Array[];
  checkpoint: Checkpoint;
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

async function sha256(...parts: Uint8Array[]): Promise<Uint8Array> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function readCheckpoint(note: string): Checkpoint {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const [origin = '', size = '', root = ''] = text.split('\n');
  if (end < 0 || !origin || !/^(0|[1-9]\d*)$/.test(size)) throw new Error('This is no checkpoint.');
  const signatures = note
    .slice(end + 2)
    .split('\n')
    .filter((line) => line.startsWith(DASH))
    .map((line) => {
      const [name = '', base64 = ''] = line.slice(DASH.length).split(' ');
      const bytes = bytesOf(base64);
      return { name, id: new DataView(bytes.buffer).getUint32(0), bytes: bytes.slice(4) };
    });
  const hash = bytesOf(root);
  if (hash.length !== HASH_SIZE) throw new Error('The root of this checkpoint is no hash.');
  return { origin, size: Number(size), root: hash, text, signatures };
}

/** The text of a .tlog-proof file (C2SP tlog-proof). */
export function readProof(text: string): InclusionProof {
  const end = text.indexOf('\n\n');
  const [head, index = '', ...path] = text.slice(0, end).split('\n');
  if (end < 0 || head !== 'c2sp.org/tlog-proof@v1' || !/^index (0|[1-9]\d*)$/.test(index))
    throw new Error('This is no proof.');
  return {
    index: Number(index.slice('index '.length)),
    path: path.map(bytesOf),
    checkpoint: readCheckpoint(text.slice(end + 2)),
  };
}

/** Whether `entry` stands at the proof's index below the proof's root. */
export async function includes(proof: InclusionProof, entry: Uint8Array): Promise<boolean> {
  let at = proof.index;
  let last = proof.checkpoint.size - 1;
  if (at > last) return false;
  let sum = await sha256(LEAF, entry);
  for (const hash of proof.path) {
    if (last === 0 || hash.length !== HASH_SIZE) return false;
    if (at % 2 === 1 || at === last) {
      sum = await sha256(NODE, hash, sum);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      sum = await sha256(NODE, sum, hash);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(sum, proof.checkpoint.root);
}

/** Whether what an entry sealed is what it committed to. */
export async function opens(commitment: string, salt: string, opened: string): Promise<boolean> {
  const hash = await sha256(bytesOf(salt), new TextEncoder().encode(opened));
  return same(hash, bytesOf(commitment));
}

/** Of the log's own signature: good, wrong, none of this key, or this browser cannot tell. */
export type Signed = 'good' | 'wrong' | 'none' | 'unknown';

export async function signedBy(checkpoint: Checkpoint, vkey: string): Promise<Signed> {
  const [name, id, base64] = cutKey(vkey);
  const line = checkpoint.signatures.find(
    (each) => each.name === name && each.id === parseInt(id, 16),
  );
  if (!line) return 'none';
  const key = bytesOf(base64).slice(1);
  try {
    const known = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
    const text = new TextEncoder().encode(checkpoint.text);
    const good = await crypto.subtle.verify('Ed25519', known, line.bytes.slice(0), text);
    return good ? 'good' : 'wrong';
  } catch {
    return 'unknown'; // a browser without Ed25519
  }
}

/** NAME+ID+BASE64; the base64 may hold a plus too. */
function cutKey(vkey: string): [string, string, string] {
  const first = vkey.indexOf('+');
  const second = vkey.indexOf('+', first + 1);
  return [vkey.slice(0, first), vkey.slice(first + 1, second), vkey.slice(second + 1)];
}

/** The witnesses that cosigned, by name: everybody who signed but the log itself. */
export function witnessesOf(checkpoint: Checkpoint): { name: string; at: string }[] {
  return checkpoint.signatures
    .filter((each) => each.name !== checkpoint.origin && each.bytes.length === 72)
    .map(({ name, bytes }) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      return { name, at: new Date(Number(view.getBigUint64(0)) * 1000).toISOString() };
    });
}
