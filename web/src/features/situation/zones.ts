/** Each zone in numbers, from what the town knows. */
import type { Town } from '../../wire/town';

export interface ZoneView {
  name: string;
  title: string;
  signs: number;
  signsOnline: number;
  cameras: number;
  camerasOnline: number;
  /** Visits that go on now; one visit may be several people. */
  visits: number;
  alerts: number;
}

export function zonesOf(town: Town): ZoneView[] {
  return town.zones.map(({ name, title }) => {
    const signs = town.devices.filter((device) => device.zone === name && device.sign);
    const cameras = town.cameras.filter((camera) => camera.zone === name);
    const seen = town.sightings.filter((each) => each.zone === name && each.state !== 'end');
    const names = new Set(signs.map((device) => device.name));
    const alerts = town.alerts.filter(
      ({ state, targets }) =>
        state === 'active' &&
        (targets.broadcast ||
          targets.zones.includes(name) ||
          targets.devices.some((device) => names.has(device))),
    );
    return {
      name,
      title: title || name,
      signs: signs.length,
      signsOnline: signs.filter((device) => device.state === 'online').length,
      cameras: cameras.length,
      camerasOnline: cameras.filter((camera) => camera.state === 'online').length,
      visits: seen.length,
      alerts: alerts.length,
    };
  });
}
