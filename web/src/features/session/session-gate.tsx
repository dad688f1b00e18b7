/** Lets a signed-in person through to the screens; everybody else sees the sign-in. */
import {
  useCallback,
  useEffect,
  useMemo,
  useState,
  type ReactElement,
  type ReactNode,
} from 'react';
import { onSessionLost, readSession, signOut } from '../../wire/api';
import { liveStore, useLive } from '../../wire/live';
import { asProblem, type Problem } from '../../wire/problem';
import { ProblemNote } from '../../show/parts';
import type { Session } from '../../wire/types';
import { KeptMapLink } from './kept-map-link';
import { NeedFactor } from './need-factor';
import { SetPassword } from './set-password';
import { SessionContext } from './session';
import { SignIn } from './sign-in';
import css from './session.module.css';

type Known =
  { state: 'asking' } | { state: 'out'; ended: boolean } | { state: 'in'; session: Session };

export function SessionGate({ children }: { children: ReactNode }): ReactElement {
  const [known, setKnown] = useState<Known>({ state: 'asking' });
  const [problem, setProblem] = useState<Problem | null>(null);

  const ask = useCallback(() => {
    setProblem(null);
    readSession().then(
      (session) => setKnown({ state: 'in', session }),
      (caught: unknown) => {
        const found = asProblem(caught, 'Your session');
        if (found.status === 401) setKnown({ state: 'out', ended: false });
        else setProblem(found);
      },
    );
  }, []);
  useEffect(ask, [ask]);
  useEffect(() => onSessionLost(() => setKnown({ state: 'out', ended: true })), []);

  const inside =
    known.state === 'in' &&
    !known.session.password_change_required &&
    !known.session.second_factor_required;
  useEffect(() => {
    if (!inside) return undefined;
    liveStore.start();
    return () => liveStore.stop();
  }, [inside]);

  // A link that control has closed may mean that the session or its rights are no longer the same.
  const lost = useLive(({ link }) => link === 'lost');
  useEffect(() => {
    if (!inside || !lost) return;
    readSession().then(
      (session) => setKnown({ state: 'in', session }),
      (caught: unknown) => {
        if (asProblem(caught, 'Your session').status === 401)
          setKnown({ state: 'out', ended: true });
      },
    );
  }, [inside, lost]);

  const leave = useCallback(async () => {
    try {
      await signOut();
    } finally {
      setKnown({ state: 'out', ended: false });
    }
  }, []);
  const session = known.state === 'in' ? known.session : null;
  const value = useMemo(() => (session ? { session, leave } : null), [session, leave]);

  if (known.state === 'asking')
    return (
      <div className={css.wait}>
        {problem && <ProblemNote problem={problem} retry={ask} />}
        {problem && <KeptMapLink />}
      </div>
    );
  if (known.state === 'out' || !value)
    return (
      <SignIn
        ended={known.state === 'out' && known.ended}
        onSignedIn={(entered) => setKnown({ state: 'in', session: entered })}
      />
    );
  if (value.session.password_change_required)
    return (
      <SetPassword
        username={value.session.user.username}
        onDone={ask}
        onLeave={() => void leave()}
      />
    );
  if (value.session.second_factor_required)
    return <NeedFactor onDone={ask} onLeave={() => void leave()} />;
  return <SessionContext.Provider value={value}>{children}</SessionContext.Provider>;
}
