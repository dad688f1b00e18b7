import { describe, expect, it } from 'vitest';
import {
  applyMessage,
  countZones,
  EMPTY_TOWN,
  mergeDelivery,
  mergeSighting,
  siteName,
  type Town,
} from './town';
import type { Alert, Camera, Delivery, Device, LiveMessage, Sighting } from './types';

const AT = '2026-11-22T08:00:00Z';

function sighting(id: string, started: string, change: Partial<Sighting> = {}): Sighting {
  return {
    id,
    device: 'n-1',
    zone: 'north',
    camera: 'gate',
    label: 'person',
    score: 0.8,
    count: 1,
    state: 'begin',
    started_at: started,
    updated_at: started,
    ended_at: null,
    duration_s: null,
    boxes: [],
    zones: [],
    clip: null,
    snapshot: false,
    media_available: false,
    model: 'm',
    received_at: started,
    ...change,
  };
}
const DEVICE: Device = {
  name: 'n-1',
  kind: 'edge',
  zone: 'north',
  state: 'online',
  last_contact: AT,
  version: '0.1.0',
  sign: { width: 64, height: 32 },
  cameras: ['gate'],
  telemetry: null,
  certificate: { identity: 'spiffe://harbour.example/edge/n-1', expires_at: AT },
};
const COUNTS = { targets: 1, queued: 1, received: 0, lit: 0, cleared: 0, refused: 0, silent: 0 };
const ALERT: Alert = {
  id: 'a1',
  revision: 2,
  tier: 'advisory',
  state: 'active',
  texts: [],
  targets: { zones: ['north'], devices: [], broadcast: false },
  begin: AT,
  expire: AT,
  created_at: AT,
  created_by: 'admin',
  cancelled_at: null,
  counts: COUNTS,
};
const DELIVERY: Delivery = {
  device: 'n-1',
  zone: 'north',
  state: 'queued',
  reason: null,
  queued_at: AT,
  sent_at: null,
  received_at: null,
  lit_at: null,
  cleared_at: null,
  attempts: 0,
  last_contact: null,
};

function live(town: Town, ...messages: Omit<LiveMessage, 'at'>[]): Town {
  return messages.reduce(
    (known, each) => applyMessage(known, { ...each, at: AT } as LiveMessage),
    town,
  );
}

describe('events that arrive live', () => {
  const one = sighting('1', '2026-11-22T08:00:01Z');
  const two = sighting('2', '2026-11-22T08:00:02Z');

  it('stand newest first, each once', () => {
    const town = live(EMPTY_TOWN, { kind: 'event', data: one }, { kind: 'event', data: two });
    expect(town.sightings.map((each) => each.id)).toEqual(['2', '1']);
    const longer = { ...one, state: 'end' as const, updated_at: '2026-11-22T08:00:09Z' };
    const after = live(town, { kind: 'event', data: longer }, { kind: 'event', data: one });
    expect(after.sightings).toHaveLength(2);
    expect(after.sightings[1]!.state).toBe('end');
  });
  it('find their place when they come late, and fall off the end', () => {
    const between = sighting('3', '2026-11-22T08:00:01.500Z');
    expect(mergeSighting([two, one], between, 10).map((each) => each.id)).toEqual(['2', '3', '1']);
    expect(mergeSighting([two, one], between, 2).map((each) => each.id)).toEqual(['2', '3']);
    const old = sighting('0', '2026-11-22T07:00:00Z');
    expect(mergeSighting([two, one], old, 2)).toEqual([two, one]);
  });
  it('an end beats an update of the same instant, in whichever order they come', () => {
    const end = { ...one, state: 'end' as const };
    expect(mergeSighting([end], { ...one, state: 'update' }, 5)[0]!.state).toBe('end');
    expect(mergeSighting([one], end, 5)[0]!.state).toBe('end');
  });
});

describe('alerts that arrive live', () => {
  it('replace older revisions only', () => {
    const town = live(EMPTY_TOWN, { kind: 'alert', data: ALERT });
    const older = { ...ALERT, revision: 1, state: 'active' as const, created_by: 'x' };
    expect(live(town, { kind: 'alert', data: older }).alerts).toEqual([ALERT]);
    const cancelled = { ...ALERT, revision: 3, state: 'cancelled' as const };
    expect(live(town, { kind: 'alert', data: cancelled }).alerts[0]!.state).toBe('cancelled');
  });
  it('count what a delivery says, and forget deliveries of older revisions', () => {
    const town = live(EMPTY_TOWN, { kind: 'alert', data: ALERT });
    const change = { ...DELIVERY, state: 'lit' as const, alert_id: 'a1', revision: 2 };
    const counts = { ...COUNTS, queued: 0, lit: 1 };
    const after = live(town, { kind: 'delivery', data: { ...change, counts } });
    expect(after.alerts[0]!.counts.lit).toBe(1);
    const old = live(after, { kind: 'delivery', data: { ...change, revision: 1, counts: COUNTS } });
    expect(old.alerts[0]!.counts.lit).toBe(1);
  });
  it('change one row of the board', () => {
    const board = { ...ALERT, deliveries: [DELIVERY] };
    const change = {
      ...DELIVERY,
      state: 'lit' as const,
      alert_id: 'a1',
      revision: 2,
      counts: COUNTS,
    };
    const after = mergeDelivery(board, change);
    expect(after.deliveries).toEqual([{ ...DELIVERY, state: 'lit' }]);
    expect(mergeDelivery(board, { ...change, device: 'n-2' }).deliveries).toHaveLength(2);
    expect(mergeDelivery(board, { ...change, alert_id: 'b' })).toBe(board);
    expect(mergeDelivery(board, { ...change, revision: 1 })).toBe(board);
  });
});

describe('devices and cameras that arrive live', () => {
  it('are replaced by name, and make their zones', () => {
    const gone = { ...DEVICE, state: 'offline' as const };
    const town = live(EMPTY_TOWN, { kind: 'device', data: DEVICE }, { kind: 'device', data: gone });
    expect(town.devices).toEqual([gone]);
    expect(town.zones).toEqual([{ name: 'north', devices: 1, signs: 1, online: 0 }]);
  });
  it('keep zones that have no device any more, and drop the empty name', () => {
    const empty = { name: 'south', devices: 0, signs: 0, online: 0 };
    const names = countZones([empty], [{ ...DEVICE, zone: '' }]).map((zone) => zone.name);
    expect(names).toEqual(['south']);
  });
  it('cameras of two devices may have one name', () => {
    const camera: Camera = {
      name: 'gate',
      device: 'n-1',
      zone: 'north',
      state: 'online',
      reason: null,
      fps: 10,
      since: AT,
      events_today: 0,
      last_event_at: null,
    };
    const other = { ...camera, device: 'n-2' };
    const town = live(
      EMPTY_TOWN,
      { kind: 'camera', data: other },
      { kind: 'camera', data: camera },
    );
    expect(town.cameras.map((each) => each.device)).toEqual(['n-1', 'n-2']);
  });
  it('tell the name of the site', () => {
    expect(siteName([DEVICE])).toBe('harbour.example');
    expect(siteName([])).toBeNull();
  });
});
