/** What of the site stands on the map: zones with the alerts that light them, devices, cameras. */
import type { Feature, FeatureCollection } from 'geojson';
import { isStanding } from '../alerts/deliveries';
import type { SiteMap } from '../../wire/map';
import type { Town } from '../../wire/town';
import type { Alert, Camera, Device, Tier } from '../../wire/types';
import type { Bounds } from './archive';

/** The gravest last. */
const TIERS: Tier[] = ['informational', 'advisory', 'warning', 'emergency', 'ipaws'];

export function standingAlerts(alerts: Alert[], now: number): Alert[] {
  return alerts.filter((alert) => alert.state === 'active' && isStanding(alert, now));
}

function gravest(alerts: Alert[]): Alert | undefined {
  return [...alerts].sort((a, b) => TIERS.indexOf(b.tier) - TIERS.indexOf(a.tier))[0];
}

/** Whether the whole zone is a target, not only some sign in it. */
function coversZone(alert: Alert, zone: string): boolean {
  return alert.targets.broadcast || alert.targets.zones.includes(zone);
}

function reachesDevice(alert: Alert, device: { name: string; zone: string }): boolean {
  return coversZone(alert, device.zone) || alert.targets.devices.includes(device.name);
}

/** Polygons with the name of the zone and, where an alert stands, its tier and colour. */
export function zoneFeatures(
  site: SiteMap,
  alerts: Alert[],
  colours: Record<Tier, string>,
): FeatureCollection {
  const features = site.zones.map(({ name, area }): Feature => {
    const alert = gravest(alerts.filter((each) => coversZone(each, name)));
    const lit = alert ? { alert: alert.id, tier: alert.tier, colour: colours[alert.tier] } : {};
    return {
      type: 'Feature',
      geometry: { type: 'Polygon', coordinates: [area] },
      properties: { name, ...lit },
    };
  });
  return { type: 'FeatureCollection', features };
}

export interface PlacedDevice {
  device: Device;
  cameras: Camera[];
  at: [longitude: number, latitude: number];
  /** The gravest that its sign should show. */
  alert: Alert | null;
}

/** Devices whose place the site's configuration knows; a camera stands at its device. */
export function placedDevices(site: SiteMap, town: Town, alerts: Alert[]): PlacedDevice[] {
  const placed: PlacedDevice[] = [];
  for (const { name, latitude, longitude } of site.devices) {
    const device = town.devices.find((each) => each.name === name);
    if (!device) continue;
    const own = device.sign ? alerts.filter((alert) => reachesDevice(alert, device)) : [];
    placed.push({
      device,
      cameras: town.cameras.filter((camera) => camera.device === name),
      at: [longitude, latitude],
      alert: gravest(own) ?? null,
    });
  }
  return placed;
}

/** Where an alert is on the map: its zones and devices, or null when none has a place. */
export function boundsOf(alert: Alert, site: SiteMap, devices: Device[]): Bounds | null {
  const corners = site.zones
    .filter(({ name }) => coversZone(alert, name))
    .flatMap(({ area }) => area);
  const signs = devices.filter((device) => device.sign && reachesDevice(alert, device));
  const points = site.devices
    .filter(({ name }) => signs.some((device) => device.name === name))
    .map(({ longitude, latitude }): [number, number] => [longitude, latitude]);
  return around([...corners, ...points]);
}

export function around(points: [number, number][]): Bounds | null {
  if (points.length === 0) return null;
  const east = points.map(([longitude]) => longitude);
  const north = points.map(([, latitude]) => latitude);
  return [Math.min(...east), Math.min(...north), Math.max(...east), Math.max(...north)];
}

/** A rectangle as an outline. */
export function outline(bounds: Bounds | null): FeatureCollection {
  if (!bounds) return { type: 'FeatureCollection', features: [] };
  const [west, south, east, north] = bounds;
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return {
    type: 'FeatureCollection',
    features: [
      { type: 'Feature', geometry: { type: 'Polygon', coordinates: [ring] }, properties: {} },
    ],
  };
}
