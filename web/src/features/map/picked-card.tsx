/** What was chosen on the map: a device of the site, or a cell of incidents. */
import type { ReactElement, ReactNode } from 'react';
import { Link } from 'react-router-dom';
import IconButton from '@mui/material/IconButton';
import { Icon } from '../../theme/icons';
import { OnlineName, TierName } from '../../show/parts';
import { exact, many } from '../../show/words';
import { cameraKey } from '../../wire/town';
import { Text } from '../alerts/alert-parts';
import { categoryWords, cellMetres, periodWords, type Cell } from './cells';
import type { PlacedDevice } from './site-layers';
import css from './map.module.css';

export type Picked =
  | { kind: 'device'; name: string }
  | { kind: 'cell'; cell: Cell }
  | { kind: 'incident'; facts: Record<string, string> };

interface PickedCardProps {
  picked: Picked | null;
  placed: PlacedDevice[];
  onClose: () => void;
}

export function PickedCard({ picked, placed, onClose }: PickedCardProps): ReactElement | null {
  if (!picked) return null;
  if (picked.kind === 'cell')
    return (
      <Card title={many(picked.cell.count, 'incident')} onClose={onClose}>
        <CellWords cell={picked.cell} />
      </Card>
    );
  if (picked.kind === 'incident') {
    const { category = 'incident', ...rest } = picked.facts;
    return (
      <Card title={categoryWords(category)} onClose={onClose}>
        <IncidentWords facts={rest} />
      </Card>
    );
  }
  const found = placed.find(({ device }) => device.name === picked.name);
  if (!found) return null;
  return (
    <Card title={found.device.name} onClose={onClose}>
      <DeviceWords placed={found} />
    </Card>
  );
}

function Card(props: { title: string; onClose: () => void; children: ReactNode }): ReactElement {
  return (
    <section className={css.card} aria-label={props.title} aria-live="polite">
      <div className={css.cardHead}>
        <h2>{props.title}</h2>
        <IconButton size="small" aria-label="Close" onClick={props.onClose}>
          <Icon name="close" size={16} />
        </IconButton>
      </div>
      {props.children}
    </section>
  );
}

function CellWords({ cell }: { cell: Cell }): ReactElement {
  const metres = Math.round(cellMetres(cell.zoom, cell.latitude) / 50) * 50;
  return (
    <p>
      {categoryWords(cell.category)}, {periodWords(cell.period)}
      <br />
      <span className={css.hint}>
        in a square of about {metres < 1000 ? `${metres} m` : `${(metres / 1000).toFixed(1)} km`},
        rounded to fives
      </span>
    </p>
  );
}

function IncidentWords({ facts }: { facts: Record<string, string> }): ReactElement {
  return (
    <dl className={css.facts}>
      {Object.entries(facts).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {name === 'time' && !Number.isNaN(Date.parse(value)) ? exact(new Date(value)) : value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function DeviceWords({ placed }: { placed: PlacedDevice }): ReactElement {
  const { device, cameras, alert } = placed;
  return (
    <>
      <p className={css.line}>
        <OnlineName state={device.state} />
        <span className={css.hint}>
          {device.kind}
          {device.sign ? `, sign ${device.sign.width} x ${device.sign.height}` : ''}, zone{' '}
          {device.zone}
        </span>
      </p>
      {alert && (
        <p className={css.line}>
          <TierName tier={alert.tier} filled />
          <Link to={`/alerts/${alert.id}`}>
            <Text text={alert.texts[0]} />
          </Link>
        </p>
      )}
      {cameras.map((camera) => (
        <p key={cameraKey(camera)} className={css.line}>
          <Link to={`/events?camera=${encodeURIComponent(camera.name)}`}>{camera.name}</Link>
          <OnlineName state={camera.state} />
          <span className={css.hint}>{many(camera.events_today, 'event')} today</span>
        </p>
      ))}
      <p>
        <Link to={`/devices/${encodeURIComponent(device.name)}`}>Open the device</Link>
      </p>
    </>
  );
}
