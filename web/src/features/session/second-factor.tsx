/** An authenticator app: set up in two steps, its recovery codes shown once, taken away again. */
import { useState, type FormEvent, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import { beginApp, confirmApp, removeApp } from '../../wire/api';
import { asProblem, type Problem } from '../../wire/problem';
import { ProblemNote } from '../../show/parts';
import { QrCode } from './qr-code';
import css from './session.module.css';

/** Runs one request of a form: busy meanwhile, its problem kept. */
function useAct(subject: string) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async (event: FormEvent, work: () => Promise<void>) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (caught) {
      setProblem(asProblem(caught, subject));
    }
    setBusy(false);
  };
  return { problem, busy, act };
}

function AskPassword(props: {
  action: string;
  onPassword: (password: string) => Promise<void>;
}): ReactElement {
  const [password, setPassword] = useState('');
  const { problem, busy, act } = useAct('Your password');
  return (
    <form
      className={css.fields}
      onSubmit={(event) => void act(event, () => props.onPassword(password))}
    >
      {problem && <ProblemNote problem={problem} />}
      <TextField
        label="Your password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button type="submit" variant="outlined" disabled={busy}>
        {props.action}
      </Button>
    </form>
  );
}

function AskCode(props: {
  secret: string;
  uri: string;
  onCodes: (codes: string[]) => void;
}): ReactElement {
  const [code, setCode] = useState('');
  const { problem, busy, act } = useAct('The code');
  const confirm = async () => props.onCodes((await confirmApp(code.trim())).recovery_codes);
  return (
    <form className={css.fields} onSubmit={(event) => void act(event, confirm)}>
      <p className={css.hint}>
        Let the app read this picture, or type the letters below it. Then type the code that it
        shows.
      </p>
      <QrCode words={props.uri} label="QR code for the authenticator app" />
      <code className={css.secret}>{props.secret.match(/.{1,4}/g)?.join(' ')}</code>
      {problem && <ProblemNote problem={problem} />}
      <TextField
        label="Code that the app shows"
        name="code"
        autoComplete="one-time-code"
        required
        value={code}
        onChange={(event) => setCode(event.target.value)}
        slotProps={{ htmlInput: { inputMode: 'numeric', maxLength: 6 } }}
      />
      <Button type="submit" variant="contained" disabled={busy}>
        Use this app
      </Button>
    </form>
  );
}

function Codes({ codes, onDone }: { codes: string[]; onDone: () => void }): ReactElement {
  return (
    <div className={css.fields} role="status">
      <p>
        The app counts from now on. Keep these codes where your phone is not: each signs you in
        once, and they are not shown again.
      </p>
      <ul className={css.codes}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <Button variant="contained" onClick={onDone}>
        I have kept them
      </Button>
    </div>
  );
}

export function SecondFactor({ onDone }: { onDone: () => void }): ReactElement {
  const [app, setApp] = useState<{ secret: string; uri: string } | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  if (codes) return <Codes codes={codes} onDone={onDone} />;
  if (app) return <AskCode {...app} onCodes={setCodes} />;
  return (
    <AskPassword
      action="Set up an authenticator app"
      onPassword={async (password) => setApp(await beginApp(password))}
    />
  );
}

export function RemoveFactor({ onDone }: { onDone: () => void }): ReactElement {
  return (
    <AskPassword
      action="Remove the app and its codes"
      onPassword={async (password) => {
        await removeApp(password);
        onDone();
      }}
    />
  );
}
