/** The next revision of a standing alert: its texts, and how long it stands from now. */
import { useMemo, useState, type ReactElement } from 'react';
import { Link, useNavigate, useParams } from 'react-router-dom';
import Button from '@mui/material/Button';
import { classes, Page, Panel, ProblemNote, SkeletonRows, TierName } from '../../show/parts';
import { Select } from '../../show/select';
import { clock, many, spoken } from '../../show/words';
import { draftEmergency, updateAlert } from '../../wire/api';
import { serverNow, useLive } from '../../wire/live';
import { asProblem, type Problem } from '../../wire/problem';
import type { Alert } from '../../wire/types';
import { targetWords } from './alert-parts';
import { cleanTexts, durationsOf, textFaults, usualSign } from './draft';
import { TextRows } from './text-rows';
import { useAlert } from './use-alerts';
import css from './compose.module.css';
import tiers from '../../show/show.module.css';

export function UpdatePage(): ReactElement {
  const { id = '' } = useParams();
  const alert = useAlert(id);
  return (
    <Page title="Update the alert" tools={alert.data && <TierName tier={alert.data.tier} filled />}>
      {alert.problem && <ProblemNote problem={alert.problem} retry={alert.reload} />}
      {!alert.data && alert.loading && <SkeletonRows />}
      {alert.data && <Update alert={alert.data} />}
    </Page>
  );
}

function Update({ alert }: { alert: Alert }): ReactElement {
  const navigate = useNavigate();
  const [texts, setTexts] = useState(alert.texts);
  const [lasts, setLasts] = useState('same');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const devices = useLive((live) => live.town.devices);
  const sign = useMemo(() => usualSign(alert.targets, devices), [alert.targets, devices]);
  const faults = textFaults(texts);
  const end = clock(new Date(alert.expire));
  const send = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const longer = new Date(serverNow() + Number(lasts) * 1000).toISOString();
      const change = { texts: cleanTexts(texts), expire: lasts === 'same' ? alert.expire : longer };
      if (alert.tier === 'emergency') {
        const draft = await draftEmergency({ alert_id: alert.id, ...change });
        navigate(`/alerts/drafts/${draft.id}`);
        return;
      }
      await updateAlert(alert.id, change);
      navigate(`/alerts/${alert.id}`);
    } catch (caught) {
      setProblem(asProblem(caught, 'The alert'));
      setBusy(false);
    }
  };
  return (
    <>
      <div className={css.columns}>
        <Panel title="What">
          <div className={css.body}>
            <TextRows texts={texts} tier={alert.tier} sign={sign} onChange={setTexts} />
          </div>
        </Panel>
        <Panel title="Where">
          <div className={css.body}>
            <p>{targetWords(alert)}</p>
            <p className={css.hint}>
              The place of an alert stays. For another place, cancel this one and send a new one.
            </p>
          </div>
        </Panel>
        <Panel title="When">
          <div className={css.body}>
            <Select
              label="Ends"
              value={lasts}
              onChange={setLasts}
              choices={[
                { value: 'same', label: `as before, at ${end}` },
                ...durationsOf(alert.tier).map((each) => ({
                  value: String(each),
                  label: `${spoken(each)} from now`,
                })),
              ]}
            />
          </div>
        </Panel>
      </div>
      <div className={css.foot}>
        {problem && <ProblemNote problem={problem} />}
        <div className={css.footLine}>
          <p className={css.reach}>
            <strong>Replaces the text on {many(alert.counts.targets, 'sign')}.</strong>
            {faults.length > 0 && <span className={css.faults}>{faults.join(' ')}</span>}
          </p>
          <Button component={Link} to={`/alerts/${alert.id}`} color="inherit">
            Leave as it is
          </Button>
          <Button
            variant="contained"
            size="large"
            className={classes(css.send, tiers[alert.tier])}
            disabled={busy || faults.length > 0}
            onClick={() => void send()}
          >
            Send update
          </Button>
        </div>
      </div>
    </>
  );
}
