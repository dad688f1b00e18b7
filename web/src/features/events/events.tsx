/** Events: a strip per camera with density, and the list below; every filter stands in the URL. */
import { useCallback, useMemo, useState, type ReactElement } from 'react';
import { useSearchParams } from 'react-router-dom';
import Button from '@mui/material/Button';
import { saveCsv, toCsv } from '../../show/csv';
import { Empty, ExportButton, Page, ProblemNote, SkeletonRows } from '../../show/parts';
import { useEverySecond } from '../../show/ticker';
import { many } from '../../show/words';
import { useLive } from '../../wire/live';
import { asProblem, type Problem } from '../../wire/problem';
import { readFilter, windowOf, type Filter, type TimeWindow } from './filter';
import { EventFilters } from './event-filters';
import { csvRow, CSV_HEAD } from './sighting';
import { SightingTable } from './sighting-table';
import { Strips } from './strips';
import { readAll, useSightings } from './use-sightings';
import css from '../../show/show.module.css';

const ROWS_AT_ONCE = 100;

export function Events(): ReactElement {
  const [params, setParams] = useSearchParams();
  const search = params.toString();
  const filter = useMemo(() => readFilter(new URLSearchParams(search)), [search]);
  const found = useSightings(filter);
  const window = useMovingWindow(filter);
  const cameras = useCameraNames(filter, found.list);
  const [rows, setRows] = useState(ROWS_AT_ONCE);
  const shown = useMemo(() => found.list.slice(0, rows), [found.list, rows]);
  const from = useMemo(
    () => ({ ids: found.list.map((sighting) => sighting.id), search }),
    [found.list, search],
  );
  const choose = useCallback(
    (chosen: TimeWindow) =>
      setParams((known) => {
        const next = new URLSearchParams(known);
        next.delete('last');
        next.set('from', new Date(chosen.from).toISOString());
        next.set('to', new Date(chosen.to).toISOString());
        return next;
      }),
    [setParams],
  );
  const file = useExport(filter);

  return (
    <Page
      title="Events"
      tools={
        <>
          <span className={css.note} aria-live="off">
            {many(found.list.length, 'event')}
            {found.more ? ' loaded, older ones below' : ''}
          </span>
          <ExportButton onClick={file.save} {...(file.busy ? { busy: file.busy } : {})} />
        </>
      }
    >
      <EventFilters filter={filter} window={window} onChoose={choose} />
      {(found.problem ?? file.problem) && (
        <ProblemNote problem={(found.problem ?? file.problem) as Problem} retry={found.reload} />
      )}
      <Strips
        cameras={cameras}
        sightings={found.list}
        window={window}
        loading={found.loading}
        onChoose={choose}
      />
      <div className={css.scroll}>
        {found.list.length > 0 && <SightingTable list={shown} from={from} />}
        {found.list.length === 0 && found.loading && <SkeletonRows rows={8} />}
        {found.list.length === 0 && !found.loading && !found.problem && (
          <Empty title="Nothing was seen in this time">
            Choose a longer time or another camera. Whether the cameras work stands on the Cameras
            screen.
          </Empty>
        )}
      </div>
      <MoreRows hidden={found.list.length - shown.length} more={found.more} show={setRows} />
    </Page>
  );
}

function MoreRows(props: {
  hidden: number;
  more: (() => void) | null;
  show: (next: (rows: number) => number) => void;
}): ReactElement | null {
  const { hidden, more, show } = props;
  if (hidden <= 0 && !more) return null;
  const onClick = () => {
    if (hidden < ROWS_AT_ONCE) more?.();
    show((rows) => rows + ROWS_AT_ONCE);
  };
  return (
    <Button fullWidth color="inherit" onClick={onClick}>
      Show {ROWS_AT_ONCE} more
    </Button>
  );
}

/** A window that ends now moves on, a bar of the strip at a time. */
function useMovingWindow(filter: Filter): TimeWindow {
  const step = Math.max(1000, (filter.last * 1000) / 150);
  const now = useEverySecond((ms) => Math.ceil(ms / step) * step);
  return useMemo(() => windowOf(filter, now), [filter, now]);
}

function useCameraNames(filter: Filter, list: { camera: string }[]): string[] {
  const cameras = useLive((live) => live.town.cameras);
  const seen = useMemo(
    () => [...new Set(list.map((each) => each.camera))].sort().join('\n'),
    [list],
  );
  return useMemo(() => {
    const wanted = cameras.filter(
      (camera) =>
        (!filter.camera || camera.name === filter.camera) &&
        (!filter.zone || camera.zone === filter.zone) &&
        (!filter.device || camera.device === filter.device),
    );
    const names = [...wanted.map((camera) => camera.name), ...seen.split('\n').filter(Boolean)];
    return [...new Set(names)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  }, [cameras, seen, filter]);
}

function useExport(filter: Filter): { save: () => void; busy: string; problem: Problem | null } {
  const [busy, setBusy] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async () => {
    setProblem(null);
    setBusy('Reading');
    try {
      const all = await readAll(filter, (count) => setBusy(`Read ${count}`));
      saveCsv('tocsin-events.csv', toCsv(CSV_HEAD, all.map(csvRow)));
    } catch (caught) {
      setProblem(asProblem(caught, 'The export'));
    }
    setBusy('');
  };
  return { save: () => void save(), busy, problem };
}
