/** Who is signed in, for every screen behind the gate. */
import { createContext, useContext } from 'react';
import type { Session } from '../../wire/types';

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
