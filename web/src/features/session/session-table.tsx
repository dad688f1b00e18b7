import type { ReactElement, ReactNode } from 'react';
import { Time, ZoneName } from '../../show/time';
import type { OpenSession } from '../../wire/types';
import { agentName } from './session';
import css from '../../show/show.module.css';

export function SessionTable(props: {
  sessions: OpenSession[];
  tools?: (session: OpenSession) => ReactNode;
}): ReactElement {
  return (
    <table className={css.table}>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">With</th>
          <th scope="col">Signed in by</th>
          <th scope="col">
            Last used <ZoneName />
          </th>
          {props.tools && <th scope="col">End</th>}
        </tr>
      </thead>
      <tbody>
        {props.sessions.map((session) => (
          <tr key={session.id} data-session={session.id}>
            <td className={css.lead}>{session.address}</td>
            <td title={session.agent}>{agentName(session)}</td>
            <td>{session.method.replace('+', ' and ')}</td>
            <td>
              <Time at={session.used_at} />
            </td>
            {props.tools && <td>{props.tools(session)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
