/** The emergencies that wait for approvals, above the list of alerts. */
import { useEffect, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { liveStore } from '../../wire/live';
import { useResource } from '../../wire/resource';
import type { Emergency } from '../../wire/types';
import { Panel, ProblemNote } from '../../show/parts';
import { actWords, missingWords } from './emergency';
import { Text } from './alert-parts';
import css from './alerts.module.css';

export function merge(list: Emergency[], next: Emergency): Emergency[] {
  const others = list.filter((each) => each.id !== next.id);
  if (next.state !== 'waiting') return others;
  return [...others, next].sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function WaitingList(): ReactElement | null {
  const drafts = useResource<{ drafts: Emergency[] }>('/api/drafts', 'Waiting emergencies');
  const { change } = drafts;
  useEffect(
    () =>
      liveStore.listen((message) => {
        if (message.kind === 'draft')
          change((known) => ({ drafts: merge(known.drafts, message.data) }));
      }),
    [change],
  );
  if (drafts.problem) return <ProblemNote problem={drafts.problem} retry={drafts.reload} />;
  if (!drafts.data || drafts.data.drafts.length === 0) return null;
  return (
    <Panel title="Waiting for approval">
      <ul className={css.waiting} data-testid="waiting">
        {drafts.data.drafts.map((draft) => (
          <li key={draft.id}>
            <Link to={`/alerts/drafts/${draft.id}`}>{actWords(draft)}</Link>{' '}
            <Text text={draft.content.texts[0]} /> {missingWords(draft)}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
