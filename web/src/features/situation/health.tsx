import type { ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { State } from '../../show/parts';
import { listed, many } from '../../show/words';
import { useLive } from '../../wire/live';
import css from './situation.module.css';

/** Links and devices in one line: nothing to read while all is well. */
export function Health(): ReactElement | null {
  const { devices, cameras } = useLive((live) => live.town);
  const loaded = useLive((live) => live.loaded);
  const version = useLive((live) => live.version);
  if (!loaded) return null;
  const away = devices.filter((device) => device.state !== 'online').map((device) => device.name);
  const blind = cameras.filter((camera) => camera.state !== 'online').map((camera) => camera.name);
  return (
    <footer className={css.health}>
      <Link to="/devices">
        <State icon={away.length ? 'fault' : 'check'} mood={away.length ? 'fault' : 'good'}>
          {away.length
            ? `${many(away.length, 'device')} offline: ${few(away)}`
            : `${many(devices.length, 'device')} online`}
        </State>
      </Link>
      <Link to="/cameras">
        <State icon={blind.length ? 'fault' : 'check'} mood={blind.length ? 'fault' : 'good'}>
          {blind.length
            ? `${many(blind.length, 'camera')} not online: ${few(blind)}`
            : `${many(cameras.length, 'camera')} online`}
        </State>
      </Link>
      {version && <span className={css.version}>Tocsin {version}</span>}
    </footer>
  );
}

function few(names: string[]): string {
  return names.length <= 3
    ? listed(names)
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
