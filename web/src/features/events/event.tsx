/** One event: what was seen, its picture and clip, its facts, and the way to its neighbours. */
import { useEffect, useMemo, type ReactElement } from 'react';
import { Link, useLocation, useParams } from 'react-router-dom';
import Button from '@mui/material/Button';
import { Icon } from '../../theme/icons';
import { Page, Panel, ProblemNote, SkeletonRows } from '../../show/parts';
import { Ago, Time } from '../../show/time';
import { exact, lasted, percent, size } from '../../show/words';
import { liveStore, useLive } from '../../wire/live';
import { useResource } from '../../wire/resource';
import { mergeSighting } from '../../wire/town';
import type { Sighting } from '../../wire/types';
import { Player } from './player';
import { whatSeen } from './sighting';
import { InView, Lasting, type FromList } from './sighting-table';
import css from './events.module.css';
import show from '../../show/show.module.css';

export function EventPage(): ReactElement {
  const { id = '' } = useParams();
  const event = useResource<Sighting>(`/api/events/${encodeURIComponent(id)}`, `Event ${id}`);
  const { change } = event;
  useEffect(
    () =>
      liveStore.listen((message) => {
        if (message.kind !== 'event' || message.data.id !== id) return;
        change((known) => mergeSighting([known], message.data, 1)[0] ?? known);
      }),
    [id, change],
  );
  const sighting = event.data;
  const title = sighting ? (
    <>
      {whatSeen(sighting)} at {sighting.camera}
      {sighting.state !== 'end' && <InView />}
    </>
  ) : (
    'Event'
  );
  return (
    <Page title={title} tools={<Neighbours id={id} />}>
      {event.problem && <ProblemNote problem={event.problem} retry={event.reload} />}
      {!sighting && event.loading && <SkeletonRows rows={8} />}
      {sighting && (
        <div className={css.event}>
          <section className={show.panel} aria-label="Recording">
            <Player key={sighting.id} sighting={sighting} />
          </section>
          <div className={css.side}>
            <Facts sighting={sighting} />
            <ClipFacts sighting={sighting} />
          </div>
        </div>
      )}
    </Page>
  );
}

function Facts({ sighting }: { sighting: Sighting }): ReactElement {
  return (
    <Panel title="What was seen" tools={<Ago at={sighting.started_at} />}>
      <dl className={show.facts}>
        <dt>From</dt>
        <dd>{exact(new Date(sighting.started_at))}</dd>
        <dt>To</dt>
        <dd>{sighting.ended_at ? exact(new Date(sighting.ended_at)) : 'still in view'}</dd>
        <dt>How long</dt>
        <dd>
          <Lasting sighting={sighting} />
        </dd>
        <dt>How many</dt>
        <dd>{whatSeen(sighting)} at one time</dd>
        <dt>Label</dt>
        <dd>{sighting.label}</dd>
        <dt>Score</dt>
        <dd>{percent(sighting.score)}, the best look</dd>
        <dt>Camera</dt>
        <dd>
          <Link to={`/events?camera=${encodeURIComponent(sighting.camera)}`}>
            {sighting.camera}
          </Link>
        </dd>
        {sighting.zones.length > 0 && (
          <>
            <dt>Stood in</dt>
            <dd>{sighting.zones.join(', ')}</dd>
          </>
        )}
        <dt>Zone</dt>
        <dd>
          <Link to={`/events?zone=${encodeURIComponent(sighting.zone)}`}>{sighting.zone}</Link>
        </dd>
        <dt>Device</dt>
        <dd>
          <Link to={`/devices/${encodeURIComponent(sighting.device)}`}>{sighting.device}</Link>
        </dd>
      </dl>
    </Panel>
  );
}

function ClipFacts({ sighting }: { sighting: Sighting }): ReactElement {
  const { clip } = sighting;
  return (
    <Panel title="Record">
      <dl className={show.facts}>
        <dt>Clip</dt>
        <dd>
          {clip ? `${lasted(clip.duration_s)}, ${size(clip.bytes)}, ${clip.codec}` : 'none yet'}
          {!sighting.media_available && ' (no longer on the device)'}
        </dd>
        <dt>Boxes</dt>
        <dd>
          {sighting.boxes.length} looks
          {clip && typeof clip.lead_s !== 'number'
            ? '; not drawn, the device does not say where in the clip the event begins'
            : ''}
        </dd>
        <dt>Detector</dt>
        <dd>{sighting.model}</dd>
        <dt>Received</dt>
        <dd>
          <Time at={sighting.received_at} age={false} />
        </dd>
        <dt>Event</dt>
        <dd className={show.mono}>{sighting.id}</dd>
      </dl>
    </Panel>
  );
}

/** Newer and older in the list that one came from; among the newest events otherwise. */
function Neighbours({ id }: { id: string }): ReactElement {
  const from = useLocation().state as FromList | null;
  const newest = useLive((live) => live.town.sightings);
  const ids = useMemo(() => from?.ids ?? newest.map((sighting) => sighting.id), [from, newest]);
  const at = ids.indexOf(id);
  const newer = at > 0 ? ids[at - 1] : undefined;
  const older = at >= 0 ? ids[at + 1] : undefined;
  return (
    <div className={css.neighbours}>
      <Step to={newer} from={from} icon="left" name="Newer" />
      <Step to={older} from={from} icon="right" name="Older" />
      <Button
        component={Link}
        to={`/events${from?.search ? `?${from.search}` : ''}`}
        color="inherit"
        size="small"
        variant="outlined"
      >
        All events
      </Button>
    </div>
  );
}

function Step(props: {
  to: string | undefined;
  from: FromList | null;
  icon: 'left' | 'right';
  name: string;
}): ReactElement {
  const { to, from, icon, name } = props;
  const place =
    icon === 'left'
      ? { startIcon: <Icon name={icon} size={16} /> }
      : { endIcon: <Icon name={icon} size={16} /> };
  if (!to)
    return (
      <Button size="small" variant="outlined" color="inherit" disabled {...place}>
        {name}
      </Button>
    );
  return (
    <Button
      size="small"
      variant="outlined"
      color="inherit"
      component={Link}
      to={`/events/${to}`}
      state={from}
      {...place}
    >
      {name}
    </Button>
  );
}
