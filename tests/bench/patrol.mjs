// The browser of patrol_bench.py: walks the patrol on the map page, draws the pictures that a raster
// server would have, and fetches those again. One JSON order a line in, one JSON answer a line out.
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openBrowser } from '../browser/browser.mjs';
import { until } from '../browser/tap.mjs';

const origin = process.env.BASE_URL;
const mapOrigin = process.env.MAP_URL;
const START = { latitude: 9.9693, longitude: 76.255 };
/** Zoom and views there: 25 in all, none of them beside the town; a press of an arrow key is 100 points. */
const LEGS = [
  [13, 3],
  [14, 6],
  [15, 6],
  [16, 6],
  [17, 4],
];
/** A rural cell: 256 kbit/s, 300 ms. */
const SLOW = { offline: false, latency: 300, downloadThroughput: 32_000, uploadThroughput: 32_000 };
const FREE = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };

const browser = await openBrowser();
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const order = JSON.parse(line);
    const work = { patrol, picture, pictures }[order.do];
    console.log(JSON.stringify(await work(order)));
  } catch (caught) {
    console.log(JSON.stringify({ error: String(caught?.stack ?? caught) }));
  }
}
await browser.close();

async function openPage({ width, height, ratio }) {
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: ratio,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const wire = await listen(context, page);
  return { context, page, wire };
}

/** Counts what comes from the map's server, in bytes on the wire with headers. */
async function listen(context, page) {
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const asked = new Map();
  const wire = { session, bytes: 0, requests: 0, waiting: 0 };
  session.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (!request.url.startsWith(mapOrigin) || asked.has(requestId)) return;
    asked.set(requestId, true);
    wire.waiting++;
  });
  const ended = (requestId, bytes) => {
    if (!asked.delete(requestId)) return;
    wire.waiting--;
    wire.bytes += bytes;
    if (bytes > 0) wire.requests++;
  };
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    ended(requestId, encodedDataLength),
  );
  session.on('Network.loadingFailed', ({ requestId }) => ended(requestId, 0));
  return wire;
}

async function signIn(page) {
  await page.goto(`${origin}/`);
  await page.getByLabel('Name').fill('admin');
  await page.getByLabel('Password').fill(process.env.ADMIN_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/situation');
}

/** Waits until nothing changes any more; answers when the last change was. */
async function quiet(page, wire) {
  let last = '';
  let since = Date.now();
  await until(
    'the map to rest',
    async () => {
      const idle = await page.getByTestId('map').getAttribute('data-idle');
      const now = `${idle} ${wire.bytes} ${wire.waiting} ${page.url()}`;
      if (now !== last || wire.waiting > 0 || !idle) since = Date.now();
      last = now;
      return Date.now() - since > 400;
    },
    120_000,
  );
  return since;
}

function viewOf(page) {
  const [latitude, longitude, zoom] = new URL(page.url()).searchParams
    .get('at')
    .split(',')
    .map(Number);
  return { latitude, longitude, zoom: Math.round(zoom) };
}

async function patrol(order) {
  const { context, page, wire } = await openPage(order);
  await signIn(page);
  await loadViewer(page);
  if (order.slow) await wire.session.send('Network.emulateNetworkConditions', SLOW);
  const cold = await walk(page, wire, order.presses);
  const warm = order.slow ? null : await walk(page, wire, order.presses);
  const size = await page.getByTestId('map').boundingBox();
  await context.close();
  return { views: cold.views, size, cold: cold.told, warm: warm?.told };
}

/** The viewer's own code is there already, as on a phone that was used before. */
async function loadViewer(page) {
  await page.goto(`${origin}/map/kept`);
  await page.getByText('This device keeps no map').waitFor();
  const files = readdirSync(fileURLToPath(new URL('../../web/dist/assets', import.meta.url)));
  const worker = files.find((name) => name.startsWith('maplibre-gl-worker'));
  await page.evaluate(
    async (path) => (await fetch(path)).arrayBuffer().then(() => 0),
    `/assets/${worker}`,
  );
}

async function walk(page, wire, presses) {
  const before = { bytes: wire.bytes, requests: wire.requests };
  const views = [];
  let ms = 0;
  for (const [zoom, count] of LEGS) {
    let begin = Date.now();
    if (zoom === LEGS[0][0])
      await page.goto(`${origin}/map?at=${START.latitude},${START.longitude},${zoom}`);
    else await page.keyboard.press('Equal');
    for (let view = 0; view < count; view++) {
      if (view > 0) {
        begin = Date.now();
        // Out to the east and back to the west, zoom after zoom.
        const key = zoom % 2 ? 'ArrowRight' : 'ArrowLeft';
        for (let press = 0; press < presses; press++) {
          const at = page.url();
          await page.keyboard.press(key);
          await until('the view to move', () => page.url() !== at);
        }
      }
      ms += (await quiet(page, wire)) - begin;
      await page.getByTestId('map').locator('canvas').focus();
      views.push(viewOf(page));
    }
  }
  const told = {
    bytes: wire.bytes - before.bytes,
    requests: wire.requests - before.requests,
    seconds: ms / 1000,
  };
  return { views, told };
}

/** The map page as a picture of one place, without what stands over the map. */
async function picture({ path, width, height, ratio, latitude, longitude, zoom }) {
  const beside = 468;
  const above = 52;
  const order = { width: width + beside, height: height + above, ratio };
  const { context, page, wire } = await openPage(order);
  await signIn(page);
  await page.goto(`${origin}/map?at=${latitude},${longitude},${zoom}`);
  await quiet(page, wire);
  await page
    .getByRole('group', { name: 'Zoom' })
    .evaluate((group) => group.style.setProperty('display', 'none'));
  await page.getByTestId('map').screenshot({ path });
  await context.close();
  return {};
}

/** Fetches the pictures of each view in turn; one that was fetched for an earlier view stays. */
async function pictures({ sources, slow, ...size }) {
  const { context, page, wire } = await openPage(size);
  if (slow) await wire.session.send('Network.emulateNetworkConditions', SLOW);
  else await wire.session.send('Network.emulateNetworkConditions', FREE);
  const told = [];
  for (let pass = 0; pass < (slow ? 1 : 2); pass++) {
    const before = { bytes: wire.bytes, requests: wire.requests, at: Date.now() };
    await page.goto(`${mapOrigin}/blank.html`);
    const own = { bytes: wire.bytes - before.bytes, requests: wire.requests - before.requests };
    for (const view of sources) {
      await page.evaluate(async (list) => {
        window.kept ??= new Map();
        const load = (source) =>
          new Promise((done, fail) => {
            const image = new Image();
            image.onload = done;
            image.onerror = () => fail(new Error(source));
            image.src = source;
            window.kept.set(source, image);
          });
        await Promise.all(list.filter((source) => !window.kept.has(source)).map(load));
      }, view);
    }
    await until('the last answer to be counted', () => wire.waiting === 0);
    told.push({
      bytes: wire.bytes - before.bytes - own.bytes,
      requests: wire.requests - before.requests - own.requests,
      seconds: (Date.now() - before.at) / 1000,
    });
  }
  await context.close();
  return { cold: told[0], warm: told[1] };
}
