/** An emergency that waits: exactly what it says, who stands behind it, and one's own approval. */
import { useEffect, useState, type FormEvent, type ReactElement } from 'react';
import { Link, useParams } from 'react-router-dom';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import { approveDraft, askToApprove, withdrawDraft, type Shown } from '../../wire/api';
import { approve } from '../../wire/approval';
import { liveStore } from '../../wire/live';
import { askPasskey, passkeysPossible } from '../../wire/passkey';
import { asProblem, Problem } from '../../wire/problem';
import { useResource } from '../../wire/resource';
import type { Emergency, Factors } from '../../wire/types';
import { classes, Page, Panel, ProblemNote, SkeletonRows, State } from '../../show/parts';
import { Time } from '../../show/time';
import { listed, many } from '../../show/words';
import { useOperatorKey } from '../session/operator-key';
import { useSession } from '../session/session';
import { StatusMark, targetWords, Texts } from './alert-parts';
import css from './compose.module.css';
import tiers from '../../show/show.module.css';

export function actWords(draft: Emergency): string {
  if (draft.action === 'cancel') return 'Cancel an emergency';
  return draft.revision > 1 ? 'Update an emergency' : 'Send an emergency';
}

/** "Needs 2 approvals, has 1: anna." */
export function missingWords(draft: Emergency): string {
  const people = draft.approvals.map((each) => each.person);
  const has = people.length === 0 ? 'has none yet' : `has ${people.length}: ${listed(people)}`;
  return `Needs ${many(draft.needed, 'approval')}, ${has}.`;
}

export function EmergencyPage(): ReactElement {
  const { id = '' } = useParams();
  const draft = useResource<Emergency>(`/api/drafts/${encodeURIComponent(id)}`, 'The draft');
  const { change } = draft;
  useEffect(
    () =>
      liveStore.listen((message) => {
        if (message.kind === 'draft' && message.data.id === id) change(() => message.data);
      }),
    [id, change],
  );
  return (
    <Page title={draft.data ? actWords(draft.data) : 'Emergency'}>
      {draft.problem && <ProblemNote problem={draft.problem} retry={draft.reload} />}
      {!draft.data && draft.loading && <SkeletonRows />}
      {draft.data && <Waiting draft={draft.data} onChanged={(next) => change(() => next)} />}
    </Page>
  );
}

interface WaitingProps {
  draft: Emergency;
  onChanged: (draft: Emergency) => void;
}

function Waiting({ draft, onChanged }: WaitingProps): ReactElement {
  const { content } = draft;
  return (
    <>
      <div className={css.columns}>
        <Panel title="What" tools={<StatusMark status={content.status} />}>
          <div className={css.body}>
            <Texts texts={content.texts} />
          </div>
        </Panel>
        <Panel title="Where">
          <div className={css.body}>
            <p>{targetWords(content)}</p>
          </div>
        </Panel>
        <Panel title="When">
          <div className={css.body}>
            <p>
              from <Time at={content.begin} /> to <Time at={content.expire} />
            </p>
            <p className={css.hint}>
              Written by {draft.created_by}, <Time at={draft.created_at} />
            </p>
          </div>
        </Panel>
      </div>
      <div className={css.foot}>
        {draft.state === 'waiting' ? (
          <Approve draft={draft} onChanged={onChanged} />
        ) : (
          <Over draft={draft} />
        )}
      </div>
    </>
  );
}

function Over({ draft }: { draft: Emergency }): ReactElement {
  return (
    <div className={css.footLine}>
      <p className={css.reach} role="status">
        <State icon={draft.state === 'sent' ? 'check' : 'info'} mood="plain">
          {draft.state === 'sent'
            ? `Sent, approved by ${listed(draft.approvals.map((each) => each.person))}.`
            : `This draft is ${draft.state}: nothing was sent.`}
        </State>
      </p>
      {draft.state === 'sent' && (
        <Button component={Link} to={`/alerts/${draft.alert_id}`} variant="outlined">
          See the alert
        </Button>
      )}
    </div>
  );
}

