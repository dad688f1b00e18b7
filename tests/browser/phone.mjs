// Every screen at the width of a phone: nothing wider than the screen, targets a thumb can hit.
import { readLeds, shoot } from './browser.mjs';
import { until } from './tap.mjs';

const SCREENS = [
  ['situation', '/situation', 'a[href^="/events/"]'],
  ['events', '/events', 'tr[data-event]'],
  ['alerts', '/alerts', 'tbody tr'],
  ['new-alert', '/alerts/new', 'textarea'],
  ['map', '/map', '[data-testid=map][data-idle], ol'],
  ['devices', '/devices', 'tbody tr'],
  ['cameras', '/cameras', 'tbody tr'],
];

export async function phone({ tap, context, watched, origin, size }) {
  const page = await context.newPage();
  await watched.watch(page);
  await page.setViewportSize(size);
  for (const [name, path, sign] of SCREENS)
    await tap.step(`${name} fits a phone`, async () => {
      await page.goto(`${origin}${path}`);
      await page.locator(sign).first().waitFor();
      await shoot(page, `phone-${name}`);
      await fits(page, size);
    });
  await tap.step('a new alert shows its sign on a phone', async () => {
    await page.goto(`${origin}/alerts/new`);
    await page.locator('textarea').first().fill('Path closed, use the north gate');
    const sign = page.getByTestId('preview').first();
    await until('the preview to light', async () => (await readLeds(sign)).cyan > 50);
    await page.locator('textarea').first().scrollIntoViewIfNeeded();
    await shoot(page, 'phone-new-alert-preview');
    await fits(page, size);
  });
  await tap.step('one event fits a phone', async () => {
    await page.goto(`${origin}/events`);
    await page.locator('tr[data-event][data-state=end] a').first().click();
    await page.locator('video, [data-testid=snapshot]').first().waitFor();
    await shoot(page, 'phone-event');
    await fits(page, size);
  });
  await tap.step('the board fits a phone', async () => {
    await page.goto(`${origin}/alerts`);
    await page.locator('tbody tr a').first().click();
    await page.locator('[data-testid=board] tr').first().waitFor();
    await shoot(page, 'phone-board');
    await fits(page, size);
  });
  await tap.step('a device with its sign fits a phone', async () => {
    await page.goto(`${origin}/devices`);
    const withSign = page.locator('tbody tr').filter({ hasText: /\bedge\b/ });
    await withSign.locator('a').first().click();
    await page.locator('[data-testid=sign]').waitFor();
    await page.waitForTimeout(500);
    await shoot(page, 'phone-device');
    await fits(page, size);
  });
  await page.close();
}

async function fits(page, size) {
  const found = await page.evaluate(() => ({
    width: document.documentElement.scrollWidth,
    small: [...document.querySelectorAll('nav a, header a, header button')]
      .map((each) => ({
        name: each.textContent || each.ariaLabel,
        box: each.getBoundingClientRect(),
      }))
      .filter(({ box }) => box.width > 0 && (box.height < 44 || box.width < 24))
      .map(({ name, box }) => `${name} ${Math.round(box.width)} x ${Math.round(box.height)}`),
  }));
  if (found.width > size.width) throw new Error(`the page is ${found.width} px wide`);
  if (found.small.length > 0) throw new Error(`too small to hit: ${found.small.join(', ')}`);
}
