/** New alert: what, where, when in three columns; the foot says the reach, and sending is one press. */
import { useMemo, useRef, useState, type ReactElement } from 'react';
import { useLocation, useNavigate } from 'react-router-dom';
import Button from '@mui/material/Button';
import { Icon, TIER_ICONS } from '../../theme/icons';
import { classes, Page, Panel, ProblemNote, TIER_NAMES } from '../../show/parts';
import { Select } from '../../show/select';
import { localInput, spoken, zoneOffset } from '../../show/words';
import { draftEmergency, sendAlert } from '../../wire/api';
import { serverNow, useLive } from '../../wire/live';
import { asProblem, type Problem } from '../../wire/problem';
import type { Alert, NewAlert, Status, Tier } from '../../wire/types';
import {
  bodyOf,
  draftFrom,
  durationsOf,
  EMPTY_DRAFT,
  faultsOf,
  offlineSentence,
  reachOf,
  reachSentence,
  SENDABLE,
  usualSign,
  withTier,
  type Draft,
} from './draft';
import { TextRows } from './text-rows';
import { Where } from './where';
import css from './compose.module.css';
import tiers from '../../show/show.module.css';

/** The same alert sent twice has the same key; another alert has another. */
function useKey(): (body: NewAlert) => string {
  const kept = useRef({ body: '', key: '' });
  return (body) => {
    const text = JSON.stringify(body);
    if (kept.current.body !== text) kept.current = { body: text, key: crypto.randomUUID() };
    return kept.current.key;
  };
}

export function Compose(): ReactElement {
  const again = (useLocation().state as { again?: Alert } | null)?.again;
  const [draft, setDraft] = useState<Draft>(() => (again ? draftFrom(again) : EMPTY_DRAFT));
  const devices = useLive((live) => live.town.devices);
  const sign = useMemo(() => usualSign(draft.targets, devices), [draft.targets, devices]);
  const change = (part: Partial<Draft>) => setDraft((known) => ({ ...known, ...part }));
  return (
    <Page title="New alert">
      <div className={css.columns}>
        <Panel title="What">
          <div className={css.body}>
            <TierChoice
              tier={draft.tier}
              onChange={(tier) => setDraft((known) => withTier(known, tier))}
            />
            <Select
              label="This is"
              value={draft.status}
              onChange={(status) => change({ status: status as Status })}
              choices={STATUSES}
            />
            <TextRows
              texts={draft.texts}
              tier={draft.tier}
              sign={sign}
              onChange={(texts) => change({ texts })}
            />
          </div>
        </Panel>
        <Panel title="Where">
          <div className={css.body}>
            <Where targets={draft.targets} onChange={(targets) => change({ targets })} />
          </div>
        </Panel>
        <Panel title="When">
          <div className={css.body}>
            <When draft={draft} onChange={change} />
          </div>
        </Panel>
      </div>
      <Foot draft={draft} />
    </Page>
  );
}

function TierChoice({
  tier,
  onChange,
}: {
  tier: Tier;
  onChange: (tier: Tier) => void;
}): ReactElement {
  return (
    <fieldset>
      <legend>Tier</legend>
      <div className={css.tiers}>
        {SENDABLE.map((each) => (
          <label key={each.tier} className={classes(css.tier, tiers[each.tier])}>
            <input
              type="radio"
              name="tier"
              value={each.tier}
              checked={each.tier === tier}
              onChange={() => onChange(each.tier)}
            />
            <span>
              <Icon name={TIER_ICONS[each.tier]} />
              {TIER_NAMES[each.tier]}
            </span>
          </label>
        ))}
      </div>
      <p className={css.hint}>
        {tier === 'warning'
          ? 'A warning stands for 5 minutes at most and is renewed by updating it.'
          : tier === 'emergency'
            ? 'An emergency is written as a draft: operators approve it, each with their own key and a fresh code. Until then it lights nothing.'
            : 'IPAWS comes from its authority only.'}
      </p>
    </fieldset>
  );
}

const STATUSES = [
  { value: 'actual', label: 'the real thing' },
  { value: 'exercise', label: 'an exercise' },
  { value: 'test', label: 'a test' },
];

function sendWords({ tier, status }: Draft): string {
  const name = TIER_NAMES[tier].toLowerCase();
  if (tier === 'emergency') return `Write ${name} for approval`;
  return status === 'actual' ? `Send ${name}` : `Send ${status} of ${name}`;
}

interface WhenProps {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
}

function When({ draft, onChange }: WhenProps): ReactElement {
  const later = draft.begin !== '';
  const tomorrow = localInput(new Date(serverNow() + 3_600_000));
  return (
    <>
      <Select
        label="Begins"
        value={later ? 'later' : 'now'}
        onChange={(value) => onChange({ begin: value === 'now' ? '' : tomorrow })}
        choices={[
          { value: 'now', label: 'now' },
          { value: 'later', label: 'at a time' },
        ]}
      />
      {later && (
        <label className={css.moment}>
          <span>at, {zoneOffset(new Date())}</span>
          <input
            type="datetime-local"
            value={draft.begin}
            onChange={(event) => onChange({ begin: event.target.value })}
          />
        </label>
      )}
      <Select
        label="Lasts"
        value={String(draft.duration_s)}
        onChange={(value) => onChange({ duration_s: Number(value) })}
        choices={durationsOf(draft.tier).map((each) => ({
          value: String(each),
          label: spoken(each),
        }))}
      />
      <p className={css.hint}>The signs clear by themselves at its end, also without a network.</p>
    </>
  );
}

function Foot({ draft }: { draft: Draft }): ReactElement {
  const navigate = useNavigate();
  const devices = useLive((live) => live.town.devices);
  const reach = useMemo(() => reachOf(draft.targets, devices), [draft.targets, devices]);
  const keyOf = useKey();
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const faults = faultsOf(draft, serverNow());

  const send = async () => {
    setTried(true);
    setProblem(null);
    if (faults.length > 0) return;
    setBusy(true);
    try {
      const body = bodyOf(draft);
      if (draft.tier === 'emergency') {
        navigate(`/alerts/drafts/${(await draftEmergency(body)).id}`);
      } else {
        navigate(`/alerts/${(await sendAlert(body, keyOf(body))).id}`);
      }
    } catch (caught) {
      setProblem(asProblem(caught, 'The alert'));
      setBusy(false);
    }
  };

  return (
    <div className={css.foot}>
      {problem && <ProblemNote problem={problem} />}
      <div className={css.footLine}>
        <p className={css.reach} aria-live="polite">
          <strong data-testid="reach">{reachSentence(draft, reach)}</strong>{' '}
          <span>{offlineSentence(reach)}</span>
          {tried && faults.length > 0 && (
            <span role="alert" className={css.faults}>
              {faults.join(' ')}
            </span>
          )}
        </p>
        <Button
          variant="contained"
          size="large"
          className={classes(css.send, tiers[draft.tier])}
          disabled={busy}
          onClick={() => void send()}
        >
          {busy ? 'Sending' : sendWords(draft)}
        </Button>
      </div>
    </div>
  );
}
