import type { ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { Icon } from '../theme/icons';
import { TIER_NAMES } from '../show/parts';
import { many } from '../show/words';
import { useLive } from '../wire/live';
import css from './frame.module.css';

/** Cannot be missed while an emergency is active. */
export function AlarmBanner(): ReactElement | null {
  const alerts = useLive((live) => live.town.alerts);
  const alarms = alerts.filter(
    (alert) =>
      alert.state === 'active' &&
      (alert.status ?? 'actual') === 'actual' &&
      (alert.tier === 'emergency' || alert.tier === 'ipaws'),
  );
  const first = alarms[0];
  if (!first) return null;
  const rest = alarms.length - 1;
  return (
    <div role="alert" className={css.alarm}>
      <Icon name="emergency" size={22} />
      <strong>{TIER_NAMES[first.tier]} active</strong>
      <Link to={`/alerts/${first.id}`} dir="auto" className={css.alarmText}>
        {first.texts[0]?.text}
      </Link>
      {rest > 0 && <Link to="/alerts?state=active">and {many(rest, 'more', 'more')}</Link>}
    </div>
  );
}
