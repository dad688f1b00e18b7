/** The site on the map: a mark for each device, and the alerts that stand. */
import type { ReactElement } from 'react';
import { Link } from 'react-router-dom';
import Button from '@mui/material/Button';
import { Icon, TIER_ICONS } from '../../theme/icons';
import { classes, TIER_NAMES, TierName } from '../../show/parts';
import { listed, many } from '../../show/words';
import type { SiteMap } from '../../wire/map';
import type { Alert, Device } from '../../wire/types';
import { AlertState, targetWords, Text } from '../alerts/alert-parts';
import type { Bounds } from './archive';
import { boundsOf, type PlacedDevice } from './site-layers';
import tiers from '../../show/show.module.css';
import css from './map.module.css';

interface DeviceMarkProps {
  placed: PlacedDevice;
  chosen: boolean;
  onChoose: () => void;
}

/** Its form says what it is, its edge how it fares, its ring which alert it shows. */
export function DeviceMark({ placed, chosen, onChoose }: DeviceMarkProps): ReactElement {
  const { device, cameras, alert } = placed;
  const blind = cameras.some((camera) => camera.state !== 'online');
  const well = device.state === 'online' && !blind;
  return (
    <button
      type="button"
      className={classes(
        css.mark,
        !well && css.markFault,
        alert && css.markLit,
        alert && tiers[alert.tier],
        chosen && css.markChosen,
      )}
      aria-label={markWords(placed)}
      aria-pressed={chosen}
      title={device.name}
      data-device={device.name}
      onClick={(event) => {
        event.stopPropagation();
        onChoose();
      }}
    >
      <Icon name={device.sign ? 'devices' : cameras.length > 0 ? 'cameras' : 'live'} size={16} />
      {device.sign && cameras.length > 0 && <Icon name="cameras" size={16} />}
      {alert && <Icon name={TIER_ICONS[alert.tier]} size={14} />}
      {!well && <Icon name="fault" size={14} />}
    </button>
  );
}

function markWords({ device, cameras, alert }: PlacedDevice): string {
  const blind = cameras.filter((camera) => camera.state !== 'online').length;
  const parts = [
    device.sign ? 'sign' : device.kind,
    ...(cameras.length > 0 ? [many(cameras.length, 'camera')] : []),
  ];
  const state = blind > 0 ? `${device.state}, ${many(blind, 'camera')} not online` : device.state;
  const lit = alert ? `, ${TIER_NAMES[alert.tier].toLowerCase()} active` : '';
  return `${device.name}: ${listed(parts)}, ${state}${lit}`;
}

interface AlertListProps {
  alerts: Alert[];
  site: SiteMap;
  devices: Device[];
  onShow: (bounds: Bounds) => void;
}

export function AlertList({ alerts, site, devices, onShow }: AlertListProps): ReactElement | null {
  if (alerts.length === 0) return null;
  return (
    <ul className={css.alerts}>
      {alerts.map((alert) => {
        const bounds = boundsOf(alert, site, devices);
        return (
          <li key={alert.id} data-alert={alert.id}>
            <div className={css.line}>
              <TierName tier={alert.tier} filled />
              <AlertState alert={alert} />
            </div>
            <Link to={`/alerts/${alert.id}`} className={css.alertText}>
              <Text text={alert.texts[0]} />
            </Link>
            <div className={css.line}>
              <span className={css.hint}>{targetWords(alert)}</span>
              {bounds ? (
                <Button
                  size="small"
                  variant="outlined"
                  color="inherit"
                  onClick={() => onShow(bounds)}
                >
                  Show
                </Button>
              ) : (
                <span className={css.hint}>no place on the map</span>
              )}
            </div>
          </li>
        );
      })}
    </ul>
  );
}
