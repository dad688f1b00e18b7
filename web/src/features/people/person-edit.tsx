/** One person: role and zones, in and out, sessions, and a new beginning. */
import { useState, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import { changePerson, endSessionsOf, resetPerson, type RightsChange } from '../../wire/api';
import { asProblem, type Problem } from '../../wire/problem';
import { useResource } from '../../wire/resource';
import type { NewInvitation, OpenSession, Person } from '../../wire/types';
import { HoldButton } from '../../show/hold-button';
import { Panel, ProblemNote } from '../../show/parts';
import { SessionTable } from '../session/session-table';
import { LinkNote } from './link-note';
import { RightsFields } from './rights-fields';
import { rightsFault, type Rights } from './rights';
import css from './people.module.css';

interface PersonEditProps {
  person: Person;
  onChanged: () => void;
  onClose: () => void;
}

export function PersonEdit({ person, onChanged, onClose }: PersonEditProps): ReactElement {
  const name = person.username;
  const path = `/api/users/${encodeURIComponent(name)}/sessions`;
  const sessions = useResource<{ sessions: OpenSession[] }>(path, `Sessions of ${name}`);
  const [rights, setRights] = useState<Rights>({ role: person.role, zones: person.zones });
  const [link, setLink] = useState<NewInvitation | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const fault = rightsFault(rights);

  const run = async (work: () => Promise<unknown>) => {
    setProblem(null);
    try {
      await work();
      sessions.reload();
      onChanged();
    } catch (caught) {
      setProblem(asProblem(caught, name));
    }
  };
  const change = (rightsChange: RightsChange) => run(() => changePerson(name, rightsChange));

  return (
    <Panel
      title={name}
      tools={
        <Button size="small" color="inherit" onClick={onClose}>
          Close
        </Button>
      }
    >
      <div className={css.edit}>
        {problem && <ProblemNote problem={problem} />}
        <div className={css.tools}>
          <RightsFields rights={rights} onChange={setRights} />
          <Button
            variant="contained"
            disabled={fault !== null}
            onClick={() => void change({ role: rights.role, zones: rights.zones })}
          >
            Give these rights
          </Button>
          {fault && <span role="status">{fault}</span>}
        </div>
        {sessions.data && sessions.data.sessions.length > 0 && (
          <SessionTable sessions={sessions.data.sessions} />
        )}
        <div className={css.tools}>
          <Button
            variant="outlined"
            color="inherit"
            onClick={() => void run(() => endSessionsOf(name))}
          >
            End all sessions
          </Button>
          <Button
            variant="outlined"
            color="inherit"
            onClick={() => void change({ disabled: !person.disabled })}
          >
            {person.disabled ? 'Let in again' : 'Keep out'}
          </Button>
          <HoldButton onHeld={() => void run(async () => setLink(await resetPerson(name)))}>
            Reset password and second factor
          </HoldButton>
        </div>
        {link && <LinkNote made={link} />}
      </div>
    </Panel>
  );
}
