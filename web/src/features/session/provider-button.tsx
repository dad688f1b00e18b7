/** The other way in, where the site has one: by the page of an identity provider. */
import { useEffect, useState, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import { beginProvider, readProvider } from '../../wire/provider';
import { asProblem, type Problem } from '../../wire/problem';
import css from './session.module.css';

/** What people call the provider; null when there is none, or nobody knows yet. */
export function useProvider(): string | null {
  const [name, setName] = useState<string | null>(null);
  useEffect(() => {
    let gone = false;
    readProvider().then(
      (found) => !gone && setName(found),
      () => undefined, // then there is only the password
    );
    return () => {
      gone = true;
    };
  }, []);
  return name;
}

export function ProviderButton(props: {
  onProblem: (problem: Problem | null) => void;
}): ReactElement | null {
  const name = useProvider();
  const [busy, setBusy] = useState(false);
  const leave = async () => {
    setBusy(true);
    props.onProblem(null);
    try {
      window.location.assign(await beginProvider(window.location.pathname));
    } catch (caught) {
      props.onProblem(asProblem(caught, 'Signing in'));
      setBusy(false);
    }
  };
  if (name === null) return null;
  return (
    <>
      <p className={css.or}>or</p>
      <Button variant="outlined" size="large" disabled={busy} onClick={() => void leave()}>
        Sign in with {name}
      </Button>
    </>
  );
}
