import type { ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { classes, OnlineName } from '../../show/parts';
import { Ago, Time, ZoneName } from '../../show/time';
import { many } from '../../show/words';
import { cameraKey } from '../../wire/town';
import type { Camera } from '../../wire/types';
import css from '../../show/show.module.css';

export function CameraRows({
  cameras,
  withDevice,
}: {
  cameras: Camera[];
  withDevice: boolean;
}): ReactElement {
  return (
    <table className={css.table}>
      <thead>
        <tr>
          <th scope="col">Camera</th>
          {withDevice && <th scope="col">Zone</th>}
          {withDevice && <th scope="col">Device</th>}
          <th scope="col">State</th>
          <th scope="col" className={css.number}>
            Frames a second
          </th>
          <th scope="col" className={css.number}>
            Events today
          </th>
          <th scope="col">
            Last event <ZoneName />
          </th>
        </tr>
      </thead>
      <tbody>
        {cameras.map((camera) => (
          <tr key={cameraKey(camera)}>
            <td className={css.lead}>
              <Link
                className={css.rowLink}
                to={`/events?camera=${encodeURIComponent(camera.name)}`}
              >
                {camera.name}
              </Link>
            </td>
            {withDevice && <td>{camera.zone}</td>}
            {withDevice && <td>{camera.device}</td>}
            <td className={css.side}>
              <OnlineName state={camera.state} />{' '}
              {camera.reason && camera.state !== 'online' && <span>{camera.reason}</span>}{' '}
              {camera.since && camera.state !== 'online' && (
                <span className={css.quiet}>
                  since <Ago at={camera.since} />
                </span>
              )}
            </td>
            <td className={classes(css.number, css.desk)}>
              {camera.fps === null ? '' : camera.fps.toFixed(1)}
            </td>
            <td className={css.number}>{many(camera.events_today, 'event')}</td>
            <td>
              <Time at={camera.last_event_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
