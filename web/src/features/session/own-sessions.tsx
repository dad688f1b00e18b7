/** Where this person is signed in, each to be ended. */
import { useState, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import { endSession } from '../../wire/api';
import { asProblem, type Problem } from '../../wire/problem';
import { useResource } from '../../wire/resource';
import type { OpenSession } from '../../wire/types';
import { ProblemNote, SkeletonRows } from '../../show/parts';
import { SessionTable } from './session-table';

export function OwnSessions(): ReactElement {
  const sessions = useResource<{ sessions: OpenSession[] }>('/auth/sessions', 'Your sessions');
  const [problem, setProblem] = useState<Problem | null>(null);
  const end = async (id: string) => {
    setProblem(null);
    try {
      await endSession(id);
      sessions.reload();
    } catch (caught) {
      setProblem(asProblem(caught, 'The session'));
    }
  };
  const shown = problem ?? sessions.problem;
  return (
    <>
      {shown && <ProblemNote problem={shown} />}
      {!sessions.data && !shown && <SkeletonRows rows={2} />}
      {sessions.data && (
        <SessionTable
          sessions={sessions.data.sessions}
          tools={(session) =>
            session.current ? (
              'this one'
            ) : (
              <Button size="small" color="inherit" onClick={() => void end(session.id)}>
                End
              </Button>
            )
          }
        />
      )}
    </>
  );
}
