// The map page, as an operator and a patrol use it; map_site.py starts the site and runs this.
import { createInterface } from 'node:readline';
import {
  countColour,
  DESK,
  openBrowser,
  PHONE,
  settled,
  shoot,
  Watched,
  WATER,
} from './browser.mjs';
import { Bail, Tap, until } from './tap.mjs';

const origin = new URL(process.env.BASE_URL ?? '').origin;
const mapOrigin = new URL(process.env.MAP_URL ?? '').origin;
const PASSWORD = process.env.ADMIN_PASSWORD ?? '';

const tap = new Tap();
const watched = new Watched(origin, [mapOrigin]);
const browser = await openBrowser();
const context = await browser.newContext({ viewport: { ...DESK, width: 1280, height: 800 } });
const page = await context.newPage();
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
await watched.watch(page);

try {
  await signIn();
  await draws();
  await incidents();
  await site();
  await search();
  await keyboard();
  await onPhone();
  await light();
  await exact();
  await offline();
  await withoutMap();
} catch (caught) {
  if (!(caught instanceof Bail)) tap.ok('the run itself', false, caught.stack);
  await shoot(page, 'map-failed').catch(() => undefined);
} finally {
  tap.ok(
    'no console error, policy violation or request elsewhere',
    watched.faults.length === 0,
    watched.faults.join('\n'),
  );
  await browser.close();
}
process.exit(tap.close());

/** What only the runner can do. */
async function order(words) {
  console.log(`!${words}`);
  await answers.next();
}

async function signIn() {
  await tap.must('an operator signs in', async () => {
    await page.goto(`${origin}/`);
    await page.getByLabel('Name').fill('admin');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
  });
  await tap.step('the other screens load nothing of the map', async () => {
    const files = await page.evaluate(() =>
      performance.getEntriesByType('resource').map((entry) => entry.name),
    );
    const heavy = files.filter((name) => /maplibre|\/map-/.test(name));
    if (heavy.length > 0) throw new Error(heavy.join(', '));
  });
}

async function draws() {
  await tap.must('the map opens from the rail', async () => {
    await page.getByRole('link', { name: 'Map', exact: true }).click();
    await page.waitForURL(/\/map\b/);
    await page.getByTestId('map').waitFor();
    await settled(page);
  });
  await tap.must('the sea is drawn', async () => {
    const water = await countColour(page, WATER);
    tap.note(`${water} points of water`);
    if (water < 2000) throw new Error(`only ${water} points of water`);
  });
  await tap.step('it was read by byte ranges, in few requests', async () => {
    const files = await page.evaluate(
      (from) =>
        performance
          .getEntriesByType('resource')
          .map((entry) => entry.name)
          .filter((name) => name.startsWith(from)),
      mapOrigin,
    );
    tap.note(`${files.length} requests for the first view`);
    if (!files.some((name) => /\/town-[0-9a-f]{64}\.pmtiles$/.test(name)))
      throw new Error(files.join(', '));
    if (files.length > 30) throw new Error(`${files.length} requests`);
  });
}

async function incidents() {
  await tap.must('the newest month of all categories is shown, with its legend', async () => {
    const choice = page.getByLabel('In', { exact: true });
    await until('a period', async () => /^2026-\d\d$/.test(await choice.inputValue()));
    await page.getByRole('list', { name: 'Incidents in a cell' }).waitFor();
    const periods = await choice.locator('option').allInnerTexts();
    tap.note(`${periods.length} periods, first "${periods[0]}"`);
    if (periods[0] !== 'October 2026') throw new Error(periods.join(', '));
  });
  await settled(page);
  await shoot(page, 'map-desk');
  await tap.step('another category and period, which the address keeps', async () => {
    await page.getByLabel('Show', { exact: true }).selectOption('theft');
    await page.getByLabel('In', { exact: true }).selectOption('2026-Q2');
    await until('the address', () => /cells=theft&period=2026-Q2/.test(page.url()));
    await settled(page);
    await page.reload();
    await settled(page);
    await until(
      'the same choice after loading again',
      async () => (await page.getByLabel('In', { exact: true }).inputValue()) === '2026-Q2',
    );
  });
  await tap.step('a cell says what it is', async () => {
    await page.getByLabel('Show', { exact: true }).selectOption('all');
    await page.goto(`${origin}/map?at=9.9693,76.2800,14.5&cells=all&period=2026-10`);
    await settled(page);
    await clickCell();
    await page.getByText(/in a square of about \d/).waitFor();
  });
  await shoot(page, 'map-desk-close');
}

