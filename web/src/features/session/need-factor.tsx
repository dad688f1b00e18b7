import type { ReactElement } from 'react';
import Button from '@mui/material/Button';
import { SecondFactor } from './second-factor';
import { Brand } from './sign-in';
import css from './session.module.css';

interface NeedFactorProps {
  onDone: () => void;
  onLeave: () => void;
}

/** A role that needs a second factor: nothing else opens before there is one. */
export function NeedFactor({ onDone, onLeave }: NeedFactorProps): ReactElement {
  return (
    <main className={css.door}>
      <div className={css.form}>
        <Brand />
        <h1>Set up a second factor</h1>
        <p className={css.hint}>
          Your role needs more than a password: an app on your phone that shows codes.
        </p>
        <SecondFactor onDone={onDone} />
        <Button color="inherit" onClick={onLeave}>
          Sign out
        </Button>
      </div>
    </main>
  );
}
