import { useCallback, useEffect, useState } from 'react';
import { fetchMedia, type Operation } from '../../wire/media';
import { asProblem, type Problem } from '../../wire/problem';

export interface Media {
  url: string | null;
  bytes: number;
  received: number;
  loading: boolean;
  problem: Problem | null;
  reload: () => void;
}

const NOTHING = { url: null, bytes: 0, received: 0, loading: false, problem: null };

/** A clip or snapshot as a blob of this page; given back to the browser when nobody looks any more. */
export function useMedia(id: string, operation: Operation, wanted: boolean): Media {
  const [kept, setKept] = useState<Omit<Media, 'reload'>>(NOTHING);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    setKept(NOTHING);
    if (!wanted) return undefined;
    const abort = new AbortController();
    let url: string | null = null;
    setKept({ ...NOTHING, loading: true });
    const progress = (received: number) => setKept((known) => ({ ...known, received }));
    fetchMedia(id, operation, abort.signal, progress).then(
      (blob) => {
        if (abort.signal.aborted) return;
        url = URL.createObjectURL(blob);
        setKept({ ...NOTHING, url, bytes: blob.size, received: blob.size });
      },
      (caught: unknown) => {
        if (!abort.signal.aborted)
          setKept({ ...NOTHING, problem: asProblem(caught, `The ${operation}`) });
      },
    );
    return () => {
      abort.abort();
      if (url) URL.revokeObjectURL(url);
    };
  }, [id, operation, wanted, tries]);
  const reload = useCallback(() => setTries((count) => count + 1), []);
  return { ...kept, reload };
}
