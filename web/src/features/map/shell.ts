/** The page itself, kept for when there is no network: its files in a cache that the service worker reads. */
const SHELL = 'tocsin-shell';
const START = '/map/kept';

/** Needs a secure context; throws when the browser does not let us. */
export async function keepShell(): Promise<void> {
  await navigator.serviceWorker.register('/service-worker.js');
  const cache = await caches.open(SHELL);
  const known = new Set((await cache.keys()).map((request) => new URL(request.url).pathname));
  const wanted = new Set([...ownFiles(), START]);
  // The page has a fresh nonce in it and in its policy each time; its other files never change.
  for (const path of wanted) if (path === START || !known.has(path)) await cache.add(path);
  for (const path of known) if (!wanted.has(path)) await cache.delete(path);
}

export async function dropShell(): Promise<void> {
  await caches.delete(SHELL);
  const registration = await navigator.serviceWorker.getRegistration();
  await registration?.unregister();
}

/** Every file of the page that this screen has loaded. */
function ownFiles(): string[] {
  const linked = [...document.querySelectorAll<HTMLElement>('script[src], link[href]')].map(
    (each) => each.getAttribute('src') ?? each.getAttribute('href') ?? '',
  );
  const loaded = performance.getEntriesByType('resource').map((entry) => entry.name);
  return [...linked, ...loaded]
    .map((each) => new URL(each, window.location.href))
    .filter((url) => url.origin === window.location.origin && url.pathname.startsWith('/assets/'))
    .map((url) => url.pathname);
}
