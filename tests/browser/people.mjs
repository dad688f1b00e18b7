// People: somebody is invited, joins by the link, sets up an authenticator app, signs in with its
// code, sees only what the role and the zone allow, and is put out by the administrator.
import { createHmac } from 'node:crypto';
import { addAuthenticator, DESK, shoot } from './browser.mjs';
import { until } from './tap.mjs';

const PASSWORD = 'a lantern over slow water';
const NAME = 'ravi';

/** RFC 6238 with SHA-1 and six digits, after a secret in base32. */
export function codeOf(secret, step) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = '';
  for (const letter of secret) bits += letters.indexOf(letter).toString(2).padStart(5, '0');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const moment = Buffer.alloc(8);
  moment.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', key).update(moment).digest();
  const at = digest[19] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const nowStep = () => Math.floor(Date.now() / 30_000);

export async function people({ tap, browser, page, watched, origin }) {
  const link = await tap.must('an operator of one zone is invited by a link', () =>
    inviteOperator(page, NAME),
  );
  const context = await browser.newContext({ viewport: DESK });
  const guest = await context.newPage();
  await watched.watch(guest);
  await tap.must('the guest joins by it and signs in', () => join(guest, link));
  const used = await tap.must('an authenticator app is set up, and its codes are shown', () =>
    setUpApp(guest),
  );
  await tap.step('the account says where one is signed in', async () => {
    await guest.locator('tr[data-session]').filter({ hasText: 'this one' }).waitFor();
    await shoot(guest, 'desk-account');
  });
  await tap.step('an operator has no page of people', async () => {
    if (await guest.getByRole('link', { name: 'People' }).count()) throw new Error('it is offered');
  });
  await tap.must('signing in again asks for the code, and takes it', () =>
    signInAgain(guest, used),
  );
  await tap.step('the administrator keeps the guest out, at once', async () => {
    await page.goto(`${origin}/people?person=${NAME}`);
    await page.getByRole('button', { name: 'Keep out' }).click();
    await page.locator(`tr[data-person="${NAME}"]`).getByText('kept out').waitFor();
    await shoot(page, 'desk-people');
    await guest.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: 10_000 });
  });
  await tap.step('a passkey is made, and signs in beside the password', () =>
    passkey(browser, page, origin),
  );
  // The browser writes refused requests down; these were asked for.
  watched.faults = watched.faults.filter((fault) => !/401/.test(fault));
  await context.close();
}

async function inviteOperator(page, name) {
  await page.getByRole('link', { name: 'People', exact: true }).click();
  await page.getByRole('heading', { name: 'Invite somebody' }).waitFor();
  const panel = page.locator('section').filter({ hasText: 'Invite somebody' });
  await panel.getByLabel('Name').fill(name);
  await panel.getByLabel('The whole site').uncheck();
  await panel.locator('fieldset input[type="checkbox"]').nth(1).check();
  await panel.getByRole('button', { name: 'Make a link' }).click();
  return page.locator('code[data-link]').innerText();
}

async function join(guest, link, name = NAME) {
  await guest.goto(link);
  await guest.locator('input[name="new"]').fill(PASSWORD);
  await guest.locator('input[name="again"]').fill(PASSWORD);
  await guest.getByRole('button', { name: 'Join' }).click();
  await guest.getByRole('heading', { name: `Welcome, ${name}` }).waitFor();
  await guest.getByRole('link', { name: 'Sign in' }).click();
  await fillSignIn(guest, name);
  await guest.getByRole('button', { name: 'Signed in as' }).waitFor();
}

async function fillSignIn(guest, name = NAME) {
  // The page that is being left has fields of a like name.
  await guest.getByRole('heading', { name: 'Sign in' }).waitFor();
  await guest.getByLabel('Name').fill(name);
  await guest.getByLabel('Password').fill(PASSWORD);
  await guest.getByRole('button', { name: 'Sign in' }).click();
}

async function setUpApp(guest) {
  await guest.getByRole('button', { name: 'Signed in as' }).click();
  await guest.getByRole('menuitem', { name: 'Your account' }).click();
  const panel = guest.locator('section').filter({ hasText: 'Second factor' });
  await panel.getByLabel('Your password').fill(PASSWORD);
  await panel.getByRole('button', { name: 'Set up an authenticator app' }).click();
  await panel.getByRole('img', { name: 'QR code' }).waitFor();
  const secret = (await panel.locator('code').innerText()).replaceAll(' ', '');
  const step = nowStep();
  await panel.getByLabel('Code that the app shows').fill(codeOf(secret, step));
  await panel.getByRole('button', { name: 'Use this app' }).click();
  await panel.getByRole('button', { name: 'I have kept them' }).click();
  await panel.getByText('10 recovery codes').waitFor();
  return { secret, step };
}

async function signInAgain(guest, { secret, step }) {
  await guest.getByRole('button', { name: 'Signed in as' }).click();
  await guest.getByRole('menuitem', { name: 'Sign out' }).click();
  await fillSignIn(guest);
  const field = guest.getByLabel('Code of your authenticator app');
  await field.waitFor();
  // The code that set the app up is spent; the next one is taken one step ahead of its time.
  await until('the time of a new code', () => nowStep() >= step, 40_000);
  await field.fill(codeOf(secret, step + 1));
  await guest.getByRole('button', { name: 'Sign in' }).click();
  await guest.getByRole('button', { name: 'Signed in as' }).waitFor();
}

/** With Chromium's virtual authenticator; at localhost, since passkeys are made for names only. */
async function passkey(browser, page, origin) {
  const name = 'mira';
  await page.goto(`${origin}/people`);
  const link = await inviteOperator(page, name);
  const context = await browser.newContext({ viewport: DESK });
  const guest = await context.newPage();
  await addAuthenticator(context, guest);
  await join(guest, link.replace('127.0.0.1', 'localhost'), name);
  await guest.goto(`${origin.replace('127.0.0.1', 'localhost')}/account`);
  await guest.getByLabel('Name of the passkey').fill('yellow key');
  await guest.getByLabel('Password, to change passkeys').fill(PASSWORD);
  await guest.getByRole('button', { name: 'Add a passkey' }).click();
  await guest.locator('li[data-passkey]').getByText('yellow key').waitFor();
  await guest.getByRole('button', { name: 'Signed in as' }).click();
  await guest.getByRole('menuitem', { name: 'Sign out' }).click();
  await fillSignIn(guest, name);
  await guest.getByRole('button', { name: 'Use your passkey' }).click();
  await guest.getByRole('button', { name: 'Signed in as' }).waitFor();
  await guest.locator('tr[data-session]').getByText('password and passkey').waitFor();
  await context.close();
}
