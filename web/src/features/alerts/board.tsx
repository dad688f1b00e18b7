/** The delivery board of one alert: who has it, who has not and why, live. */
import { useMemo, useState, type ReactElement } from 'react';
import { Link, useNavigate, useParams } from 'react-router-dom';
import Button from '@mui/material/Button';
import { saveCsv, toCsv } from '../../show/csv';
import { HoldButton } from '../../show/hold-button';
import {
  classes,
  ExportButton,
  Page,
  Panel,
  ProblemNote,
  SkeletonRows,
  State,
  TierName,
} from '../../show/parts';
import { useParam } from '../../show/select';
import { useEverySecond } from '../../show/ticker';
import { spoken } from '../../show/words';
import { cancelAlert, draftEmergency, updateAlert } from '../../wire/api';
import { useLive } from '../../wire/live';
import { asProblem, type Problem } from '../../wire/problem';
import type { Alert } from '../../wire/types';
import { SignView } from '../sign/sign-view';
import { AlertState, StatusMark, Texts } from './alert-parts';
import { BoardTable } from './board-table';
import { inOrder, shownState, tally, verdict, type Shown, type Tally } from './deliveries';
import { longestOf } from './draft';
import { History } from './history';
import { useAlert } from './use-alerts';
import css from './alerts.module.css';

export function BoardPage(): ReactElement {
  const { id = '' } = useParams();
  const alert = useAlert(id);
  const { data } = alert;
  return (
    <Page
      title={
        data ? (
          <span className={css.title}>
            <TierName tier={data.tier} filled />
            <StatusMark status={data.status} />
            <AlertState alert={data} />
          </span>
        ) : (
          'Alert'
        )
      }
      tools={data ? <Acts alert={data} onChanged={alert.reload} /> : null}
    >
      {alert.problem && <ProblemNote problem={alert.problem} retry={alert.reload} />}
      {!data && alert.loading && <SkeletonRows />}
      {data && <Board alert={data} />}
    </Page>
  );
}

function Acts({ alert, onChanged }: { alert: Alert; onChanged: () => void }): ReactElement {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const navigate = useNavigate();
  const left = useEverySecond((now) => Date.parse(alert.expire) > now);
  const standing = (alert.state === 'active' || alert.state === 'pending') && left;
  // What control's key may not sign, it may not end either.
  const ours = longestOf(alert.tier) > 0;
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (caught) {
      setProblem(asProblem(caught, 'The alert'));
    }
    setBusy(false);
  };
  const cancel = () =>
    run(async () => {
      if (alert.tier === 'emergency') {
        const draft = await draftEmergency({ alert_id: alert.id, action: 'cancel' });
        navigate(`/alerts/drafts/${draft.id}`);
        return;
      }
      await cancelAlert(alert.id);
      onChanged();
    });
  // A warning lapses unless somebody says that it still holds.
  const renew = () =>
    run(async () => {
      await updateAlert(alert.id, { texts: alert.texts, duration_s: longestOf(alert.tier) });
      onChanged();
    });
  return (
    <>
      {ours && (
        <Button component={Link} to="/alerts/new" state={{ again: alert }} color="inherit">
          Use for a new alert
        </Button>
      )}
      {standing && !ours && (
        <span className={css.theirs}>Ended only by the operations centre.</span>
      )}
      {standing && ours && (
        <>
          {alert.tier === 'warning' && (
            <Button variant="outlined" color="inherit" disabled={busy} onClick={() => void renew()}>
              Renew for {spoken(longestOf(alert.tier))}
            </Button>
          )}
          <Button
            component={Link}
            to={`/alerts/${alert.id}/update`}
            variant="outlined"
            color="inherit"
          >
            Update
          </Button>
          <HoldButton onHeld={() => void cancel()} disabled={busy}>
            Hold to cancel
          </HoldButton>
        </>
      )}
      {problem && <ProblemNote problem={problem} />}
    </>
  );
}

function Board({ alert }: { alert: Alert }): ReactElement {
  const deliveries = useMemo(() => alert.deliveries ?? [], [alert.deliveries]);
  const [only, setOnly] = useParam('only');
  const [chosen, setChosen] = useState<string | null>(null);
  // Silence comes by time alone, so the rows are judged every second.
  const now = useEverySecond((ms) => Math.floor(ms / 1000) * 1000);
  const rows = useMemo(() => inOrder(deliveries, now), [deliveries, now]);
  const count = tally(deliveries, now);
  const shown = only ? rows.filter((each) => shownState(each, now) === only) : rows;
  const seen = chosen ?? deliveries[0]?.device ?? null;
  return (
    <div className={css.board}>
      <div className={css.boardMain}>
        <Counts alert={alert} count={count} only={only} onOnly={setOnly} />
        <BoardTable
          rows={shown}
          nowMs={now}
          over={alert.state === 'cancelled' || alert.state === 'expired'}
          chosen={seen}
          onChoose={setChosen}
        />
      </div>
      <div className={css.boardSide}>
        <Lit device={seen} />
        <Panel title="Text">
          <Texts texts={alert.texts} />
        </Panel>
        <History alert={alert} deliveries={deliveries} />
      </div>
    </div>
  );
}

interface CountsProps {
  alert: Alert;
  count: Tally;
  only: string;
  onOnly: (state: string) => void;
}

const ORDER: Shown[] = ['queued', 'received', 'lit', 'cleared', 'refused', 'silent'];

function Counts({ alert, count, only, onOnly }: CountsProps): ReactElement {
  const said = verdict(alert, count);
  const over = alert.state === 'cancelled' || alert.state === 'expired';
  const shown = ORDER.filter((state) => state !== 'cleared' || over || count.cleared > 0);
  return (
    <Panel
      title={
        <State icon={said.good ? 'check' : 'fault'} mood={said.good ? 'good' : 'fault'}>
          {said.words}
        </State>
      }
      tools={<ExportButton onClick={() => save(alert)} />}
    >
      {said.next && <p className={css.next}>{said.next}</p>}
      <div className={css.counts} role="group" aria-label="Show only one state">
        {shown.map((state) => (
          <button
            key={state}
            type="button"
            aria-pressed={only === state}
            className={classes(css.count, count[state] > 0 && css[`has_${state}`])}
            onClick={() => onOnly(only === state ? '' : state)}
            data-testid={`count-${state}`}
          >
            <strong>{count[state]}</strong>
            {state}
          </button>
        ))}
      </div>
    </Panel>
  );
}

function Lit({ device }: { device: string | null }): ReactElement | null {
  const found = useLive((live) => live.town.devices.find((each) => each.name === device));
  if (!found?.sign) return null;
  return (
    <Panel
      title={`Sign of ${found.name}`}
      tools={<Link to={`/devices/${encodeURIComponent(found.name)}`}>Device</Link>}
    >
      <div className={css.sign}>
        <SignView
          key={found.name}
          device={found.name}
          width={found.sign.width}
          height={found.sign.height}
        />
      </div>
    </Panel>
  );
}

function save(alert: Alert): void {
  const head = [
    'device',
    'zone',
    'state',
    'reason',
    'queued_at',
    'sent_at',
    'received_at',
    'lit_at',
    'cleared_at',
    'attempts',
    'last_contact',
  ] as const;
  const rows = (alert.deliveries ?? []).map((delivery) => head.map((name) => delivery[name]));
  saveCsv(`tocsin-alert-${alert.id}.csv`, toCsv([...head], rows));
}
