// Two operators, each in a browser of their own, with keys that never leave it: they send an
// emergency and end it; one alone does neither. emergency_site.py starts the site and runs this.
import { createInterface } from 'node:readline';
import { DESK, openBrowser, shoot, Watched } from './browser.mjs';
import { Bail, Tap, until } from './tap.mjs';

const origin = new URL(process.env.BASE_URL ?? '').origin;
const codes = JSON.parse(process.env.PEOPLE ?? '{}');
const PASSWORD = process.env.PASSWORD ?? '';
const LAMP = process.env.LAMP ?? '';

const tap = new Tap();
const watched = new Watched(origin);
const browser = await openBrowser();
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

try {
  const anna = await enter('anna');
  const ben = await enter('ben');
  await makeKey(anna, 'anna');
  await makeKey(ben, 'ben');
  await sendIt(anna, ben);
  await forged(anna);
  await endIt(anna, ben);
  await renewIt(anna);
  await drill(anna);
} catch (caught) {
  if (!(caught instanceof Bail)) tap.ok('the run itself', false, caught.stack);
} finally {
  tap.ok(
    'no console error, policy violation or request elsewhere',
    watched.faults.length === 0,
    watched.faults.join('\n'),
  );
  await browser.close();
}
process.exit(tap.close());

/** What only the runner can do; answers with its answer. */
async function order(words) {
  console.log(`!${JSON.stringify(words)}`);
  return JSON.parse((await answers.next()).value);
}

/** A browser of their own for each. */
async function enter(name) {
  const context = await browser.newContext({ viewport: DESK });
  const page = await context.newPage();
  await watched.watch(page);
  await tap.must(`${name} signs in`, async () => {
    await page.goto(`${origin}/`);
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    // The second factor is asked for once the password is right; the console hears of that 401.
    await page.getByLabel('Code of your authenticator app').fill(codes[name].pop());
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    watched.faults = watched.faults.filter((fault) => !/auth\/login/.test(fault));
  });
  return page;
}

async function makeKey(page, name) {
  await tap.must(`${name}'s key is made in the browser and certified by the CA`, async () => {
    await page.goto(`${origin}/account`);
    await page.getByRole('button', { name: 'Make my key' }).click();
    const request = page.getByTestId('key-request');
    await until('the request', async () =>
      (await request.inputValue()).includes('END CERTIFICATE REQUEST'),
    );
    const mark = await page.getByTestId('key-mark').textContent();
    const certified = await order({ do: 'certify', name, request: await request.inputValue() });
    if (certified.mark !== mark)
      throw new Error(`the CA saw mark ${certified.mark}, the page ${mark}`);
    await page.getByLabel('Certificate', { exact: true }).fill(certified.certificate);
    await page.getByRole('button', { name: 'Take the certificate' }).click();
    await page.getByText('This browser has your key, and its certificate.').waitFor();
    await page.reload();
    await page.getByText('This browser has your key, and its certificate.').waitFor();
  });
  await tap.step(`${name}'s key cannot be taken out`, async () => {
    const taken = await page.evaluate(
      (person) =>
        new Promise((resolve) => {
          const opening = indexedDB.open('tocsin-operator', 1);
          opening.onsuccess = () => {
            const get = opening.result.transaction('keys').objectStore('keys').get(person);
            get.onsuccess = () =>
              crypto.subtle
                .exportKey('pkcs8', get.result.pair.privateKey)
                .then(
                  () => 'taken',
                  (error) => error.name,
                )
                .then(resolve);
          };
        }),
      name,
    );
    if (taken !== 'InvalidAccessError') throw new Error(`exporting it gave ${taken}`);
  });
}

async function approve(page, name) {
  await page.getByLabel('Fresh code of your app').fill(codes[name].pop());
  await page.getByRole('button', { name: 'Approve with my key' }).click();
}

async function isLit(page) {
  return page.evaluate(async (lamp) => {
    const alerts = await (await fetch('/api/alerts?state=active')).json();
    const first = alerts.alerts.find((each) => each.tier === 'emergency');
    if (!first) return false;
    const alert = await (await fetch(`/api/alerts/${first.id}`)).json();
    return alert.deliveries.some((each) => each.device === lamp && each.state === 'lit');
  }, LAMP);
}

async function openWaiting(page, words) {
  await page.goto(`${origin}/alerts`);
  await page.getByTestId('waiting').getByRole('link', { name: words }).click();
}

