import { describe, expect, it } from 'vitest';
import { HEADER_SIZE, measureLit, SignFrameParser, type SignFrame } from './sign-frames';

function frameBytes(sequence: number, width: number, height: number, lit: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + width * height * 3);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('TSGN'));
  view.setUint32(4, sequence);
  view.setBigUint64(8, 1_795_334_400_123_456n);
  view.setUint16(16, width);
  view.setUint16(18, height);
  for (let led = 0; led < lit; led++) bytes.set([0, 200, 220], HEADER_SIZE + led * 3);
  return bytes;
}

function parse(stream: Uint8Array, cut: number): SignFrame[] {
  const frames: SignFrame[] = [];
  const parser = new SignFrameParser((frame) => frames.push(frame));
  for (let at = 0; at < stream.length; at += cut) parser.push(stream.subarray(at, at + cut));
  return frames;
}

const stream = new Uint8Array([...frameBytes(7, 64, 32, 3), ...frameBytes(8, 64, 32, 0)]);

describe('the frame stream of a sign', () => {
  it.each([1, 7, 19, 20, 21, 4096, 6163, 6164, 6165, 20000])(
    'reads frames cut at %d bytes',
    (cut) => {
      const frames = parse(stream, cut);
      expect(frames.map((frame) => frame.sequence)).toEqual([7, 8]);
      expect(frames[0]).toMatchObject({ width: 64, height: 32, time_us: 1_795_334_400_123_456n });
      expect(frames[0]!.rgb).toHaveLength(6144);
      expect(measureLit(frames[0]!)).toEqual({ count: 3, colour: [0, 200, 220] });
      expect(measureLit(frames[1]!)).toEqual({ count: 0, colour: null });
    },
  );

  it('gives nothing of a frame that is not whole', () => {
    expect(parse(stream.subarray(0, 6163), 100)).toEqual([]);
  });

  it('does not hand out a frame that it fills again', () => {
    const frames = parse(stream, 6164);
    expect(frames[0]!.rgb).not.toBe(frames[1]!.rgb);
  });

  it('refuses what is no frame, or larger than any sign', () => {
    const html = new TextEncoder().encode('<!doctype html><html lang="en">');
    expect(() => parse(html, 1000)).toThrow('TSGN');
    expect(() => parse(frameBytes(1, 4, 4, 0).fill(255, 16, 20), 1000)).toThrow('65535 x 65535');
    expect(() => parse(frameBytes(1, 4, 4, 0).fill(0, 16, 20), 1000)).toThrow('0 x 0');
  });
});
