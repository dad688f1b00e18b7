/**
 * Draws a frame as a matrix of round LEDs: the pixels scaled up, under a mask with round holes that
 * is made once per size. Two drawImage calls a frame, however many LEDs there are.
 */

const BOARD = '#050607';
/** What an LED that is off looks like. */
const OFF = [20, 23, 26] as const;
const RADIUS = 0.42;

export interface Lamps {
  width: number;
  height: number;
  /** Rows of red, green, blue without padding. */
  rgb: Uint8Array;
}

export class LedCanvas {
  private readonly pixels = document.createElement('canvas');
  private readonly mask = document.createElement('canvas');
  private image: ImageData | null = null;

  constructor(private readonly canvas: HTMLCanvasElement) {}

  draw(frame: Lamps): void {
    const pitch = this.fit(frame.width, frame.height);
    const small = this.pixels.getContext('2d');
    const context = this.canvas.getContext('2d');
    if (!small || !context || !this.image) return;
    fill(this.image.data, frame.rgb);
    small.putImageData(this.image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.pixels, 0, 0, frame.width * pitch, frame.height * pitch);
    context.drawImage(this.mask, 0, 0);
  }

  /** Makes the canvas a whole number of screen pixels per LED; answers that number. */
  private fit(width: number, height: number): number {
    const wanted = (this.canvas.clientWidth * window.devicePixelRatio) / width;
    const pitch = Math.max(2, Math.round(wanted));
    if (this.canvas.width === width * pitch && this.canvas.height === height * pitch && this.image)
      return pitch;
    this.canvas.width = width * pitch;
    this.canvas.height = height * pitch;
    this.pixels.width = width;
    this.pixels.height = height;
    this.image = new ImageData(width, height);
    this.makeMask(width, height, pitch);
    return pitch;
  }

  private makeMask(width: number, height: number, pitch: number): void {
    this.mask.width = width * pitch;
    this.mask.height = height * pitch;
    const context = this.mask.getContext('2d');
    if (!context) return;
    context.fillStyle = BOARD;
    context.fillRect(0, 0, this.mask.width, this.mask.height);
    context.globalCompositeOperation = 'destination-out';
    context.beginPath();
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const x = (column + 0.5) * pitch;
        const y = (row + 0.5) * pitch;
        context.moveTo(x + RADIUS * pitch, y);
        context.arc(x, y, RADIUS * pitch, 0, 2 * Math.PI);
      }
    context.fill();
  }
}

function fill(target: Uint8ClampedArray, rgb: Uint8Array): void {
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    const red = rgb[from] ?? 0;
    const green = rgb[from + 1] ?? 0;
    const blue = rgb[from + 2] ?? 0;
    const dark = red + green + blue === 0;
    target[to] = dark ? OFF[0] : red;
    target[to + 1] = dark ? OFF[1] : green;
    target[to + 2] = dark ? OFF[2] : blue;
    target[to + 3] = 255;
  }
}
