import { memo, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { classes, State } from '../../show/parts';
import { useEverySecond } from '../../show/ticker';
import { Time, ZoneName } from '../../show/time';
import { percent, size } from '../../show/words';
import type { Sighting } from '../../wire/types';
import { howLong, isLive, whatSeen } from './sighting';
import css from '../../show/show.module.css';
import own from './events.module.css';

/** Where one came from, so that the event page can go to the neighbours of that list. */
export interface FromList {
  ids: string[];
  search: string;
}

export function SightingTable({ list, from }: { list: Sighting[]; from: FromList }): ReactElement {
  return (
    <table className={css.table} data-testid="events">
      <thead>
        <tr>
          <th scope="col">
            Time <ZoneName />
          </th>
          <th scope="col">What</th>
          <th scope="col">Camera</th>
          <th scope="col">Zone</th>
          <th scope="col" className={css.number}>
            Score
          </th>
          <th scope="col" className={css.number}>
            How long
          </th>
          <th scope="col" className={css.number}>
            Clip
          </th>
        </tr>
      </thead>
      <tbody>
        {list.map((sighting) => (
          <Row key={sighting.id} sighting={sighting} from={from} />
        ))}
      </tbody>
    </table>
  );
}

const Row = memo(function Row({ sighting, from }: { sighting: Sighting; from: FromList }) {
  return (
    <tr data-event={sighting.id} data-state={sighting.state}>
      <td>
        <Time at={sighting.started_at} />
      </td>
      <td className={css.lead}>
        <Link className={css.rowLink} to={`/events/${sighting.id}`} state={from}>
          {whatSeen(sighting)}
        </Link>
        {isLive(sighting) && <InView />}
      </td>
      <td>{sighting.camera}</td>
      <td>{sighting.zone}</td>
      <td className={css.number}>{percent(sighting.score)}</td>
      <td className={classes(css.number, css.side)}>
        <Lasting sighting={sighting} />
      </td>
      <td className={classes(css.number, css.quiet, css.desk)}>
        {sighting.clip && sighting.media_available ? size(sighting.clip.bytes) : ''}
      </td>
    </tr>
  );
});

export function InView(): ReactElement {
  return (
    <span className={own.inView}>
      <State icon="live" mood="good">
        in view
      </State>
    </span>
  );
}

export function Lasting({ sighting }: { sighting: Sighting }): ReactElement {
  return <>{useEverySecond((now) => howLong(sighting, now))}</>;
}
