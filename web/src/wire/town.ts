/**
 * What this page knows of the site, as one plain value, and how a live message changes it.
 * Pure: no clock, no network. Every list is kept in the order in which screens show it.
 */
import type { Alert, Camera, Device, DeliveryChange, LiveMessage, Sighting, Zone } from './types';

export interface Town {
  devices: Device[];
  cameras: Camera[];
  zones: Zone[];
  /** Newest first: the active ones and those that ended last. */
  alerts: Alert[];
  /** Newest first, at most SIGHTINGS_MAX. */
  sightings: Sighting[];
}

export const SIGHTINGS_MAX = 200;

export const EMPTY_TOWN: Town = { devices: [], cameras: [], zones: [], alerts: [], sightings: [] };

export function applyMessage(town: Town, message: LiveMessage): Town {
  switch (message.kind) {
    case 'event':
      return { ...town, sightings: mergeSighting(town.sightings, message.data, SIGHTINGS_MAX) };
    case 'alert':
      return { ...town, alerts: mergeAlert(town.alerts, message.data) };
    case 'delivery':
      return { ...town, alerts: countDelivery(town.alerts, message.data) };
    case 'device':
      return withDevice(town, message.data);
    case 'camera':
      return { ...town, cameras: replaceSorted(town.cameras, message.data, cameraKey) };
    default:
      return town;
  }
}

const ORDER = { begin: 0, update: 1, end: 2 } as const;

/** Below, at or above 0 as `one` is before, at or after `other`: times have fractions or none. */
export function compareTimes(one: string, other: string): number {
  return Date.parse(one) - Date.parse(other);
}

/** Whether `next` says more than `known` of the same event: messages may come late or twice. */
function isNewer(known: Sighting, next: Sighting): boolean {
  const later = compareTimes(next.updated_at, known.updated_at);
  if (later !== 0) return later > 0;
  return ORDER[next.state] >= ORDER[known.state];
}

export function mergeSighting(list: Sighting[], next: Sighting, limit: number): Sighting[] {
  const at = list.findIndex((known) => known.id === next.id);
  const known = list[at];
  if (known) return isNewer(known, next) ? replaceAt(list, at, next) : list;
  let place = list.findIndex((other) => compareTimes(other.started_at, next.started_at) < 0);
  if (place < 0) place = list.length;
  if (place >= limit) return list;
  return [...list.slice(0, place), next, ...list.slice(place)].slice(0, limit);
}

export function mergeAlert(list: Alert[], next: Alert): Alert[] {
  const at = list.findIndex((known) => known.id === next.id);
  const known = list[at];
  if (!known) return [next, ...list].sort((a, b) => compareTimes(b.created_at, a.created_at));
  return next.revision < known.revision ? list : replaceAt(list, at, next);
}

function countDelivery(list: Alert[], change: DeliveryChange): Alert[] {
  const at = list.findIndex((known) => known.id === change.alert_id);
  const known = list[at];
  if (!known || change.revision < known.revision) return list;
  return replaceAt(list, at, { ...known, counts: change.counts });
}

/** An alert with its deliveries, changed by one of them. */
export function mergeDelivery(alert: Alert, change: DeliveryChange): Alert {
  const { alert_id: id, revision, counts, ...delivery } = change;
  if (id !== alert.id || revision < alert.revision) return alert;
  const list = alert.deliveries ?? [];
  const at = list.findIndex((known) => known.device === delivery.device);
  const deliveries = at < 0 ? [...list, delivery] : replaceAt(list, at, delivery);
  return { ...alert, revision, counts, deliveries };
}

function withDevice(town: Town, device: Device): Town {
  const devices = replaceSorted(town.devices, device, (each) => each.name);
  return { ...town, devices, zones: countZones(town.zones, devices) };
}

/** Zones as their devices make them: a device that moves or dies changes its zone at once. */
export function countZones(zones: Zone[], devices: Device[]): Zone[] {
  const names = new Set([...zones.map((zone) => zone.name), ...devices.map((each) => each.zone)]);
  names.delete('');
  return [...names].sort().map((name) => {
    const members = devices.filter((device) => device.zone === name);
    const title = zones.find((zone) => zone.name === name)?.title;
    return {
      name,
      ...(title ? { title } : {}),
      devices: members.length,
      signs: members.filter((device) => device.sign).length,
      online: members.filter((device) => device.state === 'online').length,
    };
  });
}

export function cameraKey(camera: Pick<Camera, 'device' | 'name'>): string {
  return `${camera.device}/${camera.name}`;
}

function replaceAt<T>(list: T[], at: number, item: T): T[] {
  const copy = list.slice();
  copy[at] = item;
  return copy;
}

function replaceSorted<T>(list: T[], next: T, key: (item: T) => string): T[] {
  const name = key(next);
  const at = list.findIndex((known) => key(known) === name);
  if (at >= 0) return replaceAt(list, at, next);
  return [...list, next].sort((a, b) => key(a).localeCompare(key(b), 'en', { numeric: true }));
}

/** The name of the site, as its certificates say it: spiffe://<site>/edge/<name>. */
export function siteName(devices: Device[]): string | null {
  for (const device of devices) {
    const found = /^spiffe:\/\/([^/]+)\//.exec(device.certificate?.identity ?? '');
    if (found?.[1]) return found[1];
  }
  return null;
}
