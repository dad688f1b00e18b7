/**
 * Requests to control. Keeps the CSRF token of the session in memory (never in storage) and
 * repeats it in every unsafe request; the session itself is a cookie that scripts cannot read.
 */
import type { FilmAnswer } from './film';
import type { PasskeyAnswer, PasskeyQuestion } from './passkey';
import { linkProblem, problemFrom } from './problem';
import type {
  Alert,
  AlertText,
  Approval,
  Emergency,
  Device,
  NewAlert,
  NewInvitation,
  Person,
  PreviewDraft,
  Role,
  Session,
  User,
} from './types';

let csrfToken = '';
let lostSession: () => void = () => undefined;

/** Called when any request finds that the session has ended. */
export function onSessionLost(listener: () => void): void {
  lostSession = listener;
}

export function keepCsrfToken(token: string): void {
  csrfToken = token;
}

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** What this is about, for the words of an error: "Alert 018f…". */
  subject?: string;
}

/** Sends and answers with the response, ok only; throws Problem otherwise. */
export async function send(path: string, ask: Ask = {}): Promise<Response> {
  const method = ask.method ?? 'GET';
  const subject = ask.subject ?? path;
  const headers: Record<string, string> = { Accept: 'application/json', ...ask.headers };
  if (ask.body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && csrfToken) headers['X-CSRF-Token'] = csrfToken;
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
  if (ask.body !== undefined) init.body = JSON.stringify(ask.body);
  if (ask.signal) init.signal = ask.signal;
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (caught) {
    if (ask.signal?.aborted) throw caught;
    throw linkProblem(subject);
  }
  if (response.ok) return response;
  if (response.status === 401 && !path.startsWith('/auth/')) lostSession();
  throw await problemFrom(response, subject);
}

export async function getJson<T>(path: string, subject: string, signal?: AbortSignal): Promise<T> {
  const response = await send(path, signal ? { signal, subject } : { subject });
  return (await response.json()) as T;
}

export async function sendJson<T>(path: string, ask: Ask): Promise<T> {
  const response = await send(path, ask);
  return (await response.json()) as T;
}

/* ---- session ---- */

export async function readSession(): Promise<Session> {
  const session = await getJson<Session>('/auth/session', 'Your session');
  keepCsrfToken(session.csrf_token);
  return session;
}

/** What is shown besides the password, once it was asked for. */
export type Shown = { code: string } | { passkey: PasskeyAnswer };

export async function signIn(username: string, password: string, shown?: Shown): Promise<Session> {
  const body = { username, password, ...shown };
  const ask: Ask = { method: 'POST', body, subject: 'Signing in' };
  const session = await sendJson<Session>('/auth/login', ask);
  keepCsrfToken(session.csrf_token);
  return session;
}

export async function changePassword(current: string, next: string): Promise<void> {
  const body = { current, new: next };
  await send('/auth/password', { method: 'POST', body, subject: 'Your password' });
}

export async function signOut(): Promise<void> {
  await send('/auth/logout', { method: 'POST', subject: 'Signing out' });
  keepCsrfToken('');
}

/* ---- people ---- */

export async function endSession(id: string): Promise<void> {
  const path = `/auth/sessions/${encodeURIComponent(id)}`;
  await send(path, { method: 'DELETE', subject: 'The session' });
}

export function beginApp(password: string): Promise<{ secret: string; uri: string }> {
  return sendJson('/auth/app', { method: 'POST', body: { password }, subject: 'The app' });
}

export function confirmApp(code: string): Promise<{ recovery_codes: string[] }> {
  return sendJson('/auth/app/confirm', { method: 'POST', body: { code }, subject: 'The code' });
}

export async function removeApp(password: string): Promise<void> {
  await send('/auth/app/remove', { method: 'POST', body: { password }, subject: 'The app' });
}

export function beginPasskey(password: string): Promise<PasskeyQuestion> {
  const ask: Ask = { method: 'POST', body: { password }, subject: 'The passkey' };
  return sendJson('/auth/passkeys/begin', ask);
}

export async function addPasskey(
  name: string,
  made: { client_data: string; authenticator_data: string },
): Promise<void> {
  const body = { name, ...made };
  await send('/auth/passkeys', { method: 'POST', body, subject: 'The passkey' });
}

