import { useState, type ReactElement } from 'react';
import { Page, Panel, State } from '../../show/parts';
import { PasswordForm } from './password-form';
import { useSession } from './session';
import css from './session.module.css';

export function Account(): ReactElement {
  const { session } = useSession();
  const [done, setDone] = useState(0);
  return (
    <Page title="Your account">
      <Panel title={`${session.user.username}, ${session.user.role}`} className={css.account}>
        <div className={css.accountBody}>
          {done > 0 && (
            <p role="status">
              <State icon="check" mood="good">
                Your password is changed.
              </State>
            </p>
          )}
          <PasswordForm
            key={done}
            username={session.user.username}
            currentLabel="Current password"
            onDone={() => setDone((count) => count + 1)}
          />
        </div>
      </Panel>
    </Page>
  );
}
