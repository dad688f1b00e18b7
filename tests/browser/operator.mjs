// What the demo's hints tell a visitor to do: the operator signs in, makes a passkey and a key, has
// the key certified with the printed command, and lights the sign red. Then the administrator looks
// at the record. OPERATOR_PASSWORD and CERTIFY are what the demo has printed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addAuthenticator, DESK, readLeds, readSign, shoot } from './browser.mjs';
import { until } from './tap.mjs';

const NAME = 'operator';
const PASSWORD = 'seven bells before the tide';
const WORDS = 'Leave the station by the north gate';

export async function operator({ tap, browser, page: admin, watched, origin }) {
  const context = await browser.newContext({ viewport: DESK });
  const page = await context.newPage();
  await watched.watch(page);
  await addAuthenticator(context, page);
  await tap.must('the operator signs in with what the demo printed', () => signIn(page, origin));
  await tap.must('without a second factor and a key nothing is approved', async () => {
    await compose(page, origin);
    await page.getByText('This browser has no certified key of yours').waitFor();
    await page.getByRole('link', { name: 'Set it up' }).click();
  });
  await tap.must('a passkey is added', async () => {
    await page.getByLabel('Name of the passkey').fill('yellow key');
    await page.getByLabel('Password, to change passkeys').fill(PASSWORD);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.locator('li[data-passkey]').getByText('yellow key').waitFor();
  });
  await tap.must('the key is made, and certified with the printed command', () => makeKey(page));
  await shoot(page, 'operator-account');
  await tap.must('the emergency is approved with a touch of the passkey', async () => {
    await page.goto(`${origin}/alerts`);
    await page.getByTestId('waiting').getByRole('link', { name: 'Send an emergency' }).click();
    await page.getByText(WORDS).first().waitFor();
    await page.getByRole('button', { name: 'Approve with my passkey' }).waitFor();
    await shoot(page, 'operator-approve');
    await page.getByRole('button', { name: 'Approve with my passkey' }).click();
    await page.getByText('Sent, approved by operator.').waitFor();
    await page.getByRole('link', { name: 'See the alert' }).click();
  });
  const device = await tap.must('the board says lit', () => boardLit(page));
  await tap.step('the sign is red', () => signRed(page, origin, device));
  await tap.step('the administrator sees each row of it with its proof', () =>
    proofs(admin, origin),
  );
  await tap.must('it is ended with another touch, and the sign is dark', async () => {
    await cancel(page, origin);
    await page.goto(`${origin}/devices/${device}`);
    await until('a dark sign', async () => (await readSign(page)).lit === 0);
  });
  watched.faults = watched.faults.filter((fault) => !/401.*\/auth\/login/.test(fault));
  await context.close();
}

async function signIn(page, origin) {
  await page.goto(`${origin}/`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Name').fill(NAME);
  await page.getByLabel('Password').fill(process.env.OPERATOR_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('One-time password').fill(process.env.OPERATOR_PASSWORD);
  await page.getByLabel('New password', { exact: false }).first().fill(PASSWORD);
  await page.getByLabel('New password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set password' }).click();
  await page.waitForURL('**/situation');
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
}

async function compose(page, origin) {
  await page.goto(`${origin}/alerts/new`);
  await page.getByRole('radio', { name: 'Emergency' }).check({ force: true });
  await page.getByLabel('English').first().fill(WORDS);
  await page.getByRole('checkbox', { name: /north/i }).first().check({ force: true });
  await until('the preview to light', async () => {
    const leds = await readLeds(page.getByTestId('preview').first());
    return leds.lit > 50;
  });
  await shoot(page, 'operator-compose');
  await page.getByRole('button', { name: 'Write emergency for approval' }).click();
  await page.getByText('Needs 1 approval, has none yet.').waitFor();
}

async function makeKey(page) {
  await page.getByRole('button', { name: 'Make my key' }).click();
  const request = page.getByTestId('key-request');
  await until('the request', async () =>
    (await request.inputValue()).includes('END CERTIFICATE REQUEST'),
  );
  const [command, ...words] = process.env.CERTIFY.split(' ');
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-operator-'));
  const file = join(folder, 'operator.csr');
  writeFileSync(file, await request.inputValue());
  const certificate = execFileSync(command, [...words, '--request', file]);
  rmSync(folder, { recursive: true });
  await page.getByLabel('Certificate', { exact: true }).fill(certificate.toString());
  await page.getByRole('button', { name: 'Take the certificate' }).click();
  await page.getByText('This browser has your key, and its certificate.').waitFor();
}

async function boardLit(page) {
  const row = page.locator('tr[data-device]').first();
  await until('a lit sign', async () => /\blit\b/i.test(await row.innerText()));
  await shoot(page, 'operator-board');
  return row.getAttribute('data-device');
}

async function signRed(page, origin, device) {
  await page.goto(`${origin}/devices/${device}`);
  await until('red lamps', async () => {
    const leds = await readSign(page);
    return leds.red > 40 && leds.red > leds.lit * 0.5;
  });
  await shoot(page, 'operator-sign');
}

async function proofs(admin, origin) {
  for (const [action, name] of [
    ['Draft approved', 'operator-audit'],
    ['Draft made', ''],
    ['Signed in', ''],
  ]) {
    await admin.goto(`${origin}/audit`);
    const log = admin.getByTestId('audit');
    const row = log.getByRole('link', { name: action }).first();
    await row.waitFor();
    if (name) await shoot(admin, name);
    await row.click();
    await until(`a proof of "${action}"`, async () => {
      const proof = admin.getByTestId('proof');
      if ((await proof.count()) && (await proof.getAttribute('data-good')) === 'true') return true;
      await admin.getByRole('button', { name: 'Look again' }).click();
      return false;
    });
    if (name) await shoot(admin, `${name}-proof`);
  }
}

async function cancel(page, origin) {
  await page.goto(`${origin}/alerts?state=active`);
  await page.getByRole('link', { name: WORDS }).first().click();
  const button = page.getByRole('button', { name: 'Hold to cancel' });
  await button.focus();
  await page.keyboard.down('Enter');
  await page.getByText('Needs 1 approval, has none yet.').waitFor();
  await page.keyboard.up('Enter');
  await page.getByRole('button', { name: 'Approve with my passkey' }).click();
  await page.getByText('Sent, approved by operator.').waitFor();
}
