/** A device whose housing was opened: what that means, and the operator's word that all is well. */
import { useState, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import { Icon } from '../../theme/icons';
import { ProblemNote } from '../../show/parts';
import { exact } from '../../show/words';
import { clearDevice } from '../../wire/api';
import { asProblem, type Problem } from '../../wire/problem';
import type { Device } from '../../wire/types';
import { may, useSession } from '../session/session';
import show from '../../show/show.module.css';

export function Suspended({ device }: { device: Device }): ReactElement | null {
  const { session } = useSession();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  if (!device.suspended_since) return null;
  const clear = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await clearDevice(device.name);
    } catch (caught) {
      setProblem(asProblem(caught, device.name));
    }
    setBusy(false);
  };
  return (
    <>
      <div role="alert" className={show.problem}>
        <Icon name="fault" />
        <div className={show.problemText}>
          <strong>Suspended: the housing was opened</strong>
          {exact(new Date(device.suspended_since))}. What it sees and confirms waits on the device
          until somebody has looked at it. If it was none of yours, revoke its certificate.
        </div>
        {may('alert', session) && (
          <Button
            size="small"
            variant="outlined"
            color="inherit"
            disabled={busy}
            onClick={() => void clear()}
          >
            It is in order
          </Button>
        )}
      </div>
      {problem && <ProblemNote problem={problem} />}
    </>
  );
}
