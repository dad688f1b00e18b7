/** Signing in with the site's outside identity provider: a way of pages, there and back. */
import { getJson, keepCsrfToken, send, sendJson, type Shown } from './api';
import { Problem } from './problem';
import type { Session } from './types';

/** What people call the provider, or null when the site has none. */
export async function readProvider(): Promise<string | null> {
  return (await getJson<{ name: string | null }>('/auth/provider', 'Signing in')).name;
}

/** Where to send the browser, so that it comes back to `path` of this page. */
export async function beginProvider(path: string): Promise<string> {
  const body = returnable(path) ? { return: path } : {};
  const ask = { method: 'POST', body, subject: 'Signing in' } as const;
  return (await sendJson<{ location: string }>('/auth/provider/begin', ask)).location;
}

/** The second factor of whoever has come back; with nothing shown it only says what is needed. */
export async function showFactor(shown?: Shown): Promise<Session> {
  const ask = { method: 'POST', body: { ...shown }, subject: 'Signing in' } as const;
  const session = await sendJson<Session>('/auth/provider/factor', ask);
  keepCsrfToken(session.csrf_token);
  return session;
}

/** The same as beginProvider, to link somebody to the account that is signed in. */
export async function beginLink(password: string): Promise<string> {
  const ask = { method: 'POST', body: { password }, subject: 'The link' } as const;
  return (await sendJson<{ location: string }>('/auth/provider/link', ask)).location;
}

export async function removeLink(id: string, password: string): Promise<void> {
  const path = `/auth/provider/links/${encodeURIComponent(id)}/remove`;
  await send(path, { method: 'POST', body: { password }, subject: 'The link' });
}

/** What control takes as a way back: a plain path of ours (src/provider/address.c). */
export function returnable(path: string): boolean {
  return /^\/(?!\/)[A-Za-z0-9/_-]{0,250}$/.test(path) && !/^\/(auth|api|stream)\//.test(path);
}

/* ---- what the way back says ---- */

const AGAIN = 'Begin again; if it stays, sign in with your password.';

/** By the word in ?provider=: what happened, and what to do. */
const OUTCOMES: Record<string, [detail: string, next: string]> = {
  expired: ['This sign-in was begun elsewhere, used before, or has taken too long.', AGAIN],
  declined: ['The identity provider did not sign you in.', AGAIN],
  refused: [
    'What the identity provider said could not be trusted.',
    'Sign in with your password, and tell an administrator of the site the time.',
  ],
  unavailable: [
    'The identity provider does not answer now.',
    'Sign in with your password, or try again in a minute.',
  ],
  unknown: [
    'Nobody here is linked to this person of the identity provider, or their account is closed.',
    'Sign in with your password, then link yourself on the page Your account.',
  ],
  wait: ['There were too many tries.', 'Wait a minute, then try again.'],
  taken: [
    'This person of the identity provider is linked already.',
    'Nothing has changed. Whoever has the link removes it first.',
  ],
  many: ['You have too many links.', 'Remove one first.'],
};

/** The word of an address, or null. */
export function outcomeOf(search: string): string | null {
  return new URLSearchParams(search).get('provider');
}

/** What went wrong by that word; null when nothing did. `title` is what has not happened. */
export function outcomeProblem(word: string | null, title = 'Not signed in'): Problem | null {
  const words = word === null ? undefined : Object.hasOwn(OUTCOMES, word) && OUTCOMES[word];
  return words ? new Problem(401, title, words[0], words[1]) : null;
}

/** Takes the word out of the address: it is about this one visit. */
export function forgetOutcome(): void {
  const url = new URL(window.location.href);
  if (!url.searchParams.has('provider')) return;
  url.searchParams.delete('provider');
  window.history.replaceState(window.history.state, '', url);
}
