import type { ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { saveCsv, toCsv } from '../../show/csv';
import {
  classes,
  Empty,
  ExportButton,
  Page,
  ProblemNote,
  SkeletonRows,
  TIER_NAMES,
  TierName,
} from '../../show/parts';
import { Select, useParam } from '../../show/select';
import { useEverySecond } from '../../show/ticker';
import { Time, ZoneName } from '../../show/time';
import { many } from '../../show/words';
import { serverNow, useLive } from '../../wire/live';
import type { Alert, Tier } from '../../wire/types';
import { may, useSession } from '../session/session';
import { AlertState, DeliveryBar, StatusMark, targetWords, Text } from './alert-parts';
import { isStanding } from './deliveries';
import { useAlerts } from './use-alerts';
import { WaitingList } from './waiting';
import css from '../../show/show.module.css';

const STATES = [
  { value: 'all', label: 'every' },
  { value: 'active', label: 'active' },
  { value: 'ended', label: 'ended' },
];

export function Alerts(): ReactElement {
  const [state, setState] = useParam('state', 'all');
  const [tier, setTier] = useParam('tier');
  const [zone, setZone] = useParam('zone');
  const zones = useLive((live) => live.town.zones);
  const alerts = useAlerts(state);
  const { session } = useSession();
  const minute = useEverySecond((now) => Math.floor(now / 1000));
  const shown = (alerts.data?.alerts ?? []).filter(
    (alert) =>
      (state === 'all' || isStanding(alert, minute * 1000) === (state === 'active')) &&
      (!tier || alert.tier === tier) &&
      (!zone || alert.targets.broadcast || alert.targets.zones.includes(zone)),
  );
  return (
    <Page
      title="Alerts"
      tools={
        <>
          <span className={css.note}>
            {many(shown.length, 'alert')}
            {alerts.data?.next ? ' (the newest 200 of all)' : ''}
          </span>
          <ExportButton onClick={() => save(shown)} />
        </>
      }
    >
      {may('alert', session) && <WaitingList />}
      <div className={css.filters}>
        <Select label="State" value={state} onChange={setState} choices={STATES} />
        <Select
          label="Tier"
          value={tier}
          onChange={setTier}
          choices={[
            { value: '', label: 'every' },
            ...(Object.keys(TIER_NAMES) as Tier[]).map((value) => ({
              value,
              label: TIER_NAMES[value],
            })),
          ]}
        />
        <Select
          label="Zone"
          value={zone}
          onChange={setZone}
          choices={[
            { value: '', label: 'every' },
            ...zones.map((each) => ({ value: each.name, label: each.name })),
          ]}
        />
      </div>
      {alerts.problem && <ProblemNote problem={alerts.problem} retry={alerts.reload} />}
      <div className={css.scroll}>
        {shown.length > 0 && <AlertTable alerts={shown} />}
        {alerts.loading && !alerts.data && <SkeletonRows />}
        {alerts.data && shown.length === 0 && (
          <Empty title="No such alert">
            {state === 'active' ? 'The signs are free. ' : ''}A new one is written with the red
            button above.
          </Empty>
        )}
      </div>
    </Page>
  );
}

function AlertTable({ alerts }: { alerts: Alert[] }): ReactElement {
  return (
    <table className={css.table}>
      <thead>
        <tr>
          <th scope="col">Tier</th>
          <th scope="col">Text</th>
          <th scope="col">Where</th>
          <th scope="col">State</th>
          <th scope="col">Delivery</th>
          <th scope="col">
            Sent <ZoneName />
          </th>
          <th scope="col">By</th>
        </tr>
      </thead>
      <tbody>
        {alerts.map((alert) => (
          <tr key={alert.id}>
            <td className={css.lead}>
              <TierName tier={alert.tier} /> <StatusMark status={alert.status} />
            </td>
            <td className={classes(css.clip, css.wide)}>
              <Link to={`/alerts/${alert.id}`} className={css.rowLink}>
                <Text text={alert.texts[0]} />
              </Link>
              {alert.texts.length > 1 && (
                <span className={css.quiet}>
                  {' '}
                  and {many(alert.texts.length - 1, 'language')} more
                </span>
              )}
            </td>
            <td>{targetWords(alert)}</td>
            <td className={classes(css.nowrap, css.side)}>
              <AlertState alert={alert} />
            </td>
            <td>
              <DeliveryBar alert={alert} />
            </td>
            <td>
              <Time at={alert.created_at} />
            </td>
            <td className={classes(css.quiet, css.desk)}>{alert.created_by}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function save(alerts: Alert[]): void {
  const head = [
    'id',
    'revision',
    'tier',
    'state',
    'language',
    'text',
    'targets',
    'begin',
    'expire',
    'created_at',
    'created_by',
    'signs',
    'lit',
    'cleared',
    'refused',
    'silent',
  ];
  const rows = alerts.flatMap((alert) =>
    alert.texts.map((text) => [
      alert.id,
      alert.revision,
      alert.tier,
      isStanding(alert, serverNow()) ? alert.state : 'ended',
      text.language,
      text.text,
      targetWords(alert),
      alert.begin,
      alert.expire,
      alert.created_at,
      alert.created_by,
      alert.counts.targets,
      alert.counts.lit,
      alert.counts.cleared,
      alert.counts.refused,
      alert.counts.silent,
    ]),
  );
  saveCsv('tocsin-alerts.csv', toCsv(head, rows));
}