/** Clicks until a cell is under the pointer: where they are is the town's secret. */
async function clickCell() {
  const box = await page.getByTestId('map').boundingBox();
  for (let step = 0; step < 80; step++) {
    const x = box.x + box.width * (0.2 + 0.07 * (step % 9));
    const y = box.y + box.height * (0.15 + 0.08 * Math.floor(step / 9));
    const onMap = await page.evaluate(
      ([left, top]) => document.elementFromPoint(left, top)?.tagName === 'CANVAS',
      [x, y],
    );
    if (!onMap) continue;
    await page.mouse.click(x, y);
    const shown = page.locator('section').filter({ hasText: /in a square of about/ });
    if ((await shown.count()) > 0) return;
  }
  throw new Error('no cell was found');
}

async function site() {
  await tap.must('the alert of the site stands beside the map and on it', async () => {
    await page.goto(`${origin}/map`);
    await settled(page);
    await page.getByText('Market closed, use Anchor Road').waitFor();
    await page.getByRole('button', { name: 'Show', exact: true }).first().click();
    await settled(page);
    const amber = await countColour(page, [255, 180, 50], 10);
    tap.note(`${amber} points of the warning's colour`);
    if (amber < 300) throw new Error(`only ${amber} points of amber`);
  });
  await tap.step('a device says how it fares', async () => {
    const mark = page.getByRole('button', {
      name: /^edge-market-1: sign and 2 cameras, online, warning active/,
    });
    await mark.click();
    await page.getByRole('link', { name: 'Open the device' }).waitFor();
    await page.getByRole('link', { name: 'arcade' }).waitFor();
  });
  await shoot(page, 'map-desk-site');
  await tap.step('what has no place is said, what stalls is seen', async () => {
    await page.getByText('1 of 4 devices have no place on the map').waitFor();
    await page
      .getByRole('button', { name: /^edge-harbour-1: .*1 camera not online/ })
      .waitFor({ state: 'attached' });
  });
}

async function search() {
  const field = page.getByRole('combobox', { name: /^Find/ });
  await tap.must('a place is found with the keyboard alone', async () => {
    await field.fill('hosp');
    await page.getByRole('option', { name: /Town Hospital/ }).waitFor();
    await shoot(page, 'map-desk-search');
    await field.press('Enter');
    await until('the view to be there', () => viewNear(9.9779, 76.2845));
    await settled(page);
  });
  await tap.step('a street, a ward and a device too', async () => {
    for (const [typed, found] of [
      ['pepper st', /Pepper Street/],
      ['lighth', /Lighthouse/],
      ['edge-harb', /edge-harbour-1/],
      ['harbour fr', /Harbour front/],
    ]) {
      await field.fill(typed);
      await page.getByRole('option', { name: found }).first().waitFor();
    }
    await field.fill('no such place');
    await page.getByText('Nothing has this name on the map').waitFor();
    await field.fill('');
  });
}

function viewNear(latitude, longitude) {
  const at = new URL(page.url()).searchParams.get('at')?.split(',').map(Number);
  return at && Math.abs(at[0] - latitude) < 0.002 && Math.abs(at[1] - longitude) < 0.002;
}

async function keyboard() {
  await tap.step('arrow keys move the map, plus zooms', async () => {
    const canvas = page.getByTestId('map').locator('canvas');
    await canvas.focus();
    const before = page.url();
    await page.keyboard.press('ArrowRight');
    await until('the view to move', () => page.url() !== before);
    await settled(page);
    const zoom = () => Number(new URL(page.url()).searchParams.get('at').split(',')[2]);
    const was = zoom();
    await page.keyboard.press('Equal');
    await until('the view to be closer', () => zoom() > was + 0.5);
  });
}

async function onPhone() {
  const phone = await context.newPage();
  await watched.watch(phone);
  await phone.setViewportSize(PHONE);
  await tap.must('the map fits a phone', async () => {
    await phone.goto(`${origin}/map?at=9.9693,76.2750,13.2`);
    await settled(phone);
    await shoot(phone, 'map-phone');
    await fits(phone);
  });
  await tap.step('its layers open over it, and close', async () => {
    await phone.getByRole('button', { name: 'Layers' }).click();
    await phone.getByRole('list', { name: 'Incidents in a cell' }).waitFor();
    await shoot(phone, 'map-phone-layers');
    await fits(phone);
    await phone.getByRole('button', { name: 'Close', exact: true }).click();
    await phone.getByRole('list', { name: 'Incidents in a cell' }).waitFor({ state: 'hidden' });
  });
  await tap.step('a mark can be hit and read', async () => {
    const mark = phone.getByRole('button', { name: /^edge-market-1:/ });
    await mark.click();
    await phone.getByRole('link', { name: 'Open the device' }).waitFor();
    await shoot(phone, 'map-phone-device');
    await fits(phone);
  });
  await phone.close();
}

