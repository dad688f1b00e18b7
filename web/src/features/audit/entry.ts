/** The audit log as control tells it (docs/protocols/api.md). */

export interface AuditEntry {
  index: number;
  id: string;
  time: string;
  user: string | null;
  action: string;
  resource: string | null;
  authorisation: string | null;
  details: Record<string, unknown> | null;
  /** The commitment to what follows; null: nothing was sealed. */
  sealed: string | null;
  address: string | null;
  agent: string | null;
  sensitive: Record<string, unknown> | null;
  bytes: string;
  salt: string | null;
  opened: string | null;
}

export interface AuditLog {
  size: number;
  checkpoint: string;
  vkey: string;
  halted: string | null;
}

export interface AuditPage extends AuditLog {
  entries: AuditEntry[];
  next: number | null;
}

export interface ProvedEntry extends AuditEntry, AuditLog {
  proof: string | null;
}

/** "alert_sent" as people say it. */
export function deed(action: string): string {
  const words = action.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What the details say, but for what the row shows anyway. */
export function about(entry: AuditEntry): string {
  const shown = new Set(['method', 'path']);
  return Object.entries(entry.details ?? {})
    .filter(([key, value]) => !shown.has(key) && value !== entry.resource)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

export const CSV_HEAD = [
  'index',
  'time',
  'user',
  'action',
  'resource',
  'authorisation',
  'details',
  'address',
  'agent',
  'id',
  'sealed',
];

export function csvRow(entry: AuditEntry): (string | number | null)[] {
  return [
    entry.index,
    entry.time,
    entry.user,
    entry.action,
    entry.resource,
    entry.authorisation,
    entry.details === null ? '' : JSON.stringify(entry.details),
    entry.address,
    entry.agent,
    entry.id,
    entry.sealed,
  ];
}
