import type { ReactElement } from 'react';
import Button from '@mui/material/Button';
import { PasswordForm } from './password-form';
import { Brand } from './sign-in';
import css from './session.module.css';

interface SetPasswordProps {
  username: string;
  onDone: () => void;
  onLeave: () => void;
}

/** After the first sign-in: nothing else opens before the one-time password is replaced. */
export function SetPassword({ username, onDone, onLeave }: SetPasswordProps): ReactElement {
  return (
    <main className={css.door}>
      <div className={css.form}>
        <Brand />
        <h1>Choose your password</h1>
        <p className={css.hint}>
          You signed in as <strong>{username}</strong> with a one-time password. It stops working as
          soon as you have set your own.
        </p>
        <PasswordForm username={username} currentLabel="One-time password" onDone={onDone} />
        <Button color="inherit" onClick={onLeave}>
          Sign out
        </Button>
      </div>
    </main>
  );
}