async function sendIt(anna, ben) {
  await tap.must('anna writes an emergency, which waits', async () => {
    await anna.goto(`${origin}/alerts/new`);
    await anna.getByRole('radio', { name: 'Emergency' }).check({ force: true });
    await anna.getByLabel('English').first().fill('Leave by the north gate');
    await anna.getByRole('checkbox', { name: /north/i }).first().check({ force: true });
    await anna.getByRole('button', { name: 'Write emergency for approval' }).click();
    await anna.getByText('Needs 2 approvals, has none yet.').waitFor();
    await shoot(anna, 'emergency-waits');
  });
  await tap.must('her approval alone sends nothing', async () => {
    await approve(anna, 'anna');
    await anna.getByText('Needs 2 approvals, has 1: anna.').waitFor();
    if (await isLit(anna)) throw new Error('it is lit');
  });
  await tap.must('a wrong code is refused, though the session is good', async () => {
    await openWaiting(ben, 'Send an emergency');
    await ben.getByLabel('Fresh code of your app').fill('000000');
    await ben.getByRole('button', { name: 'Approve with my key' }).click();
    await ben.getByText('This code is wrong').waitFor();
    watched.faults = watched.faults.filter((fault) => !/approve/.test(fault));
  });
  await tap.must('ben approves what anna wrote, and the sign is lit', async () => {
    await ben.getByText('Leave by the north gate').first().waitFor();
    await approve(ben, 'ben');
    await ben.getByText('Sent, approved by').waitFor();
    await until('the sign is lit', () => isLit(ben));
  });
  await tap.step('both see the banner', async () => {
    for (const page of [anna, ben]) await page.getByText('Emergency active').waitFor();
    await ben.getByRole('link', { name: 'See the alert' }).click();
    await until('red lamps on the page', async () => (await redLamps(ben)) > 20);
    await shoot(ben, 'emergency-lit');
  });
}

/** Lamps of the sign's picture that are red. */
function redLamps(page) {
  return page.evaluate(() => {
    const canvas = document.querySelector('canvas');
    if (!canvas) return 0;
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    let red = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at] > 180 && data[at + 1] < 90 && data[at + 2] < 90) red += 1;
    return red;
  });
}

async function forged(page) {
  await tap.step("an emergency by control's key alone is refused by the sign", async () => {
    const answer = await order({ do: 'forge' });
    if (!answer.refused) throw new Error(JSON.stringify(answer));
    if (!(await isLit(page))) throw new Error('the real one is gone');
  });
}

async function endIt(anna, ben) {
  await tap.must('anna asks to cancel it; alone she does not', async () => {
    await anna.goto(`${origin}/alerts?state=active`);
    await anna.getByRole('link', { name: 'Leave by the north gate' }).first().click();
    const button = anna.getByRole('button', { name: 'Hold to cancel' });
    await button.focus();
    await anna.keyboard.down('Enter');
    await anna.getByText('Needs 2 approvals, has none yet.').waitFor();
    await anna.keyboard.up('Enter');
    await approve(anna, 'anna');
    await anna.getByText('Needs 2 approvals, has 1: anna.').waitFor();
    if (!(await isLit(anna))) throw new Error('it is dark');
  });
  await tap.must('ben approves, and the sign is dark', async () => {
    await openWaiting(ben, 'Cancel an emergency');
    await approve(ben, 'ben');
    await ben.getByText('Sent, approved by').waitFor();
    await until('the sign is dark', async () => !(await isLit(ben)));
    await ben.getByText('Emergency active').waitFor({ state: 'detached' });
  });
}

/** The alert of the board that the page shows. */
function shown(page) {
  return page.evaluate(async () =>
    (await fetch(`/api/alerts/${window.location.pathname.split('/').pop()}`)).json(),
  );
}

async function compose(page, tier, words) {
  await page.goto(`${origin}/alerts/new`);
  await page.getByRole('radio', { name: tier }).check({ force: true });
  await page.getByLabel('English').first().fill(words);
  await page.getByRole('checkbox', { name: /north/i }).first().check({ force: true });
}

async function renewIt(page) {
  await tap.step('a warning is renewed from its board with one press', async () => {
    await compose(page, 'Warning', 'Ice on the bridge');
    await page.getByRole('button', { name: 'Send warning' }).click();
    await page.getByRole('button', { name: 'Renew for 5 minutes' }).waitFor();
    const before = await shown(page);
    await page.getByRole('button', { name: 'Renew for 5 minutes' }).click();
    await until('the next revision', async () => (await shown(page)).revision === 2);
    const after = await shown(page);
    if (!(Date.parse(after.expire) > Date.parse(before.expire))) throw new Error(after.expire);
  });
}

async function drill(page) {
  await tap.step('an exercise says so, and the sign refuses it in words', async () => {
    await compose(page, 'Advisory', 'Fire drill at ten');
    await page.getByLabel('This is').selectOption('exercise');
    await page.getByRole('button', { name: 'Send exercise of advisory' }).click();
    await page.getByText('this sign lights no exercises or tests').waitFor();
    await page.getByText('EXERCISE', { exact: true }).first().waitFor();
    await shoot(page, 'exercise');
  });
}
