/** The events that a filter finds: some pages from the server, then live. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { getJson } from '../../wire/api';
import { liveStore, serverNow, useLive } from '../../wire/live';
import { asProblem, type Problem } from '../../wire/problem';
import { compareTimes, mergeSighting } from '../../wire/town';
import type { Sighting } from '../../wire/types';
import { matches, queryOf, type Filter } from './filter';

interface SightingPage {
  events: Sighting[];
  next: string | null;
}

export const PAGE_SIZE = 200;
/** Loaded without being asked: enough for the strips of a busy hour. */
const PAGES_AT_ONCE = 5;
const KEPT_MAX = 5000;
export const EXPORT_MAX = 20_000;

export interface Sightings {
  list: Sighting[];
  loading: boolean;
  problem: Problem | null;
  /** Loads older ones; null when all are here. */
  more: (() => void) | null;
  reload: () => void;
}

export function readPage(query: URLSearchParams, signal?: AbortSignal): Promise<SightingPage> {
  return getJson<SightingPage>(`/api/events?${query.toString()}`, 'Events', signal);
}

interface Kept {
  list: Sighting[];
  next: string | null;
  loading: boolean;
  problem: Problem | null;
}

const NOTHING: Kept = { list: [], next: null, loading: true, problem: null };

export function useSightings(filter: Filter): Sightings {
  const generation = useLive((live) => live.generation);
  const [tries, setTries] = useState(0);
  const [kept, setKept] = useState<Kept>(NOTHING);
  const abort = useRef<AbortController | null>(null);
  const query = useRef(new URLSearchParams());

  const load = useCallback(async (before: string | null, pages: number, signal: AbortSignal) => {
    let next = before;
    for (let page = 0; page < pages; page++) {
      const ask = new URLSearchParams(query.current);
      if (next) ask.set('before', next);
      const found = await readPage(ask, signal);
      next = found.next;
      const end = next;
      setKept((known) => ({ ...known, list: mergePage(known.list, found.events), next: end }));
      if (!next) break;
    }
    setKept((known) => ({ ...known, loading: false }));
  }, []);

  const begin = useCallback(
    (before: string | null, pages: number) => {
      abort.current?.abort();
      const own = new AbortController();
      abort.current = own;
      setKept((known) => ({ ...known, loading: true, problem: null }));
      load(before, pages, own.signal).catch((caught: unknown) => {
        if (own.signal.aborted) return;
        const problem = asProblem(caught, 'Events');
        setKept((known) => ({ ...known, loading: false, problem }));
      });
    },
    [load],
  );

  useEffect(() => {
    query.current = queryOf(filter, serverNow(), PAGE_SIZE);
    setKept(NOTHING);
    begin(null, PAGES_AT_ONCE);
    return () => abort.current?.abort();
  }, [filter, generation, tries, begin]);

  useEffect(
    () =>
      liveStore.listen((message) => {
        if (message.kind !== 'event' || !matches(filter, message.data)) return;
        setKept((known) => ({
          ...known,
          list: mergeSighting(known.list, message.data, KEPT_MAX),
        }));
      }),
    [filter],
  );

  const { list, next, loading, problem } = kept;
  return {
    list,
    loading,
    problem,
    more: next && !loading ? () => begin(next, 1) : null,
    reload: useCallback(() => setTries((count) => count + 1), []),
  };
}

/** Pages are older than the list, but live messages may have brought some of them already. */
export function mergePage(list: Sighting[], page: Sighting[]): Sighting[] {
  const known = new Set(list.map((sighting) => sighting.id));
  const fresh = page.filter((sighting) => !known.has(sighting.id));
  return [...list, ...fresh].sort((a, b) => compareTimes(b.started_at, a.started_at));
}

/** Everything that the filter finds, for a file; tells how far it is. */
export async function readAll(
  filter: Filter,
  progress: (count: number) => void,
): Promise<Sighting[]> {
  const query = queryOf(filter, serverNow(), PAGE_SIZE);
  const all: Sighting[] = [];
  for (;;) {
    const page = await readPage(query);
    all.push(...page.events);
    progress(all.length);
    if (!page.next || all.length >= EXPORT_MAX) return all;
    query.set('before', page.next);
  }
}
