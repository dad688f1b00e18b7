// Somebody links themself on their account page, signs out, and comes back through the identity
// provider's own page; another shows a second factor besides; then the provider is gone.
// provider_site.py starts both sites and runs this.
import { createInterface } from 'node:readline';
import { DESK, openBrowser, PHONE, shoot, Watched } from './browser.mjs';
import { Bail, Tap } from './tap.mjs';

const { ORIGIN: origin = '', ISSUER: issuer = '', PASSWORD = '' } = process.env;
const codes = JSON.parse(process.env.CODES ?? '[]');
const tap = new Tap();
const watched = new Watched(origin, [issuer]);
const browser = await openBrowser();
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

try {
  const ann = await open(DESK);
  await tap.must('ann signs in with her password', () => byPassword(ann, 'ann'));
  await tap.must('ann links her person of the provider', () => link(ann, 'ann', 'desk-link'));
  await tap.must('ann signs in through the page of the provider', () => comeBack(ann));
  const stranger = await open(PHONE);
  await tap.step('a stranger is sent away with a word what to do', () => sentAway(stranger));
  const ben = await open(PHONE);
  await tap.must('ben signs in with his second factor', () => byPassword(ben, 'ben'));
  await tap.must('ben links his', () => link(ben, 'ben', 'phone-link'));
  await tap.must('the provider does not stand for his second factor', () => withFactor(ben));
  await tap.step('a guest joins and links in one go', async () => guest(await open(DESK)));
  await tap.step('she unlinks, and is a stranger again', () => unlink(ann));
  await tap.step('without the provider the password is left', () => alone());
} catch (caught) {
  if (!(caught instanceof Bail)) tap.ok('the run itself', false, caught.stack);
} finally {
  // Refused requests are written down by the browser, and were asked for; the provider's own page
  // wants a font from elsewhere and an icon that it has not.
  const asked = /auth\/(login|provider\/factor)|https:\/\/fonts\.googleapis\.com\/|favicon\.ico/;
  const faults = watched.faults.filter((fault) => !asked.test(fault));
  tap.ok(
    'no console error, policy violation or request elsewhere',
    faults.length === 0,
    faults.join('\n'),
  );
  await browser.close();
}
process.exit(tap.close());

/** A browser of their own, which takes the certificates of this test. */
async function open(viewport) {
  const context = await browser.newContext({ viewport, ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await watched.watch(page);
  return page;
}

async function live(page) {
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
}

async function byPassword(page, name) {
  await page.goto(`${origin}/`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  if (name === 'ben') {
    await page.getByLabel('Code of your authenticator app').fill(codes.pop());
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }
  await live(page);
}

/** The provider's own page: its form, not ours. */
async function atProvider(page, name) {
  await page.waitForURL(`${issuer}/interaction/**`);
  await page.locator('input[name="login"]').fill(name);
  await page.locator('input[name="password"]').fill('anything');
  await shoot(page, `provider-${name}`);
  await page.locator('button[type="submit"]').click();
  await page.locator('input[name="prompt"][value="consent"]').waitFor({ state: 'attached' });
  await page.locator('button[type="submit"]').click();
}

function panelOf(page) {
  return page.locator('section').filter({ hasText: 'Sign in with Town ID' });
}

async function link(page, name, picture) {
  await page.goto(`${origin}/account`);
  const panel = panelOf(page);
  await panel.getByText('Link yourself once').waitFor();
  await panel.getByLabel('Password, to change links').fill(PASSWORD);
  await panel.getByRole('button', { name: 'Link Town ID' }).click();
  await atProvider(page, name);
  await panel.getByText('You are linked').waitFor();
  await panel.locator('li[data-link-id]').filter({ hasText: name }).waitFor();
  if (new URL(page.url()).search) throw new Error(`the address keeps ${page.url()}`);
  await panel.scrollIntoViewIfNeeded();
  await shoot(page, picture);
}

async function signOut(page) {
  await page.getByRole('button', { name: 'Signed in as' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
}

/** At the provider ann is signed in still: it asks her nothing. */
async function comeBack(page) {
  await page.goto(`${origin}/alerts`);
  await signOut(page);
  await page.getByRole('button', { name: 'Sign in with Town ID' }).waitFor();
  await shoot(page, 'desk-sign-in-provider');
  await page.getByRole('button', { name: 'Sign in with Town ID' }).click();
  await live(page);
  if (new URL(page.url()).pathname !== '/alerts') throw new Error(`we are at ${page.url()}`);
  await page.goto(`${origin}/account`);
  await page.locator('tr[data-session]').filter({ hasText: 'this one' }).waitFor();
  const cookies = await page.context().cookies(origin);
  const session = cookies.find(({ name }) => name === 'tocsin_session');
  if (session?.sameSite !== 'Strict' || !session.secure || !session.httpOnly)
    throw new Error(`the session's cookie: ${JSON.stringify(session)}`);
  if (cookies.some(({ name }) => name === '__Host-tocsin_provider'))
    throw new Error('the cookie of the way is still there');
}

async function sentAway(page) {
  await page.goto(`${origin}/map`);
  await page.getByRole('button', { name: 'Sign in with Town ID' }).click();
  await atProvider(page, 'mallory');
  await page.getByText('Nobody here is linked to this person').waitFor();
  await page.getByText('then link yourself on the page Your account').waitFor();
  const { pathname, search } = new URL(page.url());
  if (pathname !== '/map' || search) throw new Error(`we are at ${page.url()}`);
  await shoot(page, 'phone-provider-unknown');
}

async function withFactor(page) {
  await page.goto(`${origin}/situation`);
  await signOut(page);
  await page.getByRole('button', { name: 'Sign in with Town ID' }).click();
  await page.getByRole('heading', { name: 'Show your second factor' }).waitFor();
  const field = page.getByLabel('Code of your authenticator app');
  await field.fill('000000');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('This code is wrong').waitFor();
  await shoot(page, 'phone-provider-factor');
  await field.fill(codes.pop());
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await live(page);
}

/** The link of an invitation, a password, and on to the provider's page. */
async function guest(page) {
  await page.goto(process.env.INVITATION ?? '');
  await page.locator('input[name="new"]').fill(PASSWORD);
  await page.locator('input[name="again"]').fill(PASSWORD);
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('heading', { name: 'Welcome, gita' }).waitFor();
  await page.getByRole('button', { name: 'Link Town ID' }).waitFor();
  await shoot(page, 'desk-provider-join');
  await page.getByRole('button', { name: 'Link Town ID' }).click();
  await atProvider(page, 'gita');
  await panelOf(page).getByText('You are linked').waitFor();
}

async function unlink(page) {
  await page.goto(`${origin}/account`);
  const panel = panelOf(page);
  await panel.getByLabel('Password, to change links').fill(PASSWORD);
  await panel.getByRole('button', { name: 'Unlink' }).click();
  await panel.getByText('Link yourself once').waitFor();
  await signOut(page);
  await page.getByRole('button', { name: 'Sign in with Town ID' }).click();
  await page.getByText('Nobody here is linked to this person').waitFor();
}

/** The provider is stopped; a server that has seen it before still sends people there. */
async function alone() {
  console.log('!stop');
  await answers.next();
  const page = await open(DESK);
  await page.goto(`${origin}/`);
  await page.getByRole('button', { name: 'Sign in with Town ID' }).waitFor();
  await byPassword(page, 'ann');
}