export async function removePasskey(id: string, password: string): Promise<void> {
  const path = `/auth/passkeys/${encodeURIComponent(id)}/remove`;
  await send(path, { method: 'POST', body: { password }, subject: 'The passkey' });
}

export interface Guest {
  invitation: string;
  password: string;
  username?: string;
}

export function register(guest: Guest): Promise<User> {
  return sendJson('/auth/register', { method: 'POST', body: guest, subject: 'The invitation' });
}

export interface Invite {
  role: Role;
  zones: string[] | null;
  username?: string;
}

export function invite(invitation: Invite): Promise<NewInvitation> {
  const ask: Ask = { method: 'POST', body: invitation, subject: 'The invitation' };
  return sendJson('/api/invitations', ask);
}

export async function withdraw(id: string): Promise<void> {
  const path = `/api/invitations/${encodeURIComponent(id)}`;
  await send(path, { method: 'DELETE', subject: 'The invitation' });
}

export interface RightsChange {
  role?: Role;
  zones?: string[] | null;
  disabled?: boolean;
}

const personPath = (name: string) => `/api/users/${encodeURIComponent(name)}`;

export function changePerson(name: string, change: RightsChange): Promise<Person> {
  return sendJson(personPath(name), { method: 'PUT', body: change, subject: name });
}

export function resetPerson(name: string): Promise<NewInvitation> {
  return sendJson(`${personPath(name)}/reset`, { method: 'POST', subject: name });
}

export async function endSessionsOf(name: string): Promise<void> {
  await send(`${personPath(name)}/sessions`, { method: 'DELETE', subject: `Sessions of ${name}` });
}

/* ---- alerts ---- */

/** The key makes a repeated send of the same alert harmless. */
export function sendAlert(alert: NewAlert, key: string): Promise<Alert> {
  const headers = { 'Idempotency-Key': key };
  return sendJson('/api/alerts', { method: 'POST', body: alert, headers, subject: 'The alert' });
}

/** The draft as a sign would show it; nothing is stored. */
export function previewText(draft: PreviewDraft, signal: AbortSignal): Promise<FilmAnswer> {
  const ask: Ask = { method: 'POST', body: draft, signal, subject: 'The preview' };
  return sendJson('/api/alerts/preview', ask);
}

export function cancelAlert(id: string): Promise<Alert> {
  const path = `/api/alerts/${encodeURIComponent(id)}/cancel`;
  return sendJson(path, { method: 'POST', subject: `Alert ${id}` });
}

export function clearDevice(name: string): Promise<Device> {
  const path = `/api/devices/${encodeURIComponent(name)}/clear`;
  return sendJson(path, { method: 'POST', subject: name });
}

export function updateAlert(
  id: string,
  change: { texts: AlertText[]; expire?: string; duration_s?: number },
): Promise<Alert> {
  const path = `/api/alerts/${encodeURIComponent(id)}`;
  return sendJson(path, { method: 'PUT', body: change, subject: `Alert ${id}` });
}

/* ---- emergencies ---- */

/** A new emergency, or with alert_id its update or cancel: it waits for approvals. */
export type DraftOrder =
  | NewAlert
  | { alert_id: string; action: 'cancel' }
  | { alert_id: string; texts: AlertText[]; expire?: string };

export function draftEmergency(order: DraftOrder): Promise<Emergency> {
  return sendJson('/api/drafts', { method: 'POST', body: order, subject: 'The emergency' });
}

/** What a passkey has to sign to approve exactly this draft. */
export function askToApprove(id: string): Promise<PasskeyQuestion> {
  const path = `/api/drafts/${encodeURIComponent(id)}/challenge`;
  return sendJson(path, { method: 'POST', subject: 'The passkey' });
}

export function approveDraft(id: string, approval: Approval, shown: Shown): Promise<Emergency> {
  const path = `/api/drafts/${encodeURIComponent(id)}/approve`;
  return sendJson(path, { method: 'POST', body: { approval, ...shown }, subject: 'The approval' });
}

export function withdrawDraft(id: string): Promise<Emergency> {
  const path = `/api/drafts/${encodeURIComponent(id)}/withdraw`;
  return sendJson(path, { method: 'POST', body: {}, subject: 'The draft' });
}
