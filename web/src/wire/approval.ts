/**
 * An operator's word for an emergency (docs/protocols/approval.md): what exactly is signed, and the
 * key that signs it. The key is made here, cannot be taken out of this browser, and is certified by
 * whoever holds the site's CA.
 */
import type { Approval } from './types';

type Bytes = Uint8Array<ArrayBuffer>;

const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

/** RFC 8785: members in the order of their names' UTF-16 units, no blanks. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

export function approvalText(site: string, content: Record<string, unknown>): Bytes {
  const bare = { ...content };
  delete bare['approvals'];
  return utf8(`tocsin approval 1\n${site}\n${canonical(bare)}`);
}

export function toBase64(bytes: Uint8Array | ArrayBuffer): string {
  return btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(''));
}

function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/* ---- the key, in this browser's IndexedDB under its person's name ---- */

export interface OperatorKey {
  name: string;
  pair: CryptoKeyPair;
  /** Base64 DER, leaf first; empty until the certificate has come. */
  chain: string[];
}

const STORE = 'keys';

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the browser keeps no keys'));
  });
}

async function withStore<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open('tocsin-operator', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'name' });
  const database = await asked(opening);
  try {
    return await asked(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

export async function findKey(name: string): Promise<OperatorKey | null> {
  const found = await withStore(
    'readonly',
    (store) => store.get(name) as IDBRequest<OperatorKey | undefined>,
  );
  return found ?? null;
}

async function keep(key: OperatorKey): Promise<OperatorKey> {
  await withStore('readwrite', (store) => store.put(key));
  return key;
}

export async function forgetKey(name: string): Promise<void> {
  await withStore('readwrite', (store) => store.delete(name));
}

/** A new key, not extractable; it approves nothing before it is certified. */
export async function makeKey(name: string): Promise<OperatorKey> {
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  return keep({ name, pair, chain: [] });
}

async function publicBytes(key: OperatorKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', key.pair.publicKey));
}

/** What two people compare by voice before one certifies the other: "1a2b 3c4d 5e6f 7081". */
export async function markOf(key: OperatorKey): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await publicBytes(key)));
  const hex = Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0'));
  return hex.join('').replace(/(.{4})(?=.)/g, '$1 ');
}

/* ---- PKCS#10 (RFC 2986), of which only this one shape is needed ---- */

function der(tag: number, ...parts: Uint8Array[]): Bytes {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  const head = [tag, ...length];
  const bytes = new Uint8Array(head.length + size);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const SEQUENCE = 0x30;
const OID_COMMON_NAME = der(0x06, new Uint8Array([0x55, 0x04, 0x03]));
const OID_ED25519 = der(0x06, new Uint8Array([0x2b, 0x65, 0x70]));

export async function signingRequest(key: OperatorKey): Promise<Bytes> {
  const name = der(SEQUENCE, OID_COMMON_NAME, der(0x0c, utf8(key.name)));
  const subject = der(SEQUENCE, der(0x31, name));
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', key.pair.publicKey));
  const info = der(SEQUENCE, der(0x02, new Uint8Array([0])), subject, spki, der(0xa0));
  const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', key.pair.privateKey, info));
  const bits = der(0x03, new Uint8Array([0]), signature);
  return der(SEQUENCE, info, der(SEQUENCE, OID_ED25519), bits);
}

export function toPem(label: string, bytes: Uint8Array): string {
  const lines = toBase64(bytes).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function contains(bytes: Uint8Array, part: Uint8Array): boolean {
  for (let at = 0; at + part.length <= bytes.length; at += 1)
    if (part.every((byte, i) => bytes[at + i] === byte)) return true;
  return false;
}

/** Takes the certificate (PEM, with what stands above it); throws when it is of another key. */
export async function takeCertificate(key: OperatorKey, pem: string): Promise<OperatorKey> {
  const blocks = [
    ...pem.matchAll(/-----BEGIN CERTIFICATE-----([\s\S]+?)-----END CERTIFICATE-----/g),
  ].map((found) => (found[1] ?? '').replace(/\s+/g, ''));
  const [leaf] = blocks;
  if (!leaf) throw new Error('this is no certificate in PEM');
  if (!contains(fromBase64(leaf), await publicBytes(key)))
    throw new Error('this certificate is of another key than the one in this browser');
  return keep({ ...key, chain: blocks });
}

export async function approve(
  key: OperatorKey,
  site: string,
  content: Record<string, unknown>,
): Promise<Approval> {
  const text = approvalText(site, content);
  const signature = await crypto.subtle.sign('Ed25519', key.pair.privateKey, text);
  return { signature: toBase64(signature), certificate_chain: key.chain };
}
