import { useState, type ReactElement } from 'react';
import { useResource } from '../../wire/resource';
import type { Factors } from '../../wire/types';
import { Page, Panel, ProblemNote, SkeletonRows, State } from '../../show/parts';
import { many } from '../../show/words';
import { OwnSessions } from './own-sessions';
import { LinksPanel } from './links';
import { Passkeys } from './passkeys';
import { OperatorKeyPanel } from './operator-key';
import { PasswordForm } from './password-form';
import { RemoveFactor, SecondFactor } from './second-factor';
import { may, reachWords, ROLE_NAMES, useSession } from './session';
import css from './session.module.css';

export function Account(): ReactElement {
  const { session } = useSession();
  const { user } = session;
  const [done, setDone] = useState(0);
  return (
    <Page title="Your account">
      <p className={css.hint}>
        {user.username}, {ROLE_NAMES[user.role]} for {reachWords(user.zones)}.
      </p>
      <div className={css.panels}>
        <Panel title="Password" className={css.account}>
          <div className={css.accountBody}>
            {done > 0 && (
              <p role="status">
                <State icon="check" mood="good">
                  Your password is changed. Your other sessions have ended.
                </State>
              </p>
            )}
            <PasswordForm
              key={done}
              username={user.username}
              currentLabel="Current password"
              onDone={() => setDone((count) => count + 1)}
            />
          </div>
        </Panel>
        <FactorPanel />
        <LinksPanel />
        {may('alert', session) && <OperatorKeyPanel />}
      </div>
      <Panel title="Where you are signed in">
        <OwnSessions key={done} />
      </Panel>
    </Page>
  );
}

function FactorPanel(): ReactElement {
  const factors = useResource<Factors>('/auth/factors', 'Your second factor');
  const app = factors.data?.app;
  return (
    <Panel title="Second factor" className={css.account}>
      <div className={css.accountBody}>
        {factors.problem && <ProblemNote problem={factors.problem} retry={factors.reload} />}
        {!factors.data && !factors.problem && <SkeletonRows rows={2} />}
        {factors.data && (
          <p role="status">
            <State icon={app ? 'check' : 'info'} mood={app ? 'good' : 'dim'}>
              {app
                ? `An authenticator app, and ${many(factors.data.recovery_codes, 'recovery code')} left.`
                : factors.data.passkeys.length > 0
                  ? 'Your passkeys.'
                  : 'None: your password alone signs you in.'}
            </State>
          </p>
        )}
        {app === false && <SecondFactor onDone={factors.reload} />}
        {app && <RemoveFactor onDone={factors.reload} />}
        {factors.data && (
          <>
            <h3>Passkeys</h3>
            <Passkeys passkeys={factors.data.passkeys} onChanged={factors.reload} />
          </>
        )}
      </div>
    </Panel>
  );
}
