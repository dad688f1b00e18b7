/** Audit: who did what, newest first; each row leads to its proof. The filter stands in the URL. */
import { useState, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import Button from '@mui/material/Button';
import { saveCsv, toCsv } from '../../show/csv';
import {
  Empty,
  ExportButton,
  Page,
  ProblemNote,
  SkeletonRows,
  State,
  classes,
} from '../../show/parts';
import { Select, useParam } from '../../show/select';
import { Time, ZoneName } from '../../show/time';
import { many } from '../../show/words';
import { getJson } from '../../wire/api';
import { asProblem, type Problem } from '../../wire/problem';
import { useResource } from '../../wire/resource';
import { about, csvRow, CSV_HEAD, deed, type AuditEntry, type AuditPage } from './entry';
import css from '../../show/show.module.css';

const PAGE_SIZE = 100;
const EXPORT_MAX = 20_000;
const EVERY = { value: '', label: 'every' };
const ACTIONS = [
  'signed_in',
  'sign_in_refused',
  'signed_out',
  'password_changed',
  'user_added',
  'user_changed',
  'alert_sent',
  'alert_changed',
  'alert_cancelled',
  'alert_refused',
  'stream_granted',
  'stream_opened',
  'refused',
  'device_seen',
  'witness_joined',
  'key_rotated',
  'control_started',
];

export function Audit(): ReactElement {
  const [action, setAction] = useParam('action');
  const [user, setUser] = useParam('user');
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  if (action) query.set('action', action);
  if (user) query.set('user', user);
  const path = `/api/audit?${query.toString()}`;
  const first = useResource<AuditPage>(path, 'The audit log');
  const older = useOlder(path);
  const file = useExport(path);
  const page = first.data;
  const list = page ? [...page.entries, ...older.entries] : [];
  const next = older.entries.length > 0 ? older.next : (page?.next ?? null);
  const problem = first.problem ?? older.problem ?? file.problem;
  const users = [...new Set(list.map((entry) => entry.user).filter((name) => name !== null))];
  if (user && !users.includes(user)) users.push(user);
  return (
    <Page
      title="Audit"
      tools={
        <>
          <span className={css.note}>
            {page && many(page.size, 'signed entry', 'signed entries')}
          </span>
          <Button color="inherit" onClick={first.reload}>
            Look again
          </Button>
          <ExportButton onClick={file.save} {...(file.busy ? { busy: file.busy } : {})} />
        </>
      }
    >
      <div className={css.filters}>
        <Select
          label="Action"
          value={action}
          onChange={setAction}
          choices={[EVERY, ...ACTIONS.map((name) => ({ value: name, label: deed(name) }))]}
        />
        <Select
          label="User"
          value={user}
          onChange={setUser}
          choices={[EVERY, ...users.sort().map((name) => ({ value: name, label: name }))]}
        />
      </div>
      {page?.halted && (
        <p role="alert" className={css.note}>
          <State icon="fault" mood="fault">
            The log is not signed any more
          </State>{' '}
          {page.halted}
        </p>
      )}
      {problem && <ProblemNote problem={problem} retry={first.reload} />}
      <div className={css.scroll}>
        {list.length > 0 && <EntryTable list={list} size={page?.size ?? 0} />}
        {list.length === 0 && first.loading && <SkeletonRows rows={8} />}
        {page && list.length === 0 && (
          <Empty title="No such entry">Nothing that this filter looks for is in the log.</Empty>
        )}
      </div>
      {next !== null && (
        <Button fullWidth color="inherit" onClick={() => older.read(next)}>
          Show older entries
        </Button>
      )}
    </Page>
  );
}

function EntryTable({ list, size }: { list: AuditEntry[]; size: number }): ReactElement {
  return (
    <table className={css.table} data-testid="audit">
      <thead>
        <tr>
          <th scope="col" className={css.number}>
            Entry
          </th>
          <th scope="col">
            Time <ZoneName />
          </th>
          <th scope="col">Action</th>
          <th scope="col">User</th>
          <th scope="col">On</th>
          <th scope="col">Details</th>
          <th scope="col">Address</th>
          <th scope="col">Proof</th>
        </tr>
      </thead>
      <tbody>
        {list.map((entry) => (
          <tr key={entry.index} data-entry={entry.index}>
            <td className={classes(css.number, css.quiet)}>{entry.index}</td>
            <td>
              <Time at={entry.time} />
            </td>
            <td className={css.lead}>
              <Link className={css.rowLink} to={`/audit/${entry.index}`}>
                {deed(entry.action)}
              </Link>
            </td>
            <td>{entry.user}</td>
            <td dir="auto">{entry.resource}</td>
            <td className={classes(css.quiet, css.desk)} dir="auto">
              {about(entry)}
            </td>
            <td className={classes(css.quiet, css.desk)}>{entry.address}</td>
            <td className={css.side}>
              {entry.index < size ? (
                <State icon="check" mood="good">
                  signed
                </State>
              ) : (
                <State icon="queued" mood="dim">
                  waits
                </State>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface Older {
  entries: AuditEntry[];
  next: number | null;
  problem: Problem | null;
  read: (before: number) => void;
}

/** What lies below the first page, as far as it was asked for. */
function useOlder(path: string): Older {
  const [kept, setKept] = useState<Omit<Older, 'read'> & { path: string }>({
    path,
    entries: [],
    next: null,
    problem: null,
  });
  const own = kept.path === path ? kept : { path, entries: [], next: null, problem: null };
  const read = async (before: number) => {
    try {
      const page = await getJson<AuditPage>(`${path}&before=${before}`, 'The audit log');
      setKept({ ...own, entries: [...own.entries, ...page.entries], next: page.next });
    } catch (caught) {
      setKept({ ...own, problem: asProblem(caught, 'The audit log') });
    }
  };
  return { ...own, read: (before) => void read(before) };
}

function useExport(path: string): { save: () => void; busy: string; problem: Problem | null } {
  const [busy, setBusy] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async () => {
    setProblem(null);
    setBusy('Reading');
    try {
      const all: AuditEntry[] = [];
      let next: number | null = 0;
      while (next !== null && all.length < EXPORT_MAX) {
        const before: string = next > 0 ? `&before=${next}` : '';
        const page: AuditPage = await getJson<AuditPage>(path + before, 'The export');
        all.push(...page.entries);
        next = page.next;
        setBusy(`Read ${all.length}`);
      }
      saveCsv('tocsin-audit.csv', toCsv(CSV_HEAD, all.map(csvRow)));
    } catch (caught) {
      setProblem(asProblem(caught, 'The export'));
    }
    setBusy('');
  };
  return { save: () => void save(), busy, problem };
}
