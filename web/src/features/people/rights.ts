/** Role and zones as a form holds them. */
import { ROLE_NAMES } from '../session/session';
import type { Role } from '../../wire/types';

export interface Rights {
  role: Role;
  /** null is the whole site. */
  zones: string[] | null;
}

export const ROLE_CHOICES = Object.entries(ROLE_NAMES).map(([value, label]) => ({ value, label }));

export function withRole(rights: Rights, role: Role): Rights {
  return { role, zones: role === 'administrator' ? null : rights.zones };
}

/** A tick more or less; without any tick nothing would be reached, which control does not take. */
export function withZone(rights: Rights, zone: string, ticked: boolean): Rights {
  const others = (rights.zones ?? []).filter((name) => name !== zone);
  return { ...rights, zones: ticked ? [...others, zone].sort() : others };
}

export function rightsFault({ zones }: Rights): string | null {
  return zones?.length === 0 ? 'Choose at least one zone, or the whole site.' : null;
}
