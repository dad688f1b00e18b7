/** Inviting somebody: role and zones now, the name if it is known, and a link that works once. */
import { useState, type FormEvent, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import { invite } from '../../wire/api';
import { asProblem, type Problem } from '../../wire/problem';
import type { NewInvitation } from '../../wire/types';
import { Panel, ProblemNote } from '../../show/parts';
import { LinkNote } from './link-note';
import { RightsFields } from './rights-fields';
import { rightsFault, type Rights } from './rights';
import css from './people.module.css';

export function Invite({ onInvited }: { onInvited: () => void }): ReactElement {
  const [rights, setRights] = useState<Rights>({ role: 'operator', zones: null });
  const [username, setUsername] = useState('');
  const [made, setMade] = useState<NewInvitation | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const fault = rightsFault(rights);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    try {
      const name = username.trim();
      setMade(await invite(name ? { ...rights, username: name } : rights));
      setUsername('');
      onInvited();
    } catch (caught) {
      setProblem(asProblem(caught, 'The invitation'));
    }
  };

  return (
    <Panel title="Invite somebody">
      {problem && <ProblemNote problem={problem} />}
      <form className={css.form} onSubmit={(event) => void submit(event)}>
        <TextField
          label="Name"
          size="small"
          value={username}
          helperText="Or empty: the guest chooses."
          onChange={(event) => setUsername(event.target.value)}
          slotProps={{ htmlInput: { autoCapitalize: 'none', spellCheck: false } }}
        />
        <RightsFields rights={rights} onChange={setRights} />
        <Button type="submit" variant="contained" disabled={fault !== null}>
          Make a link
        </Button>
        {fault && <span role="status">{fault}</span>}
      </form>
      {made && <LinkNote made={made} />}
    </Panel>
  );
}
