/** A person's own key for emergencies: made here, certified by whoever holds the site's CA. */
import { useEffect, useState, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import {
  findKey,
  forgetKey,
  makeKey,
  markOf,
  signingRequest,
  takeCertificate,
  toPem,
  type OperatorKey,
} from '../../wire/approval';
import { asProblem, Problem } from '../../wire/problem';
import { Panel, ProblemNote, State } from '../../show/parts';
import { useSession } from './session';
import css from './session.module.css';

/** The key of the person who is signed in; undefined while the browser looks. */
export function useOperatorKey(): [
  OperatorKey | null | undefined,
  (key: OperatorKey | null) => void,
] {
  const { username } = useSession().session.user;
  const [key, setKey] = useState<OperatorKey | null | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    findKey(username).then(
      (found) => !gone && setKey(found),
      () => !gone && setKey(null),
    );
    return () => {
      gone = true;
    };
  }, [username]);
  return [key, setKey];
}

export function OperatorKeyPanel(): ReactElement {
  const { username } = useSession().session.user;
  const [key, setKey] = useOperatorKey();
  const [problem, setProblem] = useState<Problem | null>(null);
  const run = (work: () => Promise<OperatorKey | null>) => {
    setProblem(null);
    work().then(setKey, (caught: unknown) => setProblem(keyProblem(caught)));
  };
  const forget = async () => {
    await forgetKey(username);
    return null;
  };
  return (
    <Panel title="Your key for emergencies" className={css.account}>
      <div className={css.accountBody}>
        {problem && <ProblemNote problem={problem} />}
        {key === null && (
          <>
            <p className={css.hint}>
              An emergency counts by the keys of the people who approve it. Yours is made in this
              browser and cannot be taken out of it.
            </p>
            <Button variant="outlined" onClick={() => run(() => makeKey(username))}>
              Make my key
            </Button>
          </>
        )}
        {key && key.chain.length === 0 && (
          <Certify operator={key} onPem={(pem) => run(() => takeCertificate(key, pem))} />
        )}
        {key && key.chain.length > 0 && (
          <p role="status">
            <State icon="check" mood="good">
              This browser has your key, and its certificate.
            </State>
          </p>
        )}
        {key && (
          <>
            <Mark operator={key} />
            <Button size="small" color="inherit" onClick={() => run(forget)}>
              Forget this key
            </Button>
          </>
        )}
      </div>
    </Panel>
  );
}

function keyProblem(caught: unknown): Problem {
  const words = caught instanceof Error ? caught.message : String(caught);
  const next = 'Use the certificate that was made of the request below.';
  return asProblem(new Problem(-1, 'Not taken', `${words}.`, next), 'Your key');
}

function Mark({ operator }: { operator: OperatorKey }): ReactElement {
  const [mark, setMark] = useState('');
  useEffect(() => {
    void markOf(operator).then(setMark);
  }, [operator]);
  return (
    <p className={css.hint}>
      Its mark is <strong data-testid="key-mark">{mark}</strong>
    </p>
  );
}

interface CertifyProps {
  operator: OperatorKey;
  onPem: (pem: string) => void;
}

function Certify({ operator, onPem }: CertifyProps): ReactElement {
  const [request, setRequest] = useState('');
  const [pem, setPem] = useState('');
  useEffect(() => {
    void signingRequest(operator).then((made) => setRequest(toPem('CERTIFICATE REQUEST', made)));
  }, [operator]);
  return (
    <>
      <p className={css.hint}>
        Give this request to whoever holds the site&apos;s CA, and tell them the mark yourself, not
        through this server. They run <code>tocsin operator certify {operator.name}</code> and give
        you the certificate.
      </p>
      <TextField
        label="Request"
        multiline
        size="small"
        value={request}
        slotProps={{ htmlInput: { readOnly: true, 'data-testid': 'key-request' } }}
      />
      <TextField
        label="Certificate"
        multiline
        size="small"
        value={pem}
        onChange={(event) => setPem(event.target.value)}
      />
      <Button variant="contained" disabled={!pem.trim()} onClick={() => onPem(pem)}>
        Take the certificate
      </Button>
    </>
  );
}
