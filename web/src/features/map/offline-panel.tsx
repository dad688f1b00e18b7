/** The part of the map that this device keeps: what it is, how it comes, how it goes. */
import { useRef, useState, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import { Ago } from '../../show/time';
import { day, many, size } from '../../show/words';
import type { Archive, Bounds } from './archive';
import { canKeep, dropKept, type KeptRegion } from './kept';
import {
  countTiles,
  keepRegion,
  overlap,
  RegionTooLarge,
  TILES_MAX,
  type Progress,
} from './region';
import { dropShell, keepShell } from './shell';
import css from './map.module.css';

interface OfflinePanelProps {
  archive: Archive;
  /** What the map shows now. */
  bounds: Bounds | null;
  kept: KeptRegion | null;
  /** The network is there: something can be fetched. */
  online: boolean;
  onKept: (kept: KeptRegion | null) => void;
  onShow: (bounds: Bounds) => void;
}

export function OfflinePanel(props: OfflinePanelProps): ReactElement {
  const { archive, bounds, kept, online, onKept, onShow } = props;
  const keeper = useKeeper(archive, onKept);
  const wanted = bounds && overlap(bounds, archive.bounds);
  const tiles = wanted ? countTiles(wanted, archive.minzoom, archive.maxzoom) : 0;
  if (!canKeep())
    return <p className={css.hint}>This browser keeps nothing: open the page over HTTPS.</p>;
  if (keeper.progress) return <Keeping progress={keeper.progress} onStop={keeper.stop} />;
  return (
    <div className={css.offline} data-testid="offline">
      {kept ? (
        <Kept kept={kept} archive={archive} />
      ) : (
        <p>Keep what the map shows now, to have it without a network.</p>
      )}
      {keeper.problem && (
        <p role="alert" className={css.fault}>
          {keeper.problem}
        </p>
      )}
      {online && tiles > TILES_MAX && (
        <p className={css.hint}>
          Zoom in to keep this: {many(tiles, 'tile')} are more than {many(TILES_MAX, 'tile')}.
        </p>
      )}
      <div className={css.row}>
        {online && (
          <Button
            size="small"
            variant="outlined"
            color="inherit"
            disabled={!wanted || tiles > TILES_MAX}
            onClick={() => wanted && keeper.keep(wanted)}
          >
            {kept ? 'Keep this view instead' : 'Keep this view'}
          </Button>
        )}
        {kept && (
          <Button
            size="small"
            variant="outlined"
            color="inherit"
            onClick={() => onShow(kept.bounds)}
          >
            Show
          </Button>
        )}
        {kept && (
          <Button size="small" variant="outlined" color="error" onClick={keeper.drop}>
            Delete
          </Button>
        )}
      </div>
    </div>
  );
}

function Kept({ kept, archive }: { kept: KeptRegion; archive: Archive }): ReactElement {
  const stale = kept.archive !== archive.release.archive;
  return (
    <p>
      <strong>Kept on this device</strong> <Ago at={kept.kept_at} />: {many(kept.tiles, 'tile')},{' '}
      {size(kept.bytes)}
      {kept.published_at && `, of the map of ${day(new Date(kept.published_at))}`}.{' '}
      {stale && <span className={css.fault}>A newer map is out: keep this view again.</span>}
    </p>
  );
}

function Keeping({ progress, onStop }: { progress: Progress; onStop: () => void }): ReactElement {
  const { tiles, all, bytes } = progress;
  return (
    <div className={css.offline} data-testid="offline">
      <p role="status">
        Keeping: {tiles} of {many(all, 'tile')}, {size(bytes)}
      </p>
      <progress max={all} value={tiles} aria-label="Tiles kept" />
      <div className={css.row}>
        <Button size="small" variant="outlined" color="inherit" onClick={onStop}>
          Stop
        </Button>
      </div>
    </div>
  );
}

interface Keeper {
  progress: Progress | null;
  problem: string;
  keep: (bounds: Bounds) => void;
  drop: () => void;
  stop: () => void;
}

function useKeeper(archive: Archive, onKept: (kept: KeptRegion | null) => void): Keeper {
  const [progress, setProgress] = useState<Progress | null>(null);
  const [problem, setProblem] = useState('');
  const abort = useRef<AbortController | null>(null);
  const keep = async (bounds: Bounds) => {
    const stop = new AbortController();
    abort.current = stop;
    setProblem('');
    setProgress({ tiles: 0, all: 1, bytes: 0 });
    try {
      await keepShell();
      const kept = await keepRegion(archive, bounds, setProgress, stop.signal);
      // Asked, not needed: without it the browser may drop what is kept when its disk is full.
      await navigator.storage.persist();
      onKept(kept);
    } catch (caught) {
      onKept(null);
      if (!stop.signal.aborted) setProblem(reasonOf(caught));
    }
    setProgress(null);
  };
  const drop = async () => {
    await dropKept();
    await dropShell();
    onKept(null);
  };
  return {
    progress,
    problem,
    keep: (bounds) => void keep(bounds),
    drop: () => void drop(),
    stop: () => abort.current?.abort(),
  };
}

function reasonOf(caught: unknown): string {
  if (caught instanceof RegionTooLarge)
    return `Nothing was kept: this view has ${caught.message}. Zoom in and try again.`;
  const quota = caught instanceof DOMException && caught.name === 'QuotaExceededError';
  if (quota) return 'Nothing was kept: the browser has no room left. Free some, or zoom in.';
  const reason = caught instanceof Error ? caught.message : String(caught);
  return `Nothing was kept: ${reason}. Try again when the network is there.`;
}
