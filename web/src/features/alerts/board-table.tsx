import type { ReactElement } from 'react';
import { classes, DeliveryName, Empty } from '../../show/parts';
import { Ago, Time, ZoneName } from '../../show/time';
import { latency, many } from '../../show/words';
import type { Delivery } from '../../wire/types';
import { shownState } from './deliveries';
import css from '../../show/show.module.css';
import own from './alerts.module.css';

interface BoardTableProps {
  rows: Delivery[];
  nowMs: number;
  /** The alert is over: what counts is that it was cleared. */
  over: boolean;
  chosen: string | null;
  onChoose: (device: string) => void;
}

/** One row per device; choosing a row shows its sign beside. */
export function BoardTable({ rows, nowMs, over, chosen, onChoose }: BoardTableProps): ReactElement {
  if (rows.length === 0) return <Empty title="No delivery in this state" />;
  return (
    <div className={classes(css.scroll, own.boardTable)}>
      <table className={css.table} data-testid="board">
        <thead>
          <tr>
            <th scope="col">Device</th>
            <th scope="col">Zone</th>
            <th scope="col">State</th>
            <th scope="col">
              Queued <ZoneName />
            </th>
            <th scope="col" className={css.number}>
              Received after
            </th>
            <th scope="col" className={css.number}>
              {over ? 'Cleared after' : 'Lit after'}
            </th>
            <th scope="col">Reason</th>
            <th scope="col" className={css.number}>
              Sent
            </th>
            <th scope="col">Last contact</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={row.device}
              data-device={row.device}
              data-state={shownState(row, nowMs)}
              className={classes(row.device === chosen && own.chosen)}
            >
              <td className={css.lead}>
                <button
                  type="button"
                  className={classes(own.rowButton, css.rowLink)}
                  aria-pressed={row.device === chosen}
                  onClick={() => onChoose(row.device)}
                >
                  {row.device}
                </button>
              </td>
              <td>{row.zone}</td>
              <td className={css.side}>
                <DeliveryName state={shownState(row, nowMs)} />
              </td>
              <td>
                <Time at={row.queued_at} age={false} />
              </td>
              <After from={row.queued_at} to={row.received_at} word="received after" />
              <After
                from={row.queued_at}
                to={over ? row.cleared_at : row.lit_at}
                word={over ? 'cleared after' : 'lit after'}
              />
              <td className={css.fault}>{reasonWords(row.reason)}</td>
              <td className={classes(css.number, css.quiet, css.desk)}>
                {timesWords(row.attempts)}
              </td>
              <td>
                {row.last_contact ? (
                  <Ago at={row.last_contact} />
                ) : (
                  <span className={css.quiet}>never</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function After({
  from,
  to,
  word,
}: {
  from: string;
  to: string | null;
  word: string;
}): ReactElement {
  // A time before the row was queued is of an earlier revision.
  const known = to !== null && Date.parse(to) >= Date.parse(from);
  return (
    <td className={css.number} {...(known ? { 'data-label': word } : {})}>
      {known ? latency(from, to) : ''}
    </td>
  );
}

function timesWords(attempts: number): string {
  if (attempts === 0) return 'not yet';
  return attempts === 1 ? 'once' : `${attempts} times`;
}

const REASONS: Record<string, string> = {
  over_tier: 'the key that signed it may not sign this tier',
  replayed: 'older than what the device has',
  expired: 'it had run out when it arrived',
  untrusted: 'the device does not trust the signer',
  forged: 'the signature is wrong',
  exercise: 'this sign lights no exercises or tests',
};

/** The device's word, explained where we can; its own word otherwise. */
function reasonWords(reason: string | null): string {
  if (!reason) return '';
  const short = /^unapproved_(\d+)_of_(\d+)$/.exec(reason);
  if (short) return `needs ${many(Number(short[2]), 'approval')}, has ${short[1]}`;
  return REASONS[reason] ?? reason.replaceAll('_', ' ');
}