async function fits(where) {
  const width = await where.evaluate(() => document.documentElement.scrollWidth);
  if (width > PHONE.width) throw new Error(`the page is ${width} px wide`);
  const small = await where.evaluate(() =>
    [...document.querySelectorAll('main button, main input, main select, nav a')]
      .map((each) => ({
        name: each.ariaLabel || each.textContent,
        box: (each.closest('label') ?? each).getBoundingClientRect(),
      }))
      .filter(({ box }) => box.width > 0 && (box.height < 28 || box.width < 24))
      .map(({ name, box }) => `${name} ${Math.round(box.width)} x ${Math.round(box.height)}`),
  );
  if (small.length > 0) throw new Error(`too small to hit: ${small.join(', ')}`);
}

async function light() {
  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('menuitem', { name: 'Use the light colours' }).click();
  await tap.step('the light colours hold on the map too', async () => {
    await page.goto(`${origin}/map`);
    await settled(page);
    if ((await countColour(page, [205, 226, 240])) < 2000) throw new Error('no light water');
  });
  await shoot(page, 'map-desk-light');
  await page.goto(`${origin}/map?at=9.9693,76.2800,14.5`);
  await settled(page);
  await shoot(page, 'map-desk-close-light');
  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('menuitem', { name: 'Use the dark colours' }).click();
}

/** What this device keeps of the site, by name. */
function kept() {
  return page.evaluate(async () => {
    const names = await caches.keys();
    const keys = await Promise.all(
      names.map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)),
    );
    return [...keys.flat(), ...Object.keys(localStorage), ...Object.keys(sessionStorage)];
  });
}

/** Requests for the private archive since the page was loaded. */
function fieldRequests() {
  return page.evaluate(
    () =>
      performance.getEntriesByType('resource').filter(({ name }) => /field\.pmtiles/.test(name))
        .length,
  );
}

async function exact() {
  await tap.must('the exact map of the field units is drawn for who may see it', async () => {
    await page.goto(`${origin}/map?at=9.9692,76.2810,15.2&cells=none`);
    await settled(page);
    if ((await fieldRequests()) > 0) throw new Error('it was read before it was wanted');
    await page.getByLabel('Exact incidents').check();
    await until('its ranges', async () => (await fieldRequests()) > 2);
    await settled(page);
    await shoot(page, 'map-desk-exact');
  });
  await tap.step('an incident says what it was', async () => {
    await clickIncident();
    await page.getByText('severity').waitFor();
    await shoot(page, 'map-desk-exact-picked');
  });
  await tap.step('at phone width too', async () => {
    await page.setViewportSize(PHONE);
    await settled(page);
    await shoot(page, 'map-phone-exact');
    await fits(page);
    await page.setViewportSize({ width: 1280, height: 800 });
  });
  await tap.step('a kept region has the public map only', async () => {
    await page.getByRole('button', { name: 'Keep this view' }).click();
    await page.getByText('Kept on this device').waitFor({ timeout: 60_000 });
    const found = await kept();
    tap.note(`${found.length} things kept`);
    if (found.length === 0) throw new Error('nothing was kept');
    if (found.some((each) => /field|pass/.test(each))) throw new Error(found.join(', '));
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Keep what the map shows now').waitFor();
  });
  await tap.step('off again, nothing of it stays', async () => {
    await page.getByLabel('Exact incidents').uncheck();
    await settled(page);
    await page.getByText('severity').waitFor({ state: 'detached' });
  });
  await strangers();
}

