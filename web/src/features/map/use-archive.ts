/** The archive that is the map now: from the network, or, when that is away, what this device keeps. */
import { useCallback, useEffect, useState } from 'react';
import { readRelease, type Release } from '../../wire/map';
import { asProblem, type Problem } from '../../wire/problem';
import { openArchive, type Archive } from './archive';
import { readKept, type KeptRegion } from './kept';

export interface OpenMap {
  archive: Archive | null;
  kept: KeptRegion | null;
  setKept: (kept: KeptRegion | null) => void;
  /** Whether the archive's server answers. */
  online: boolean;
  problem: Problem | null;
  reload: () => void;
}

/** `base` is where current.json lies; null opens only what is kept. */
export function useArchive(base: string | null): OpenMap {
  const [archive, setArchive] = useState<Archive | null>(null);
  const [kept, setKept] = useState<KeptRegion | null>(null);
  const [online, setOnline] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    const stopped = () => abort.signal.aborted;
    const open = async () => {
      const found = await readKept();
      if (stopped()) return;
      setKept(found);
      setProblem(null);
      try {
        const now = base === null ? null : await readRelease(base, abort.signal);
        const release = now ?? releaseOf(found);
        if (!release) return;
        const opened = await openArchive(release, found?.archive === release.archive);
        if (stopped()) return;
        setArchive(opened);
        setOnline(now !== null);
      } catch (caught) {
        if (stopped()) return;
        setOnline(false);
        const fallback = releaseOf(found);
        if (fallback) setArchive(await openArchive(fallback, true));
        else setProblem(asProblem(caught, 'The map'));
      }
    };
    void open();
    return () => abort.abort();
  }, [base, tries]);
  const reload = useCallback(() => setTries((count) => count + 1), []);
  useEffect(() => {
    window.addEventListener('online', reload);
    return () => window.removeEventListener('online', reload);
  }, [reload]);
  return { archive, kept, setKept, online, problem, reload };
}

function releaseOf(kept: KeptRegion | null): Release | null {
  return kept && { archive: kept.archive, published_at: kept.published_at, bytes: 0 };
}
