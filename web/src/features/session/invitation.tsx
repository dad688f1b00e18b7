/** Opened by a link whose fragment is the token: a guest becomes a user, or chooses a new password. */
import { useState, type FormEvent, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import { register, signIn } from '../../wire/api';
import { beginLink } from '../../wire/provider';
import { asProblem, type Problem } from '../../wire/problem';
import type { User } from '../../wire/types';
import { ProblemNote } from '../../show/parts';
import { useProvider } from './provider-button';
import { PASSWORD_MIN, passwordFault, reachWords, ROLE_NAMES } from './session';
import { Brand } from './sign-in';
import css from './session.module.css';

export function InvitationPage(): ReactElement {
  const [token] = useState(() => window.location.hash.slice(1));
  const [joined, setJoined] = useState<Joined | null>(null);
  return (
    <main className={css.door}>
      <div className={css.form}>
        <Brand />
        {joined ? <Welcome {...joined} /> : <Fields token={token} onDone={setJoined} />}
      </div>
    </main>
  );
}

/** The password is kept until the guest leaves this page: linking asks for it once more. */
interface Joined {
  user: User;
  password: string;
}

function Welcome({ user, password }: Joined): ReactElement {
  const provider = useProvider();
  const [problem, setProblem] = useState<Problem | null>(null);
  const link = async () => {
    setProblem(null);
    try {
      await signIn(user.username, password);
      window.location.assign(await beginLink(password));
    } catch (caught) {
      setProblem(asProblem(caught, 'The link'));
    }
  };
  return (
    <>
      <h1>Welcome, {user.username}</h1>
      <p className={css.hint} role="status">
        You are {ROLE_NAMES[user.role]} for {reachWords(user.zones)}.
      </p>
      <Button component={Link} to="/situation" variant="contained" size="large">
        Sign in
      </Button>
      {problem && <ProblemNote problem={problem} />}
      {provider !== null && (
        <Button variant="outlined" size="large" onClick={() => void link()}>
          Link {provider}, to sign in with it
        </Button>
      )}
    </>
  );
}

function Fields(props: { token: string; onDone: (joined: Joined) => void }): ReactElement {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = passwordFault('', password, again);
    setFault(found);
    setProblem(null);
    if (found) return;
    setBusy(true);
    try {
      const name = username.trim();
      const guest = { invitation: props.token, password };
      const user = await register(name ? { ...guest, username: name } : guest);
      props.onDone({ user, password });
    } catch (caught) {
      setProblem(asProblem(caught, 'The invitation'));
      setBusy(false);
    }
  };

  return (
    <form className={css.fields} onSubmit={(event) => void submit(event)}>
      <h1>Your invitation</h1>
      <p className={css.hint}>Choose a password. The link works once.</p>
      {problem && <ProblemNote problem={problem} />}
      <TextField
        label="Name"
        name="username"
        autoComplete="username"
        value={username}
        helperText="Leave empty if you were told your name."
        onChange={(event) => setUsername(event.target.value)}
        slotProps={{ htmlInput: { autoCapitalize: 'none', spellCheck: false } }}
      />
      <TextField
        label="Password"
        name="new"
        type="password"
        autoComplete="new-password"
        required
        value={password}
        helperText={`At least ${PASSWORD_MIN} characters; a few words that do not belong together are good.`}
        onChange={(event) => setPassword(event.target.value)}
      />
      <TextField
        label="Password again"
        name="again"
        type="password"
        autoComplete="new-password"
        required
        value={again}
        error={fault !== null}
        helperText={fault ?? ' '}
        onChange={(event) => setAgain(event.target.value)}
      />
      <Button type="submit" variant="contained" size="large" disabled={busy || !props.token}>
        Join
      </Button>
    </form>
  );
}
