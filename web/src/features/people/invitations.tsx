import { useState, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import { withdraw } from '../../wire/api';
import { asProblem, type Problem } from '../../wire/problem';
import type { Resource } from '../../wire/resource';
import type { Invitation } from '../../wire/types';
import { Panel, ProblemNote } from '../../show/parts';
import { Time } from '../../show/time';
import { reachWords, ROLE_NAMES } from '../session/session';
import css from '../../show/show.module.css';

export function Invitations(props: {
  list: Resource<{ invitations: Invitation[] }>;
}): ReactElement | null {
  const [problem, setProblem] = useState<Problem | null>(null);
  const { list } = props;
  const end = async (id: string) => {
    setProblem(null);
    try {
      await withdraw(id);
    } catch (caught) {
      setProblem(asProblem(caught, 'The invitation'));
    }
    list.reload();
  };
  if (!list.data || list.data.invitations.length === 0) return null;
  return (
    <Panel title="Open invitations">
      {problem && <ProblemNote problem={problem} />}
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">For</th>
            <th scope="col">Role</th>
            <th scope="col">Where</th>
            <th scope="col">Made by</th>
            <th scope="col">Until</th>
            <th scope="col">Withdraw</th>
          </tr>
        </thead>
        <tbody>
          {list.data.invitations.map((invitation) => (
            <tr key={invitation.id}>
              <td className={css.lead}>
                {invitation.username ?? 'a guest'}
                {invitation.resets && ', a new password'}
              </td>
              <td>{ROLE_NAMES[invitation.role]}</td>
              <td>{reachWords(invitation.zones)}</td>
              <td>{invitation.created_by}</td>
              <td>
                <Time at={invitation.expires_at} age={false} />
              </td>
              <td>
                <Button size="small" color="inherit" onClick={() => void end(invitation.id)}>
                  Withdraw
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
