import type { ReactElement } from 'react';
import { useEverySecond } from './ticker';
import { ago, exact, moment, zoneOffset } from './words';
import css from './show.module.css';

/** "12 s ago", kept true. */
export function Ago({ at }: { at: string | number }): ReactElement {
  const ms = typeof at === 'number' ? at : Date.parse(at);
  return <span className={css.quiet}>{useEverySecond((now) => ago((now - ms) / 1000))}</span>;
}

/** Local time with its age beside it; the exact instant and its zone on hover. */
export function Time({ at, age = true }: { at: string | null; age?: boolean }): ReactElement {
  if (!at) return <span className={css.quiet}>never</span>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={exact(date)} className={css.time}>
      {moment(date, new Date())}
      {age && (
        <>
          {' '}
          <Ago at={at} />
        </>
      )}
    </time>
  );
}

/** The zone that the times of a table are in, for its head. */
export function ZoneName(): ReactElement {
  return <span className={css.zone}>{zoneOffset(new Date())}</span>;
}