/** Who may not see it, on the same device, after somebody who may has signed out. */
async function strangers() {
  await tap.must('signing out leaves nothing of it on the device', async () => {
    await page.getByLabel('Exact incidents').check();
    await until('its ranges', async () => (await fieldRequests()) > 2);
    await page.getByRole('button', { name: /^Signed in as/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
    const found = (await kept()).filter((each) => /field|pass/.test(each));
    if (found.length > 0) throw new Error(found.join(', '));
    const drawn = await page.getByTestId('map').count();
    if (drawn > 0) throw new Error('the map is still there');
  });
  await tap.must('a viewer is offered none, and gets no byte', async () => {
    await signInAs('vera');
    await page.goto(`${origin}/map?at=9.9692,76.2810,15.2&cells=none`);
    await settled(page);
    if ((await page.getByLabel('Exact incidents').count()) > 0) throw new Error('offered');
    const answers = await page.evaluate(async (map) => {
      const session = await (await fetch('/auth/session')).json();
      const headers = { 'X-CSRF-Token': session.csrf_token };
      const pass = await fetch('/api/map/pass', { method: 'POST', headers });
      const bytes = await fetch(`${map}/field.pmtiles`, { headers: { Range: 'bytes=0-126' } });
      return [pass.status, bytes.status];
    }, mapOrigin);
    if (answers.join() !== '403,401') throw new Error(answers.join());
  });
  watched.faults = watched.faults.filter((fault) => !/40[13]/.test(fault));
  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await signInAs('admin');
}

async function signInAs(name) {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: /^Signed in as/ }).waitFor();
}

async function clickIncident() {
  const box = await page.getByTestId('map').boundingBox();
  for (let step = 0; step < 600; step++) {
    const x = box.x + box.width * 0.3 + 7 * (step % 30);
    const y = box.y + box.height * 0.3 + 7 * Math.floor(step / 30);
    await page.mouse.click(x, y);
    if ((await page.getByText('severity').count()) > 0) return;
  }
  throw new Error('no incident was found');
}

async function offline() {
  await tap.must('a view is kept on this device', async () => {
    await page.goto(`${origin}/map?at=9.9693,76.2800,13`);
    await settled(page);
    await page.getByRole('button', { name: 'Keep this view' }).click();
    await page.getByText('Kept on this device').waitFor({ timeout: 60_000 });
    tap.note(await page.getByTestId('offline').locator('p').first().innerText());
  });
  await settled(page);
  await shoot(page, 'map-desk-kept');
  await order('stop map');
  await tap.must('without the map’s server the kept part is drawn, and it says so', async () => {
    await page.reload();
    await page.getByText('The map’s server cannot be reached').waitFor();
    await settled(page);
    if ((await countColour(page, WATER)) < 500) throw new Error('no water without the server');
  });
  await order('stop control');
  await tap.must('without any network the kept map opens from its address', async () => {
    await page.goto(`${origin}/map/kept?at=9.9693,76.2700,13`);
    await page.getByRole('heading', { name: 'Map kept on this device' }).waitFor();
    await settled(page);
    if ((await countColour(page, WATER)) < 500) throw new Error('no water without a network');
  });
  await page.setViewportSize(PHONE);
  await settled(page);
  await shoot(page, 'map-phone-kept');
  await tap.step('and from the page that cannot sign in', async () => {
    await page.goto(`${origin}/situation`);
    await page.getByRole('link', { name: 'Open the map kept on this device' }).click();
    await page.getByRole('heading', { name: 'Map kept on this device' }).waitFor();
  });
  await page.setViewportSize({ width: 1280, height: 800 });
  await order('start map');
  await order('start control');
  await tap.must(
    'with the network all is live again, and what was kept can be deleted',
    async () => {
      await page.goto(`${origin}/map`);
      await page.getByText('Kept on this device').waitFor();
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByText('Keep what the map shows now').waitFor();
      const left = await page.evaluate(async () => [
        ...(await caches.keys()),
        ...(await navigator.serviceWorker.getRegistrations()).map((each) => each.scope),
      ]);
      if (left.length > 0) throw new Error(left.join(', '));
    },
  );
  // Two servers were away on purpose.
  watched.faults = watched.faults.filter(
    (fault) => !/ERR_CONNECTION_(REFUSED|RESET)|503/.test(fault),
  );
}

async function withoutMap() {
  await order('stop control');
  await order('start control without a map');
  await tap.must('a site without a map says what to do', async () => {
    await page.goto(`${origin}/map`);
    await page.getByText('This site has no map yet').waitFor();
    await page.getByText('map.url').waitFor();
  });
  await shoot(page, 'map-desk-none');
  watched.faults = watched.faults.filter(
    (fault) => !/ERR_CONNECTION_(REFUSED|RESET)|WebSocket/.test(fault),
  );
}