/** The factor that the person shows now, or a problem when the browser gave none. */
async function touch(id: string): Promise<Shown> {
  const passkey = await askPasskey(await askToApprove(id));
  if (passkey) return { passkey };
  const detail = 'The browser gave no passkey: it was declined, or took too long.';
  throw new Problem(-1, 'Not approved', detail, 'Try again, or approve with a code.');
}

function Approve({ draft, onChanged }: WaitingProps): ReactElement {
  const { username } = useSession().session.user;
  const [key] = useOperatorKey();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const mine = draft.approvals.some((each) => each.person === username);

  const run = async (work: () => Promise<Emergency>) => {
    setBusy(true);
    setProblem(null);
    try {
      onChanged(await work());
    } catch (caught) {
      setProblem(asProblem(caught, 'The approval'));
    }
    setBusy(false);
  };
  const ready = key !== undefined && key !== null && key.chain.length > 0;
  const approveWith = (show: () => Promise<Shown>) =>
    run(async () => {
      if (!key) return draft;
      const shown = await show();
      return approveDraft(draft.id, await approve(key, draft.site, { ...draft.content }), shown);
    });
  return (
    <>
      {problem && <ProblemNote problem={problem} />}
      <div className={css.footLine}>
        <p className={css.reach} aria-live="polite">
          <strong data-testid="missing">{missingWords(draft)}</strong>{' '}
          {mine && <span>You have approved it; others must too.</span>}
          {!mine && key !== undefined && !ready && (
            <span role="alert">
              This browser has no certified key of yours. <Link to="/account">Set it up</Link>
            </span>
          )}
        </p>
        <Button
          color="inherit"
          disabled={busy}
          onClick={() => void run(() => withdrawDraft(draft.id))}
        >
          Withdraw
        </Button>
        {!mine && ready && <ShowFactor draft={draft} busy={busy} approveWith={approveWith} />}
      </div>
    </>
  );
}

interface ShowFactorProps {
  draft: Emergency;
  busy: boolean;
  approveWith: (show: () => Promise<Shown>) => Promise<void>;
}

/** What the person has: a code of the app, a passkey, or the way to set one up. */
function ShowFactor({ draft, busy, approveWith }: ShowFactorProps): ReactElement | null {
  const factors = useResource<Factors>('/auth/factors', 'Your second factors');
  const [code, setCode] = useState('');
  if (factors.problem) return <ProblemNote problem={factors.problem} retry={factors.reload} />;
  if (!factors.data) return null;
  const { app, passkeys } = factors.data;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const shown = { code: code.trim() };
    setCode('');
    void approveWith(() => Promise.resolve(shown));
  };
  const look = classes(css.send, tiers['emergency']);
  const touchable = passkeys.length > 0 && passkeysPossible();
  return (
    <>
      {!app && passkeys.length === 0 && (
        <p role="alert">
          An emergency needs a second factor. <Link to="/account">Set one up</Link>
        </p>
      )}
      {!app && passkeys.length > 0 && !passkeysPossible() && (
        <p role="alert">Passkeys work at a name only, not at {window.location.hostname}.</p>
      )}
      {touchable && (
        <Button
          variant="contained"
          size="large"
          className={look}
          disabled={busy}
          onClick={() => void approveWith(() => touch(draft.id))}
        >
          Approve with my passkey
        </Button>
      )}
      {app && (
        <form className={css.code} onSubmit={submit}>
          <TextField
            label="Fresh code of your app"
            size="small"
            required
            autoComplete="one-time-code"
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
          <Button
            type="submit"
            variant="contained"
            size="large"
            className={look}
            disabled={busy || !code.trim()}
          >
            Approve with my key
          </Button>
        </form>
      )}
    </>
  );
}
