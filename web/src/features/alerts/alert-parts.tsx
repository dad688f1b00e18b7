/** What lists, board and situation show of an alert. */
import type { ReactElement } from 'react';
import { classes, State } from '../../show/parts';
import { useEverySecond } from '../../show/ticker';
import { span } from '../../show/words';
import type { Alert, AlertText, Status } from '../../wire/types';
import { SHOWN, tallyOf, type Tally } from './deliveries';
import { languageName } from './languages';
import css from './alerts.module.css';

/** The state, and for a standing alert how long it still stands. */
export function AlertState({ alert }: { alert: Alert }): ReactElement {
  const left = useEverySecond((now) => Math.floor((Date.parse(alert.expire) - now) / 1000));
  const ahead = useEverySecond((now) => Math.floor((Date.parse(alert.begin) - now) / 1000));
  if (alert.state === 'cancelled')
    return (
      <State icon="cleared" mood="dim">
        cancelled
      </State>
    );
  if (alert.state === 'expired' || left <= 0)
    return (
      <State icon="cleared" mood="dim">
        run out
      </State>
    );
  if (alert.state === 'pending' && ahead > 0)
    return (
      <State icon="queued" mood="plain">
        begins in {span(ahead)}
      </State>
    );
  return (
    <State icon="lit" mood="good">
      active, {span(left)} left
    </State>
  );
}

export function Text({ text }: { text: AlertText | undefined }): ReactElement | null {
  if (!text) return null;
  return (
    <span dir="auto" lang={text.language} className={css.text}>
      {text.text}
    </span>
  );
}

/** What is not the real thing says so, in a hatched frame, wherever it is shown. */
export function StatusMark({ status }: { status: Status | undefined }): ReactElement | null {
  if (!status || status === 'actual') return null;
  return <strong className={css.drill}>{status === 'test' ? 'TEST' : 'EXERCISE'}</strong>;
}

export function Texts({ texts }: { texts: AlertText[] }): ReactElement {
  return (
    <ul className={css.texts}>
      {texts.map((text) => (
        <li key={text.language}>
          <span className={css.language}>{languageName(text.language)}</span>
          <Text text={text} />
        </li>
      ))}
    </ul>
  );
}

export function targetWords({ targets }: Pick<Alert, 'targets'>): string {
  if (targets.broadcast) return 'whole site';
  return [...targets.zones, ...targets.devices].join(', ');
}

/** The shares of the states as one bar, with the words that matter beside it. */
export function DeliveryBar({ alert }: { alert: Alert }): ReactElement {
  const count = tallyOf(alert.counts);
  const all = alert.counts.targets;
  return (
    <span className={css.bar}>
      <span className={css.barTrack} aria-hidden="true">
        {[...SHOWN]
          .reverse()
          .map((state) =>
            count[state] > 0 ? (
              <span key={state} className={css[state]} style={{ flexGrow: count[state] }} />
            ) : null,
          )}
      </span>
      <span className={classes(count.silent + count.refused > 0 && css.barFault)}>
        {barWords(count, all)}
      </span>
    </span>
  );
}

function barWords(count: Tally, all: number): string {
  if (all === 0) return 'no sign';
  if (count.silent > 0) return `${count.silent} of ${all} silent`;
  if (count.refused > 0) return `${count.refused} of ${all} refused`;
  if (count.cleared > 0) return `${count.cleared} of ${all} cleared`;
  return `${count.lit} of ${all} lit`;
}
