/** Who is signed in, for every screen behind the gate. */
import { createContext, useContext } from 'react';
import type { Role, Session } from '../../wire/types';

export interface SessionValue {
  session: Session;
  leave: () => Promise<void>;
}

export const SessionContext = createContext<SessionValue | null>(null);

export function useSession(): SessionValue {
  const value = useContext(SessionContext);
  if (!value) throw new Error('a screen stands outside the session gate');
  return value;
}

/** Roles as people say them. */
export const ROLE_NAMES: Record<Role, string> = {
  administrator: 'Administrator',
  operator: 'Operator',
  supervisor: 'Supervisor',
  evidence_officer: 'Evidence officer',
  auditor: 'Auditor',
  viewer: 'Viewer',
};

/** What the page offers to whom; control decides by itself (src/people/permission.c). */
const MAY = {
  alert: ['administrator', 'operator', 'supervisor'],
  seePeople: ['administrator', 'supervisor', 'auditor'],
  seeAudit: ['administrator', 'supervisor', 'auditor'],
  managePeople: ['administrator'],
} as const satisfies Record<string, readonly Role[]>;

export function may(what: keyof typeof MAY, { user }: Session): boolean {
  if (what !== 'alert' && user.zones) return false; // people belong to the whole site
  return (MAY[what] as readonly Role[]).includes(user.role);
}

export function reachWords(zones: string[] | null): string {
  return zones ? zones.join(', ') : 'the whole site';
}

export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 128;

/** What is wrong with a new password, or null. Counts letters, not bytes. */
export function passwordFault(current: string, next: string, again: string): string | null {
  const length = Array.from(next).length;
  if (length < PASSWORD_MIN)
    return `The new password has ${length} characters; it needs at least ${PASSWORD_MIN}. A short sentence is good.`;
  if (length > PASSWORD_MAX)
    return `The new password has ${length} characters; at most ${PASSWORD_MAX} are kept.`;
  if (next === current) return 'The new password is the old one: choose another.';
  if (next !== again) return 'The two new passwords differ: type the second one again.';
  return null;
}

const BROWSERS: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];

/** What a session's program calls itself, in a word; its whole text is for the hover. */
export function agentName({ agent, kind }: { agent: string; kind: string }): string {
  if (kind === 'program') return agent.split(/[ /]/)[0] || 'a program';
  return BROWSERS.find(([pattern]) => pattern.test(agent))?.[1] ?? 'a browser';
}
