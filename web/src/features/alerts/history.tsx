/** What became of an alert, in the order of time. */
import type { ReactElement } from 'react';
import { Panel } from '../../show/parts';
import { Time } from '../../show/time';
import { many } from '../../show/words';
import type { Alert, Delivery } from '../../wire/types';
import css from './alerts.module.css';

interface Moment {
  at: string;
  words: string;
}

export function momentsOf(alert: Alert, deliveries: Delivery[]): Moment[] {
  const moments: Moment[] = [{ at: alert.created_at, words: `${alert.created_by} sent it` }];
  if (Date.parse(alert.begin) > Date.parse(alert.created_at) + 1000)
    moments.push({ at: alert.begin, words: 'it began' });
  if (alert.revision > 1 && !alert.cancelled_at) {
    const queued = edge(deliveries, 'queued_at', false);
    if (queued) moments.push({ at: queued, words: `revision ${alert.revision} went out` });
  }
  for (const [member, plain] of STEPS) {
    const word = member === 'received_at' && alert.cancelled_at ? 'received the end' : plain;
    const times = deliveries.filter((each) => each[member]);
    const first = edge(times, member, false);
    const last = edge(times, member, true);
    if (!first || !last) continue;
    if (times.length === 1)
      moments.push({ at: first, words: `${times[0]?.device ?? 'a sign'} ${word}` });
    else {
      moments.push({ at: first, words: `the first sign ${word}` });
      moments.push({ at: last, words: `${many(times.length, 'sign')} ${word}` });
    }
  }
  if (alert.cancelled_at) moments.push({ at: alert.cancelled_at, words: 'it was cancelled' });
  if (alert.state === 'expired') moments.push({ at: alert.expire, words: 'it ran out' });
  return moments.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

type Step = 'received_at' | 'lit_at' | 'cleared_at';
const STEPS: [Step, string][] = [
  ['received_at', 'received it'],
  ['lit_at', 'lit it'],
  ['cleared_at', 'cleared it'],
];

function edge(deliveries: Delivery[], member: Step | 'queued_at', last: boolean): string | null {
  const times = deliveries
    .map((each) => each[member])
    .filter((time): time is string => time !== null);
  times.sort((a, b) => Date.parse(a) - Date.parse(b));
  return times[last ? times.length - 1 : 0] ?? null;
}

export function History({
  alert,
  deliveries,
}: {
  alert: Alert;
  deliveries: Delivery[];
}): ReactElement {
  return (
    <Panel title="What happened">
      <ol className={css.history}>
        {momentsOf(alert, deliveries).map((moment) => (
          <li key={`${moment.at} ${moment.words}`}>
            <Time at={moment.at} age={false} />
            <span>{moment.words}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
