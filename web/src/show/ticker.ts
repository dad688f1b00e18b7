/**
 * One clock for all ages on the page. A component draws again only when its own words change, so
 * two hundred ages cost two hundred comparisons a second, not two hundred drawings.
 */
import { useSyncExternalStore } from 'react';
import { serverNow } from '../wire/live';

const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= setInterval(() => watchers.forEach((each) => each()), 1000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** What `say` makes of the server's time now; looked at once a second. */
export function useEverySecond<T extends string | number | boolean>(say: (nowMs: number) => T): T {
  return useSyncExternalStore(subscribe, () => say(Math.floor(serverNow() / 100) * 100));
}
