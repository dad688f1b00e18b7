/** Back from the identity provider: an account with a second factor shows it here. */
import { useEffect, useRef, useState, type FormEvent, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import type { Shown } from '../../wire/api';
import { askPasskey, type PasskeyQuestion } from '../../wire/passkey';
import { asProblem, Problem } from '../../wire/problem';
import { showFactor } from '../../wire/provider';
import type { Session } from '../../wire/types';
import { ProblemNote } from '../../show/parts';
import { Brand, CodeField, notTouched, wrongCode } from './sign-in';
import css from './session.module.css';

interface ProviderFactorProps {
  onSignedIn: (session: Session) => void;
  /** Back to the sign-in page; with what went wrong. */
  onLeave: (problem: Problem | null) => void;
}

export function ProviderFactor({ onSignedIn, onLeave }: ProviderFactorProps): ReactElement {
  const [app, setApp] = useState(false);
  const [question, setQuestion] = useState<PasskeyQuestion | null>(null);
  const [code, setCode] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(true);

  const show = async (shown?: Shown) => {
    setBusy(true);
    setProblem(null);
    try {
      onSignedIn(await showFactor(shown));
    } catch (caught) {
      const found = asProblem(caught, 'Signing in');
      if (found.status === 403) {
        onLeave(new Problem(401, 'Not signed in', found.detail, 'Sign in once more.'));
        return;
      }
      if (found.reason.startsWith('second_factor')) setApp(found.more.app === true);
      setQuestion((found.more.passkey as PasskeyQuestion | undefined) ?? null);
      if (found.reason !== 'second_factor_required')
        setProblem(found.reason === 'second_factor_wrong' ? wrongCode(found) : found);
      setCode('');
      setBusy(false);
    }
  };
  const begin = useRef(show);
  useEffect(() => void begin.current(), []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void show(code.trim() ? { code: code.trim() } : undefined);
  };
  const touch = async () => {
    const passkey = question && (await askPasskey(question));
    if (passkey) await show({ passkey });
    else setProblem(notTouched());
  };

  return (
    <main className={css.door}>
      <form className={css.form} onSubmit={submit}>
        <Brand />
        <h1>Show your second factor</h1>
        <p className={css.hint}>
          The identity provider knows you. Your account here asks for more.
        </p>
        {problem && <ProblemNote problem={problem} />}
        {app && <CodeField code={code} onCode={setCode} />}
        {question && (
          <Button variant="contained" size="large" disabled={busy} onClick={() => void touch()}>
            Use your passkey
          </Button>
        )}
        {(app || !question) && (
          <Button type="submit" variant="contained" size="large" disabled={busy}>
            {busy ? 'Signing in' : app ? 'Sign in' : 'Ask again'}
          </Button>
        )}
        <Button color="inherit" onClick={() => onLeave(null)}>
          Sign in another way
        </Button>
      </form>
    </main>
  );
}
