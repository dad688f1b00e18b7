/* global self, caches, fetch, URL */
// Answers for the network when there is none, with the page that somebody chose to keep
// (src/features/map/shell.ts). Keeps nothing by itself; everything else goes its usual way.
const SHELL = 'tocsin-shell';
const START = '/map/kept';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') event.respondWith(page(request));
  else if (url.pathname.startsWith('/assets/')) event.respondWith(file(request));
});

/** The page of the server, or, when it cannot be reached, the one that was kept. */
async function page(request) {
  try {
    return await fetch(request);
  } catch (caught) {
    const kept = await caches.match(START, { cacheName: SHELL });
    if (kept) return kept;
    throw caught;
  }
}

/** A kept file is the very file: its name has the hash of its content. */
async function file(request) {
  const kept = await caches.match(request, { cacheName: SHELL });
  return kept ?? fetch(request);
}
