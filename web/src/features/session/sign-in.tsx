import { useEffect, useRef, useState, type FormEvent, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import { signIn, type Shown } from '../../wire/api';
import { askPasskey, type PasskeyQuestion } from '../../wire/passkey';
import { asProblem, Problem } from '../../wire/problem';
import { forgetOutcome, outcomeOf, outcomeProblem } from '../../wire/provider';
import { ProblemNote } from '../../show/parts';
import type { Session } from '../../wire/types';
import { ProviderButton } from './provider-button';
import { ProviderFactor } from './provider-factor';
import css from './session.module.css';

interface SignInProps {
  ended: boolean;
  onSignedIn: (session: Session) => void;
}

/** By name and password, or on the way back from the identity provider. */
export function SignIn({ ended, onSignedIn }: SignInProps): ReactElement {
  const [outcome] = useState(() => outcomeOf(window.location.search));
  const [waiting, setWaiting] = useState(outcome === 'factor');
  const [problem, setProblem] = useState(() => outcomeProblem(outcome));
  useEffect(forgetOutcome, []);
  const leave = (found: Problem | null) => {
    setProblem(found);
    setWaiting(false);
  };
  return waiting ? (
    <ProviderFactor onSignedIn={onSignedIn} onLeave={leave} />
  ) : (
    <PasswordSignIn ended={ended} first={problem} onSignedIn={onSignedIn} />
  );
}

interface PasswordSignInProps extends SignInProps {
  /** What went wrong before this page was shown. */
  first: Problem | null;
}

function PasswordSignIn({ ended, first, onSignedIn }: PasswordSignInProps): ReactElement {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [asked, setAsked] = useState(false);
  const [question, setQuestion] = useState<PasskeyQuestion | null>(null);
  const [code, setCode] = useState('');
  const [problem, setProblem] = useState<Problem | null>(first);
  const [busy, setBusy] = useState(false);

  const enter = async (shown?: Shown) => {
    setBusy(true);
    setProblem(null);
    try {
      onSignedIn(await signIn(username.trim(), password, shown));
    } catch (caught) {
      const found = asProblem(caught, 'Signing in');
      const factor = found.reason.startsWith('second_factor');
      if (factor) setAsked(found.more.app === true);
      setQuestion((found.more.passkey as PasskeyQuestion | undefined) ?? null);
      if (found.reason !== 'second_factor_required')
        setProblem(factor ? wrongCode(found) : found.status === 401 ? wrong(username) : found);
      setCode('');
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter(code.trim() ? { code: code.trim() } : undefined);
  };
  const touch = async () => {
    const passkey = question && (await askPasskey(question));
    if (passkey) await enter({ passkey });
    else setProblem(notTouched());
  };

  return (
    <main className={css.door}>
      <form className={css.form} onSubmit={submit}>
        <Brand />
        <h1>Sign in</h1>
        {ended && !problem && (
          <p className={css.hint}>Your session has ended. Sign in to go on where you were.</p>
        )}
        {problem && <ProblemNote problem={problem} />}
        <TextField
          label="Name"
          name="username"
          autoComplete="username"
          required
          value={username}
          onChange={(event) => setUsername(event.target.value)}
          slotProps={{ htmlInput: { autoCapitalize: 'none', spellCheck: false } }}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {asked && <CodeField code={code} onCode={setCode} />}
        {question && (
          <Button variant="contained" size="large" disabled={busy} onClick={() => void touch()}>
            Use your passkey
          </Button>
        )}
        <Button type="submit" variant="contained" size="large" disabled={busy}>
          {busy ? 'Signing in' : 'Sign in'}
        </Button>
        <ProviderButton onProblem={setProblem} />
        <p className={css.hint}>
          The first time, use the one-time password that was printed when Tocsin started; you then
          choose your own.
        </p>
      </form>
    </main>
  );
}

export function CodeField(props: { code: string; onCode: (code: string) => void }): ReactElement {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <TextField
      label="Code of your authenticator app"
      name="code"
      autoComplete="one-time-code"
      required
      inputRef={field}
      value={props.code}
      helperText="Six digits; or one of your recovery codes."
      onChange={(event) => props.onCode(event.target.value)}
      slotProps={{ htmlInput: { autoCapitalize: 'none', spellCheck: false, maxLength: 11 } }}
    />
  );
}

/** The usual 401 says "sign in again"; here that is what the person is doing. */
function wrong(username: string): Problem {
  const detail = `Name "${username.trim()}" and this password do not belong together.`;
  return new Problem(401, 'Not signed in', detail, 'Check both and try again.');
}

export function notTouched(): Problem {
  const detail = 'The browser gave no passkey: it was declined, or took too long.';
  return new Problem(401, 'Not signed in', detail, 'Try again, or sign in with a code.');
}

export function wrongCode(found: Problem): Problem {
  const next =
    'Each code works once: wait for the next one. It is the clock of your phone that counts.';
  return new Problem(401, 'Not signed in', found.detail, next);
}

export function Brand(): ReactElement {
  return (
    <div className={css.brand}>
      <img src="/assets/tocsin.svg" alt="" width="32" height="32" />
      <span>Tocsin</span>
      <span className={css.host}>{window.location.host}</span>
    </div>
  );
}
