/** Current, new, new again: used at the first sign-in and later by choice. */
import { useState, type FormEvent, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import { changePassword } from '../../wire/api';
import { asProblem, Problem } from '../../wire/problem';
import { ProblemNote } from '../../show/parts';
import { PASSWORD_MIN, passwordFault } from './session';
import css from './session.module.css';

interface PasswordFormProps {
  username: string;
  currentLabel: string;
  onDone: () => void;
}

export function PasswordForm({ username, currentLabel, onDone }: PasswordFormProps): ReactElement {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = passwordFault(current, next, again);
    setFault(found);
    setProblem(null);
    if (found) return;
    setBusy(true);
    try {
      await changePassword(current, next);
      onDone();
    } catch (caught) {
      setProblem(asProblem(caught, 'Your password'));
    }
    setBusy(false);
  };

  return (
    <form className={css.fields} onSubmit={(event) => void submit(event)}>
      {problem && <ProblemNote problem={problem} />}
      <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
      <TextField
        label={currentLabel}
        name="current"
        type="password"
        autoComplete="current-password"
        required
        value={current}
        onChange={(event) => setCurrent(event.target.value)}
      />
      <TextField
        label="New password"
        name="new"
        type="password"
        autoComplete="new-password"
        required
        value={next}
        helperText={`At least ${PASSWORD_MIN} characters; a short sentence is good.`}
        onChange={(event) => setNext(event.target.value)}
      />
      <TextField
        label="New password again"
        name="again"
        type="password"
        autoComplete="new-password"
        required
        value={again}
        error={fault !== null}
        helperText={fault ?? ' '}
        onChange={(event) => setAgain(event.target.value)}
      />
      <Button type="submit" variant="contained" size="large" disabled={busy}>
        Set password
      </Button>
    </form>
  );
}
