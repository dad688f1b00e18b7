import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { about, csvRow, deed, type AuditEntry } from './entry';
import {
  bytesOf,
  includes,
  opens,
  readCheckpoint,
  readProof,
  signedBy,
  witnessesOf,
} from './proof';

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const hash = (...parts: Uint8Array[]) => {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return new Uint8Array(sum.digest());
};
const leaf = (entry: Uint8Array) => hash(Uint8Array.of(0), entry);
const node = (one: Uint8Array, other: Uint8Array) => hash(Uint8Array.of(1), one, other);

/** The root over leaves and the path of one, as RFC 6962 section 2.1 defines them. */
function grow(leaves: Uint8Array[], index: number): { root: Uint8Array; path: Uint8Array[] } {
  const [only] = leaves;
  if (leaves.length === 1 && only) return { root: only, path: [] };
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const left = grow(leaves.slice(0, split), Math.min(index, split - 1));
  const right = grow(leaves.slice(split), Math.max(0, index - split));
  const path = index < split ? [...left.path, right.root] : [...right.path, left.root];
  return { root: node(left.root, right.root), path };
}

function proofText(index: number, size: number, path: Uint8Array[], root: Uint8Array): string {
  const lines = path.map((each) => `${base64(each)}\n`).join('');
  return `c2sp.org/tlog-proof@v1\nindex ${index}\n${lines}\nsite/audit\n${size}\n${base64(root)}\n\n\u2014 site/audit AAAAAAAA\n`;
}

const entries = Array.from({ length: 19 }, (_, at) => new TextEncoder().encode(`entry ${at}`));

describe('an entry and its proof', () => {
  it('fits for every entry of every size', async () => {
    for (let size = 1; size <= entries.length; size++) {
      const leaves = entries.slice(0, size).map(leaf);
      for (let index = 0; index < size; index++) {
        const { root, path } = grow(leaves, index);
        const proof = readProof(proofText(index, size, path, root));
        expect(await includes(proof, entries[index] ?? new Uint8Array())).toBe(true);
        expect(await includes(proof, new TextEncoder().encode('another'))).toBe(false);
        expect(await includes({ ...proof, index: index + size }, entries[index]!)).toBe(false);
      }
    }
  });

  it('refuses a path that is longer, shorter or changed', async () => {
    const { root, path } = grow(entries.map(leaf), 5);
    const proof = readProof(proofText(5, entries.length, path, root));
    const entry = entries[5]!;
    expect(await includes({ ...proof, path: [...proof.path, root] }, entry)).toBe(false);
    expect(await includes({ ...proof, path: proof.path.slice(1) }, entry)).toBe(false);
    expect(await includes({ ...proof, path: [root, ...proof.path.slice(1)] }, entry)).toBe(false);
  });

  it('reads no text that is not a proof', () => {
    for (const text of ['', 'c2sp.org/tlog-proof@v1\n\n', 'c2sp.org/tlog-proof@v1\nindex 01\n\nx'])
      expect(() => readProof(text)).toThrow();
    expect(() => readCheckpoint('site/audit\n-1\n\n\u2014 a AAAA\n')).toThrow();
  });
});

describe('what is sealed', () => {
  it('fits its commitment, and nothing else does', async () => {
    const salt = Uint8Array.from({ length: 32 }, (_, at) => at);
    const text = '{"address":"192.0.2.7"}';
    const commitment = base64(hash(salt, new TextEncoder().encode(text)));
    expect(await opens(commitment, base64(salt), text)).toBe(true);
    expect(await opens(commitment, base64(salt), text.replace('7', '8'))).toBe(false);
    expect(await opens(commitment, base64(salt.slice(1)), text)).toBe(false);
  });
});

/** The example of C2SP tlog-cosignature (CC BY 4.0): a log and a witness. */
const example =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
  '\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
  '\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n';

describe('a checkpoint', () => {
  it('names its witnesses with their times', () => {
    const checkpoint = readCheckpoint(example);
    expect(checkpoint.size).toBe(20852163);
    expect(witnessesOf(checkpoint)).toEqual([
      { name: 'witness.example.com/w1', at: new Date(1679315147000).toISOString() },
    ]);
  });

  it('is signed by nobody whose key is another', async () => {
    const checkpoint = readCheckpoint(example);
    const other = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
    expect(await signedBy(checkpoint, other)).toBe('none');
  });

  it('counts a signature that does not fit as wrong', async () => {
    const key = 'example.com/behind-the-sofa+033de0ae+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
    expect(['wrong', 'unknown']).toContain(await signedBy(readCheckpoint(example), key));
  });
});

describe('an entry as people read it', () => {
  const entry: AuditEntry = {
    index: 3,
    id: 'x',
    time: '2026-11-25T03:00:00Z',
    user: 'ana',
    action: 'alert_sent',
    resource: 'a1',
    authorisation: 'session',
    details: { alert: 'a1', method: 'POST', path: '/api/alerts', tier: 'advisory' },
    sealed: 's',
    address: '192.0.2.7',
    agent: null,
    sensitive: null,
    bytes: '',
    salt: null,
    opened: null,
  };

  it('is said in words, without saying anything twice', () => {
    expect(deed(entry.action)).toBe('Alert sent');
    expect(about(entry)).toBe('tier: advisory');
    expect(csvRow(entry)).toHaveLength(11);
  });

  it('has bytes behind its base64', () => {
    expect(bytesOf('AAEC')).toEqual(Uint8Array.of(0, 1, 2));
  });
});
