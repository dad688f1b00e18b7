/** One entry of the audit log, and its proof as this browser has checked it. */
import { useEffect, useState, type ReactElement, type ReactNode } from 'react';
import { useParams } from 'react-router-dom';
import Button from '@mui/material/Button';
import { Page, Panel, ProblemNote, SkeletonRows, State } from '../../show/parts';
import { Time } from '../../show/time';
import { useResource } from '../../wire/resource';
import { deed, type ProvedEntry } from './entry';
import {
  bytesOf,
  includes,
  opens,
  readProof,
  signedBy,
  witnessesOf,
  type Checkpoint,
  type Signed,
} from './proof';
import show from '../../show/show.module.css';

export function EntryPage(): ReactElement {
  const { index = '' } = useParams();
  const found = useResource<ProvedEntry>(`/api/audit/${encodeURIComponent(index)}`, 'This entry');
  const entry = found.data;
  return (
    <Page
      title={entry ? `${deed(entry.action)}, entry ${entry.index}` : `Entry ${index}`}
      tools={
        <Button color="inherit" onClick={found.reload}>
          Look again
        </Button>
      }
    >
      {found.problem && <ProblemNote problem={found.problem} retry={found.reload} />}
      {!entry && found.loading && <SkeletonRows />}
      {entry && (
        <div className={show.stack}>
          <Facts entry={entry} />
          <Proof entry={entry} />
        </div>
      )}
    </Page>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return (
    <>
      <dt>{name}</dt>
      <dd dir="auto">{children}</dd>
    </>
  );
}

function Facts({ entry }: { entry: ProvedEntry }): ReactElement {
  const erased = entry.sealed !== null && entry.opened === null;
  const kept = (value: string | null) => (erased ? 'erased' : (value ?? ''));
  return (
    <Panel title="What is written">
      <dl className={show.facts}>
        <Fact name="Time">
          <Time at={entry.time} />
        </Fact>
        <Fact name="User">{entry.user ?? 'nobody signed in, or the site itself'}</Fact>
        <Fact name="By right of">{entry.authorisation}</Fact>
        <Fact name="On">{entry.resource}</Fact>
        {Object.entries(entry.details ?? {}).map(([key, value]) => (
          <Fact key={key} name={key}>
            {typeof value === 'string' ? value : JSON.stringify(value)}
          </Fact>
        ))}
        <Fact name="Address">{kept(entry.address)}</Fact>
        <Fact name="Program">{kept(entry.agent)}</Fact>
        <Fact name="Identifier">{entry.id}</Fact>
      </dl>
    </Panel>
  );
}

interface Findings {
  included: boolean;
  signed: Signed;
  sealed: 'good' | 'wrong' | 'nothing';
  checkpoint: Checkpoint;
}

async function check(entry: ProvedEntry): Promise<Findings> {
  const proof = readProof(entry.proof ?? '');
  const there = entry.sealed !== null && entry.salt !== null && entry.opened !== null;
  const fits = there && (await opens(entry.sealed ?? '', entry.salt ?? '', entry.opened ?? ''));
  return {
    included: proof.index === entry.index && (await includes(proof, bytesOf(entry.bytes))),
    signed: await signedBy(proof.checkpoint, entry.vkey),
    sealed: there ? (fits ? 'good' : 'wrong') : 'nothing',
    checkpoint: proof.checkpoint,
  };
}

const SIGNED: Record<Signed, string> = {
  good: 'the signature of the log fits',
  wrong: 'the signature of the log is WRONG',
  none: 'the log has NOT signed this',
  unknown: 'this browser cannot check Ed25519; `tocsin audit check` can',
};

function Proof({ entry }: { entry: ProvedEntry }): ReactElement {
  const [findings, setFindings] = useState<Findings | null>(null);
  const [failure, setFailure] = useState('');
  useEffect(() => {
    let current = true;
    setFindings(null);
    setFailure('');
    if (entry.proof === null) return undefined;
    check(entry).then(
      (found) => {
        if (current) setFindings(found);
      },
      (caught: unknown) => {
        if (current) setFailure(String(caught));
      },
    );
    return () => {
      current = false;
    };
  }, [entry]);
  if (entry.proof === null)
    return (
      <Panel title="Proof">
        <p className={show.verdict}>
          <State icon="queued" mood="dim">
            This entry is written and waits for the next signed checkpoint: a moment, as a rule.
          </State>
        </p>
      </Panel>
    );
  return (
    <Panel
      title="Proof"
      tools={
        <>
          <Button
            color="inherit"
            onClick={() => save(`${name(entry)}.tlog-proof`, entry.proof ?? '')}
          >
            Save the proof
          </Button>
          <Button color="inherit" onClick={() => save(`${name(entry)}.json`, bytesOf(entry.bytes))}>
            Save the entry
          </Button>
        </>
      }
    >
      {failure && (
        <p className={show.verdict}>
          <State icon="fault" mood="fault">
            {failure}
          </State>
        </p>
      )}
      {findings && <Checked findings={findings} entry={entry} />}
    </Panel>
  );
}

function Checked({ findings, entry }: { findings: Findings; entry: ProvedEntry }): ReactElement {
  const { included, signed, sealed, checkpoint } = findings;
  const good = included && signed !== 'wrong' && signed !== 'none' && sealed !== 'wrong';
  const witnesses = witnessesOf(checkpoint);
  return (
    <div data-testid="proof" data-good={good}>
      <p className={show.verdict}>
        <State icon={good ? 'check' : 'fault'} mood={good ? 'good' : 'fault'}>
          {included
            ? `This browser has checked it: the entry stands in the log of ${checkpoint.size} entries.`
            : 'This entry is NOT the one that was signed.'}
        </State>
      </p>
      <dl className={show.facts}>
        <Fact name="Log">{checkpoint.origin}</Fact>
        <Fact name="Checkpoint">{SIGNED[signed]}</Fact>
        <Fact name="Witnesses">
          {witnesses.length === 0 && 'none has cosigned this checkpoint yet'}
          {witnesses.map((witness) => (
            <div key={witness.name}>
              {witness.name} <Time at={witness.at} />
            </div>
          ))}
        </Fact>
        <Fact name="What is sealed">
          {sealed === 'good' && 'fits its commitment'}
          {sealed === 'wrong' && 'does NOT fit its commitment'}
          {sealed === 'nothing' && (entry.sealed === null ? 'nothing' : 'erased')}
        </Fact>
        <Fact name="Key of the log">{entry.vkey}</Fact>
      </dl>
    </div>
  );
}

function name(entry: ProvedEntry): string {
  return `tocsin-audit-${entry.index}`;
}

function save(file: string, content: string | Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
