/** What control says: docs/protocols/api.md, member for member. */

export type Tier = 'informational' | 'advisory' | 'warning' | 'emergency' | 'ipaws';

export type Role =
  'administrator' | 'operator' | 'supervisor' | 'evidence_officer' | 'auditor' | 'viewer';

export interface User {
  username: string;
  role: Role;
  /** null is the whole site. */
  zones: string[] | null;
}

export interface Session {
  csrf_token: string;
  expires_at: string;
  user: User;
  password_change_required: boolean;
  second_factor_required: boolean;
}

export interface Person extends User {
  disabled: boolean;
  password_change_required: boolean;
  /** Was reset: only the link makes a new one. */
  password_missing: boolean;
  created_at: string;
  sessions: number;
  last_used_at: string | null;
}

export interface Invitation {
  id: string;
  username: string | null;
  role: Role;
  zones: string[] | null;
  resets: boolean;
  created_by: string;
  created_at: string;
  expires_at: string;
}

/** What only its maker sees, once. */
export interface NewInvitation {
  id: string;
  token: string;
  href: string;
  expires_at: string;
}

export interface OpenSession {
  id: string;
  created_at: string;
  used_at: string;
  address: string;
  agent: string;
  kind: 'browser' | 'program';
  method: string;
  current?: boolean;
}

export interface Passkey {
  id: string;
  credential: string;
  name: string;
  domain: string;
  created_at: string;
  used_at: string | null;
}

/** A person of the identity provider who may sign in to this account. */
export interface ProviderLink {
  id: string;
  issuer: string;
  label: string;
  created_at: string;
  used_at: string | null;
}

export interface Factors {
  app: boolean;
  recovery_codes: number;
  passkeys: Passkey[];
  required: boolean;
}

/** Seconds since the event's start, then left, top, width and height as parts of the frame. */
export type Box = [at: number, x: number, y: number, width: number, height: number];

export interface Clip {
  bytes: number;
  duration_s: number;
  /** Seconds of the clip before the event's start. */
  lead_s?: number | null;
  codec: string;
}

export interface Sighting {
  id: string;
  device: string;
  zone: string;
  camera: string;
  label: string;
  score: number;
  count: number;
  state: 'begin' | 'update' | 'end';
  started_at: string;
  updated_at: string;
  ended_at: string | null;
  duration_s: number | null;
  boxes: Box[];
  /** Of the camera's picture; `zone` is the site's. */
  zones: string[];
  clip: Clip | null;
  snapshot: boolean;
  media_available: boolean;
  model: string;
  received_at: string;
}

export interface AlertText {
  language: string;
  text: string;
}

export interface Targets {
  zones: string[];
  devices: string[];
  broadcast: boolean;
}

export interface Counts {
  targets: number;
  queued: number;
  received: number;
  lit: number;
  cleared: number;
  refused: number;
  silent: number;
}

export type DeliveryState = 'queued' | 'sent' | 'received' | 'lit' | 'cleared' | 'refused';

export interface Delivery {
  device: string;
  zone: string;
  state: DeliveryState;
  reason: string | null;
  queued_at: string;
  sent_at: string | null;
  received_at: string | null;
  lit_at: string | null;
  cleared_at: string | null;
  attempts: number;
  last_contact: string | null;
}

/** Whether it is the real thing. */
export type Status = 'actual' | 'exercise' | 'test';

export interface Alert {
  id: string;
  revision: number;
  tier: Tier;
  status?: Status;
  state: 'pending' | 'active' | 'cancelled' | 'expired';
  texts: AlertText[];
  targets: Targets;
  begin: string;
  expire: string;
  created_at: string;
  created_by: string;
  cancelled_at: string | null;
  counts: Counts;
  deliveries?: Delivery[];
}

export interface SignSize {
  width: number;
  height: number;
}

/** What a preview is made of. */
export interface PreviewDraft {
  tier: Tier;
  status?: Status;
  texts: AlertText[];
  sign: SignSize;
}

export interface NewAlert {
  tier: Tier;
  status?: Status;
  texts: AlertText[];
  targets: Targets;
  begin?: string;
  expire?: string;
  duration_s?: number;
}

/** An operator's word, as in docs/protocols/approval.md. */
export interface Approval {
  signature: string;
  certificate_chain: string[];
}

/** An emergency that waits for approvals; `content` is what is signed. */
export interface Emergency {
  id: string;
  alert_id: string;
  revision: number;
  action: 'show' | 'cancel';
  state: 'waiting' | 'sent' | 'withdrawn' | 'lapsed';
  content: {
    tier: Tier;
    status?: Status;
    texts: AlertText[];
    targets: Targets;
    begin: string;
    expire: string;
  };
  site: string;
  needed: number;
  approvals: { person: string; at: string }[];
  created_at: string;
  created_by: string;
  expire: string;
}

export interface Device {
  name: string;
  kind: 'edge' | 'gateway';
  zone: string;
  state: 'online' | 'offline';
  last_contact: string | null;
  version: string | null;
  sign: SignSize | null;
  cameras: DeviceCamera[];
  telemetry: Telemetry | null;
  certificate: { identity: string; expires_at: string } | null;
  /** Its housing was opened, and nobody has cleared it yet. */
  suspended_since?: string | null;
}

export type CameraState = 'connecting' | 'online' | 'stalled' | 'offline';

/** A camera inside a device: its name alone, or as the device's own status says it. */
export type DeviceCamera = string | { name: string; state?: CameraState };

/** What a device says of its body. */
export interface Physical {
  tamper: { open: boolean; since: string | null } | null;
  position: { latitude: number; longitude: number } | null;
  secure_boot: 'on' | 'off' | 'unknown';
}

export interface Telemetry {
  at?: string;
  physical?: Physical;
  rss_bytes?: number;
  cpu_s?: number;
  uptime_s?: number;
  disk_free_bytes?: number;
  clips?: number;
  queue_events?: number;
  queue_receipts?: number;
  fps?: Record<string, number>;
}

export interface Camera {
  name: string;
  device: string;
  zone: string;
  state: CameraState;
  reason: string | null;
  fps: number | null;
  since: string | null;
  events_today: number;
  last_event_at: string | null;
}

export interface Zone {
  name: string;
  devices: number;
  signs: number;
  online: number;
  /** Its name for people, when the site has given one. */
  title?: string | null;
}

export interface DeliveryChange extends Delivery {
  alert_id: string;
  revision: number;
  counts: Counts;
}

export type LiveMessage =
  | { kind: 'hello'; at: string; data: { server_time: string; version: string } }
  | { kind: 'event'; at: string; data: Sighting }
  | { kind: 'alert'; at: string; data: Alert }
  | { kind: 'draft'; at: string; data: Emergency }
  | { kind: 'delivery'; at: string; data: DeliveryChange }
  | { kind: 'device'; at: string; data: Device }
  | { kind: 'camera'; at: string; data: Camera };
