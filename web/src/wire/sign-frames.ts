/**
 * The frame stream of a sign (docs/protocols/media.md): a 20-byte header and RGB rows, endless.
 * The parser takes chunks cut anywhere and gives whole frames. It allocates one frame at a time
 * and refuses what no sign can be.
 */

export interface SignFrame {
  sequence: number;
  /** Wall time of the swap, microseconds since 1970. */
  time_us: bigint;
  width: number;
  height: number;
  /** Rows of red, green, blue without padding. */
  rgb: Uint8Array<ArrayBuffer>;
}

export const HEADER_SIZE = 20;
export const WIDTH_MAX = 128;
export const HEIGHT_MAX = 64;
const MAGIC = 0x5453474e; // "TSGN"

export class SignFrameParser {
  private readonly header = new Uint8Array(HEADER_SIZE);
  private headerFill = 0;
  private frame: SignFrame | null = null;
  private bodyFill = 0;

  constructor(private readonly give: (frame: SignFrame) => void) {}

  /** Throws when the bytes are not a frame stream; the stream is of no use after that. */
  push(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0)
      rest = this.frame ? this.fillBody(rest, this.frame) : this.fillHeader(rest);
  }

  private fillHeader(bytes: Uint8Array): Uint8Array {
    const take = Math.min(HEADER_SIZE - this.headerFill, bytes.length);
    this.header.set(bytes.subarray(0, take), this.headerFill);
    this.headerFill += take;
    if (this.headerFill === HEADER_SIZE) {
      this.frame = readHeader(this.header);
      this.headerFill = 0;
      this.bodyFill = 0;
    }
    return bytes.subarray(take);
  }

  private fillBody(bytes: Uint8Array, frame: SignFrame): Uint8Array {
    const take = Math.min(frame.rgb.length - this.bodyFill, bytes.length);
    frame.rgb.set(bytes.subarray(0, take), this.bodyFill);
    this.bodyFill += take;
    if (this.bodyFill === frame.rgb.length) {
      this.frame = null;
      this.give(frame);
    }
    return bytes.subarray(take);
  }
}

function readHeader(header: Uint8Array<ArrayBuffer>): SignFrame {
  const view = new DataView(header.buffer);
  if (view.getUint32(0) !== MAGIC) throw new Error('a frame of the sign does not begin with TSGN');
  const width = view.getUint16(16);
  const height = view.getUint16(18);
  if (width < 1 || width > WIDTH_MAX || height < 1 || height > HEIGHT_MAX)
    throw new Error(`a frame of ${width} x ${height} LEDs is larger than any sign`);
  return {
    sequence: view.getUint32(4),
    time_us: view.getBigUint64(8),
    width,
    height,
    rgb: new Uint8Array(width * height * 3),
  };
}

export interface Lit {
  count: number;
  /** Mean colour of the lit LEDs, or null when the sign is dark. */
  colour: [red: number, green: number, blue: number] | null;
}

export function measureLit(frame: SignFrame): Lit {
  let count = 0;
  const sum: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < frame.rgb.length; i += 3) {
    const red = frame.rgb[i] ?? 0;
    const green = frame.rgb[i + 1] ?? 0;
    const blue = frame.rgb[i + 2] ?? 0;
    if (red + green + blue === 0) continue;
    count++;
    sum[0] += red;
    sum[1] += green;
    sum[2] += blue;
  }
  if (count === 0) return { count, colour: null };
  return {
    count,
    colour: [Math.round(sum[0] / count), Math.round(sum[1] / count), Math.round(sum[2] / count)],
  };
}
