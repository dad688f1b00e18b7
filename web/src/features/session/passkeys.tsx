/** One's passkeys: added with the password and a touch, removed with the password. */
import { useState, type FormEvent, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import { addPasskey, beginPasskey, removePasskey } from '../../wire/api';
import { makePasskey, passkeysPossible } from '../../wire/passkey';
import { asProblem, Problem } from '../../wire/problem';
import type { Passkey } from '../../wire/types';
import { ProblemNote } from '../../show/parts';
import { Time } from '../../show/time';
import css from './session.module.css';

interface PasskeysProps {
  passkeys: Passkey[];
  onChanged: () => void;
}

export function Passkeys({ passkeys, onChanged }: PasskeysProps): ReactElement {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);

  const run = async (work: () => Promise<void>) => {
    setProblem(null);
    try {
      await work();
      setPassword('');
      setName('');
      onChanged();
    } catch (caught) {
      setProblem(asProblem(caught, 'The passkey'));
    }
  };
  const add = async () => {
    const made = await makePasskey(await beginPasskey(password));
    if (!made) throw notMade();
    await addPasskey(name.trim() || 'passkey', made);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(add);
  };

  return (
    <form className={css.fields} onSubmit={submit}>
      {problem && <ProblemNote problem={problem} />}
      {passkeys.length > 0 && (
        <ul className={css.passkeys}>
          {passkeys.map((passkey) => (
            <li key={passkey.id} data-passkey={passkey.id}>
              <span>
                {passkey.name}, last used <Time at={passkey.used_at} />
              </span>
              <Button
                size="small"
                color="inherit"
                disabled={!password}
                onClick={() => void run(() => removePasskey(passkey.id, password))}
              >
                Remove
              </Button>
            </li>
          ))}
        </ul>
      )}
      {passkeysPossible() ? (
        <>
          <TextField
            label="Name of the passkey"
            size="small"
            value={name}
            helperText="Such as: phone, yellow key."
            onChange={(event) => setName(event.target.value)}
            slotProps={{ htmlInput: { maxLength: 40 } }}
          />
          <TextField
            label="Password, to change passkeys"
            type="password"
            size="small"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <Button type="submit" variant="outlined">
            Add a passkey
          </Button>
        </>
      ) : (
        <p className={css.hint}>
          Passkeys need a name: they cannot be made at the address {window.location.hostname}.
        </p>
      )}
    </form>
  );
}

function notMade(): Problem {
  const detail = 'The browser made no passkey: it was declined, or took too long.';
  return new Problem(-1, 'Nothing has changed', detail, 'Try again.');
}
