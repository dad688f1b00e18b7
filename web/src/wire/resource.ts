/** One GET as React state: loads, loads again when the live link came back, tells its problem. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { getJson } from './api';
import { useLive } from './live';
import { asProblem, type Problem } from './problem';

export interface Resource<T> {
  data: T | null;
  problem: Problem | null;
  loading: boolean;
  reload: () => void;
  /** Changes the loaded value by hand, as a live message does. */
  change: (update: (data: T) => T) => void;
}

interface Kept<T> {
  path: string;
  data: T | null;
  problem: Problem | null;
  loading: boolean;
}

export function useResource<T>(path: string, subject: string): Resource<T> {
  const generation = useLive((live) => live.generation);
  const [tries, setTries] = useState(0);
  const [kept, setKept] = useState<Kept<T>>({ path, data: null, problem: null, loading: true });
  // Changes that arrive during a load are applied to what it brings: it may be older than they are.
  const meanwhile = useRef<((data: T) => T)[]>([]);
  const loadingNow = useRef(true);
  useEffect(() => {
    meanwhile.current = [];
    loadingNow.current = true;
    const abort = new AbortController();
    setKept((known) =>
      known.path === path
        ? { ...known, loading: true }
        : { path, data: null, problem: null, loading: true },
    );
    getJson<T>(path, subject, abort.signal).then(
      (loaded) => {
        loadingNow.current = false;
        const data = meanwhile.current.reduce((value, update) => update(value), loaded);
        setKept({ path, data, problem: null, loading: false });
      },
      (caught: unknown) => {
        if (abort.signal.aborted) return;
        loadingNow.current = false;
        const problem = asProblem(caught, subject);
        setKept((known) => ({ ...known, problem, loading: false }));
      },
    );
    return () => abort.abort();
  }, [path, subject, generation, tries]);
  const reload = useCallback(() => setTries((count) => count + 1), []);
  const change = useCallback((update: (data: T) => T) => {
    if (loadingNow.current) meanwhile.current.push(update);
    setKept((known) => (known.data === null ? known : { ...known, data: update(known.data) }));
  }, []);
  // A new path shows nothing of the old one, not even for one drawing.
  const own = kept.path === path ? kept : { data: null, problem: null, loading: true };
  return { data: own.data, problem: own.problem, loading: own.loading, reload, change };
}
