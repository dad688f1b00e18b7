/** Where incidents really were, for those who may know. */
import { useEffect, useState, type ReactElement } from 'react';
import { asProblem, type Problem } from '../../wire/problem';
import { closeArchive, type Archive } from './archive';
import { openExact } from './exact';
import css from './map.module.css';

export interface ExactMap {
  wanted: boolean;
  setWanted: (wanted: boolean) => void;
  archive: Archive | null;
  problem: Problem | null;
}

/** The exact archive while it is wanted; given up when it is not, or when the page is left. */
export function useExact(): ExactMap {
  const [wanted, setWanted] = useState(false);
  const [archive, setArchive] = useState<Archive | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    if (!wanted) return undefined;
    const abort = new AbortController();
    let opened: Archive | null = null;
    openExact(abort.signal).then(
      (now) => {
        if (abort.signal.aborted) return;
        opened = now;
        setArchive(now);
      },
      (caught: unknown) => {
        if (!abort.signal.aborted) setProblem(asProblem(caught, 'The exact map'));
      },
    );
    return () => {
      abort.abort();
      if (opened) closeArchive(opened);
      setArchive(null);
      setProblem(null);
    };
  }, [wanted]);
  return { wanted, setWanted, archive, problem };
}

export function ExactPanel({ exact }: { exact: ExactMap }): ReactElement {
  return (
    <div className={css.exact}>
      <label>
        <input
          type="checkbox"
          checked={exact.wanted}
          onChange={() => exact.setWanted(!exact.wanted)}
        />
        Exact incidents
      </label>
      <p className={css.hint}>
        {exact.problem
          ? exact.problem.message
          : 'Places as they were reported: for people on duty only. This device keeps none of them, and that you looked is on record.'}
      </p>
    </div>
  );
}
