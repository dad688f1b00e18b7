/** By whom of the identity provider this account may be signed in to: linked with the password. */
import { useEffect, useState, type FormEvent, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import {
  beginLink,
  forgetOutcome,
  outcomeOf,
  outcomeProblem,
  removeLink,
} from '../../wire/provider';
import { asProblem, type Problem } from '../../wire/problem';
import { useResource } from '../../wire/resource';
import type { ProviderLink } from '../../wire/types';
import { Panel, ProblemNote, SkeletonRows, State } from '../../show/parts';
import { Time } from '../../show/time';
import { useProvider } from './provider-button';
import css from './session.module.css';

/** Nothing, where the site has no provider. */
export function LinksPanel(): ReactElement | null {
  const name = useProvider();
  if (name === null) return null;
  return (
    <Panel title={`Sign in with ${name}`} className={css.account}>
      <div className={css.accountBody}>
        <Links name={name} />
      </div>
    </Panel>
  );
}

function Links({ name }: { name: string }): ReactElement {
  const links = useResource<{ links: ProviderLink[] }>('/auth/provider/links', 'Your links');
  const [outcome] = useState(() => outcomeOf(window.location.search));
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<Problem | null>(() =>
    outcomeProblem(outcome, 'Not linked'),
  );
  useEffect(forgetOutcome, []);

  const run = async (work: () => Promise<void>) => {
    setProblem(null);
    try {
      await work();
      setPassword('');
      links.reload();
    } catch (caught) {
      setProblem(asProblem(caught, 'The link'));
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => window.location.assign(await beginLink(password)));
  };
  const shown = problem ?? links.problem;

  return (
    <form className={css.fields} onSubmit={submit}>
      {shown && <ProblemNote problem={shown} />}
      {outcome === 'linked' && !problem && (
        <p role="status">
          <State icon="check" mood="good">
            You are linked. {name} signs you in from now on.
          </State>
        </p>
      )}
      {!links.data && !shown && <SkeletonRows rows={1} />}
      {links.data && links.data.links.length > 0 && (
        <ul className={css.passkeys}>
          {links.data.links.map((link) => (
            <li key={link.id} data-link-id={link.id}>
              <span>
                {link.label || 'without a name'}, last used <Time at={link.used_at} />
              </span>
              <Button
                size="small"
                color="inherit"
                disabled={!password}
                onClick={() => void run(() => removeLink(link.id, password))}
              >
                Unlink
              </Button>
            </li>
          ))}
        </ul>
      )}
      {links.data?.links.length === 0 && (
        <p className={css.hint}>
          Link yourself once, and {name} signs you in instead of your password. Your second factor
          stays.
        </p>
      )}
      <TextField
        label="Password, to change links"
        type="password"
        size="small"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button type="submit" variant="outlined">
        {links.data?.links.length ? 'Link another person' : `Link ${name}`}
      </Button>
    </form>
  );
}
