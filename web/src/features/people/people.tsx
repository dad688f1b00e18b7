/** Who may sign in, as what, and where. */
import type { ReactElement } from 'react';
import Button from '@mui/material/Button';
import { useResource } from '../../wire/resource';
import type { Invitation, Person } from '../../wire/types';
import { saveCsv, toCsv } from '../../show/csv';
import { Page, Panel, ProblemNote, SkeletonRows, State, ExportButton } from '../../show/parts';
import { Select, useParam } from '../../show/select';
import { Time, ZoneName } from '../../show/time';
import { many } from '../../show/words';
import { may, reachWords, ROLE_NAMES, useSession } from '../session/session';
import { Invitations } from './invitations';
import { Invite } from './invite';
import { PersonEdit } from './person-edit';
import { ROLE_CHOICES } from './rights';
import css from '../../show/show.module.css';

const EVERY = { value: '', label: 'every' };

export function People(): ReactElement {
  const { session } = useSession();
  const manages = may('managePeople', session);
  const people = useResource<{ users: Person[] }>('/api/users', 'People');
  const [role, setRole] = useParam('role');
  const [name, setName] = useParam('person');
  const all = people.data?.users ?? [];
  const shown = all.filter((person) => !role || person.role === role);
  const chosen = all.find((person) => person.username === name);
  return (
    <Page
      title="People"
      tools={
        <>
          <span className={css.note}>{many(shown.length, 'user')}</span>
          <ExportButton onClick={() => save(shown)} />
        </>
      }
    >
      <div className={css.filters}>
        <Select label="Role" value={role} onChange={setRole} choices={[EVERY, ...ROLE_CHOICES]} />
      </div>
      {people.problem && <ProblemNote problem={people.problem} retry={people.reload} />}
      {manages && chosen && (
        <PersonEdit
          key={chosen.username}
          person={chosen}
          onChanged={people.reload}
          onClose={() => setName('')}
        />
      )}
      <Panel title="Users">
        {!people.data && !people.problem && <SkeletonRows />}
        {people.data && <PersonTable people={shown} onChoose={manages ? setName : null} />}
      </Panel>
      {manages && <Inviting />}
    </Page>
  );
}

function Inviting(): ReactElement {
  const list = useResource<{ invitations: Invitation[] }>('/api/invitations', 'Invitations');
  return (
    <>
      <Invite onInvited={list.reload} />
      <Invitations list={list} />
    </>
  );
}

function PersonTable(props: {
  people: Person[];
  onChoose: ((name: string) => void) | null;
}): ReactElement {
  const { people, onChoose } = props;
  return (
    <table className={css.table}>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Role</th>
          <th scope="col">Where</th>
          <th scope="col">State</th>
          <th scope="col" className={css.number}>
            Sessions
          </th>
          <th scope="col">
            Last used <ZoneName />
          </th>
          {onChoose && <th scope="col">Change</th>}
        </tr>
      </thead>
      <tbody>
        {people.map((person) => (
          <tr key={person.username} data-person={person.username}>
            <td className={css.lead}>{person.username}</td>
            <td>{ROLE_NAMES[person.role]}</td>
            <td>{reachWords(person.zones)}</td>
            <td>
              <PersonState person={person} />
            </td>
            <td className={css.number}>{many(person.sessions, 'session')}</td>
            <td>
              <Time at={person.last_used_at} />
            </td>
            {onChoose && (
              <td>
                <Button
                  size="small"
                  color="inherit"
                  aria-label={`Change ${person.username}`}
                  onClick={() => onChoose(person.username)}
                >
                  Change
                </Button>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function PersonState({ person }: { person: Person }): ReactElement {
  if (person.disabled)
    return (
      <State icon="refused" mood="fault">
        kept out
      </State>
    );
  if (person.password_missing || person.password_change_required)
    return (
      <State icon="queued" mood="dim">
        {person.password_missing ? 'waits for the link' : 'must choose a password'}
      </State>
    );
  return (
    <State icon="check" mood="good">
      may sign in
    </State>
  );
}

function save(people: Person[]): void {
  const head = ['username', 'role', 'zones', 'disabled', 'sessions', 'last_used_at'] as const;
  const rows = people.map((person) =>
    head.map((key) => (key === 'zones' ? reachWords(person.zones) : person[key])),
  );
  saveCsv('tocsin-people.csv', toCsv([...head], rows));
}
