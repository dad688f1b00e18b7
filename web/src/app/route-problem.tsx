import type { ReactElement } from 'react';
import { Link, useRouteError } from 'react-router-dom';
import { Empty, Page, ProblemNote } from '../show/parts';
import { Problem } from '../wire/problem';

/** An address that leads nowhere, or a screen that broke. */
export function RouteProblem(): ReactElement {
  const error = useRouteError();
  if (error instanceof Error) {
    // A file of an older page is gone after an update of the server: loading afresh brings the new one.
    const stale = /dynamically imported module|module script/i.test(error.message);
    const problem = stale
      ? new Problem(0, 'This screen could not be loaded', 'The server may have been updated.')
      : new Problem(-1, 'This screen stopped', error.message);
    return (
      <Page title="Tocsin">
        <ProblemNote problem={problem} retry={() => window.location.reload()} />
      </Page>
    );
  }
  return (
    <Page title="No such page">
      <Empty title={`Nothing is at ${window.location.pathname}`}>
        Go to <Link to="/situation">Situation</Link> or choose on the left.
      </Empty>
    </Page>
  );
}
