/** The town in two seconds: alerts and their delivery left, zones in the middle, live events right. */
import { useMemo, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { classes, Empty, Panel, ProblemNote, SkeletonRows, TierName } from '../../show/parts';
import { useEverySecond } from '../../show/ticker';
import { Time } from '../../show/time';
import { many } from '../../show/words';
import { useLive } from '../../wire/live';
import type { Town } from '../../wire/town';
import { AlertState, DeliveryBar, targetWords, Text, StatusMark } from '../alerts/alert-parts';
import { isStanding } from '../alerts/deliveries';
import { isLive, whatSeen } from '../events/sighting';
import { InView, Lasting } from '../events/sighting-table';
import { Health } from './health';
import { zonesOf } from './zones';
import css from './situation.module.css';

const EVENTS_SHOWN = 40;

export function Situation(): ReactElement {
  const town = useLive((live) => live.town);
  const loaded = useLive((live) => live.loaded);
  const problem = useLive((live) => live.problem);
  return (
    <div className={css.situation}>
      <h1 className={css.hidden}>Situation</h1>
      {problem && <ProblemNote problem={problem} />}
      <div className={css.columns}>
        <ActiveAlerts town={town} loaded={loaded} />
        <Zones town={town} loaded={loaded} />
        <LiveEvents town={town} loaded={loaded} />
      </div>
      <Health />
    </div>
  );
}

interface PartProps {
  town: Town;
  loaded: boolean;
}

function ActiveAlerts({ town, loaded }: PartProps): ReactElement {
  const standing = useEverySecond(
    (now) => town.alerts.filter((alert) => isStanding(alert, now)).length,
  );
  const alerts = town.alerts.filter(
    (alert) => alert.state === 'active' || alert.state === 'pending',
  );
  return (
    <Panel
      title="Active alerts"
      className={css.alerts}
      tools={<Link to="/alerts">All alerts</Link>}
    >
      {!loaded && <SkeletonRows rows={3} />}
      {loaded && standing === 0 && (
        <Empty title="No alert is active">The signs are free for a new one.</Empty>
      )}
      {standing > 0 && (
        <ul className={css.list}>
          {alerts.map((alert) => (
            <li key={alert.id} className={css.alert}>
              <div className={css.line}>
                <TierName tier={alert.tier} filled />
                <StatusMark status={alert.status} />
                <AlertState alert={alert} />
              </div>
              <Link to={`/alerts/${alert.id}`} className={css.alertText}>
                <Text text={alert.texts[0]} />
              </Link>
              <div className={css.line}>
                <DeliveryBar alert={alert} />
                <span className={css.quiet}>{targetWords(alert)}</span>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Zones({ town, loaded }: PartProps): ReactElement {
  const zones = useMemo(() => zonesOf(town), [town]);
  return (
    <Panel title="Zones" className={css.zones} tools={<Link to="/devices">All devices</Link>}>
      {!loaded && <SkeletonRows rows={3} />}
      {loaded && zones.length === 0 && (
        <Empty title="No device has reported yet">Start an edge or a gateway of this site.</Empty>
      )}
      <ul className={css.list}>
        {zones.map((zone) => (
          <li key={zone.name} className={css.zone}>
            <Link to={`/events?zone=${encodeURIComponent(zone.name)}`} className={css.zoneName}>
              {zone.title}
            </Link>
            <span className={classes(css.inView, zone.visits > 0 && css.some)}>
              {zone.visits > 0 ? `${many(zone.visits, 'visit')} now` : 'nobody in view'}
            </span>
            <span className={css.zoneFacts}>
              <Share count={zone.signsOnline} all={zone.signs} what="sign" />
              <Share count={zone.camerasOnline} all={zone.cameras} what="camera" />
              {zone.alerts > 0 && <span>{many(zone.alerts, 'alert')} active</span>}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Share({
  count,
  all,
  what,
}: {
  count: number;
  all: number;
  what: string;
}): ReactElement | null {
  if (all === 0) return null;
  if (count === all) return <span>{many(all, what)} online</span>;
  return (
    <span className={css.fault}>
      {count} of {many(all, what)} online
    </span>
  );
}

function LiveEvents({ town, loaded }: PartProps): ReactElement {
  const shown = town.sightings.slice(0, EVENTS_SHOWN);
  return (
    <Panel title="Events, live" className={css.events} tools={<Link to="/events">All events</Link>}>
      {!loaded && <SkeletonRows rows={8} />}
      {loaded && shown.length === 0 && <Empty title="Nothing was seen yet" />}
      <ul className={css.list}>
        {shown.map((sighting) => (
          <li key={sighting.id} className={css.event}>
            <Time at={sighting.started_at} />
            <Link to={`/events/${sighting.id}`} className={css.what}>
              {whatSeen(sighting)}
            </Link>
            <span className={css.camera}>{sighting.camera}</span>
            <span className={css.lasting}>
              {isLive(sighting) ? <InView /> : null} <Lasting sighting={sighting} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
