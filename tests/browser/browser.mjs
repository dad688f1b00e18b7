// Debian's Chromium, and an eye on everything that a page must not do: errors on the console,
// violations of the content security policy, requests to other hosts.
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { until } from './tap.mjs';

const { chromium } = createRequire(new URL('../../web/package.json', import.meta.url))(
  'playwright-core',
);

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export const shots =
  process.env.SCREENSHOTS ?? fileURLToPath(new URL('../../build/screenshots', import.meta.url));

export class Watched {
  faults = [];
  /** What came over the WebSocket, in its order. */
  messages = [];

  /** `others` are origins that the page may ask as well. */
  constructor(origin, others = []) {
    this.origin = origin;
    this.others = others;
  }

  async watch(page) {
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      // Asking who is signed in answers 401 to a stranger, and the browser writes that down.
      const url = message.location().url;
      if (url === `${this.origin}/auth/session` && message.text().includes('401')) return;
      this.faults.push(`console: ${message.text()} ${url}`);
    });
    page.on('pageerror', (error) => this.faults.push(`page: ${error.message}`));
    page.on('request', (request) => {
      const url = request.url();
      const known = [this.origin, ...this.others].some((origin) => url.startsWith(`${origin}/`));
      const own = known || /^(blob|data):/.test(url);
      if (!own) this.faults.push(`request to another host: ${url}`);
    });
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => this.messages.push(JSON.parse(String(payload)))),
    );
    await page.exposeFunction('tocsinTestViolation', (text) =>
      this.faults.push(`content security policy: ${text}`),
    );
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        window.tocsinTestViolation(
          `${event.violatedDirective} ${event.blockedURI} ${event.sample}`,
        ),
      );
    });
  }
}

export async function openBrowser() {
  mkdirSync(shots, { recursive: true });
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: FLAGS });
}

/** Chromium's virtual authenticator: a security key that is touched whenever it is asked. */
export async function addAuthenticator(context, page) {
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'usb',
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

export async function shoot(page, name) {
  await page.screenshot({ path: `${shots}/${name}.png` });
}

/** The LEDs of the sign on the page: how many are lit, and how many of these are cyan or red. */
export function readSign(page) {
  return readLeds(page.locator('[data-testid=sign]'));
}

/** The same of any canvas of LEDs. */
export function readLeds(canvas) {
  return canvas.evaluate((canvas) => {
    const [columns, rows] = canvas.dataset.leds.split('x').map(Number);
    const context = canvas.getContext('2d');
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const pitch = canvas.width / columns;
    let lit = 0;
    let cyan = 0;
    let red = 0;
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const x = Math.floor((column + 0.5) * pitch);
        const y = Math.floor((row + 0.5) * pitch);
        const [r, g, b] = data.slice((y * canvas.width + x) * 4, (y * canvas.width + x) * 4 + 3);
        if (Math.max(r, g, b) < 40) continue;
        lit++;
        if (r < g * 0.5 && Math.abs(g - b) < 90) cyan++;
        if (g < r * 0.5 && b < r * 0.5) red++;
      }
    return { lit, cyan, red, drawn: canvas.width > columns };
  });
}

/* ---- the map ---- */

/** Of src/features/map/colours.ts: the sea, in the dark. */
export const WATER = [11, 32, 48];

/** Waits until MapLibre has nothing more to load or to move. */
export async function settled(where) {
  await until('the map to rest', () =>
    where.getByTestId('map').evaluate(async (box) => {
      const before = box.dataset.idle;
      await new Promise((wake) => setTimeout(wake, 250));
      return before !== undefined && box.dataset.idle === before;
    }),
  );
}

/** How many points of the map have a colour, give or take `give` of each part. */
export async function countColour(where, [red, green, blue], give = 4) {
  const picture = await where.getByTestId('map').screenshot();
  return where.evaluate(
    async ([data, want, least]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const points = context.getImageData(0, 0, image.width, image.height).data;
      let count = 0;
      for (let at = 0; at < points.length; at += 4)
        if (want.every((part, index) => Math.abs(points[at + index] - part) <= least)) count++;
      return count;
    },
    [picture.toString('base64'), [red, green, blue], give],
  );
}
