/**
 * The page's one live store: the town, the state of the link, the server's clock. Messages are
 * gathered for BATCH_MS before screens hear of them, so that a burst costs one drawing.
 */
import { useSyncExternalStore } from 'react';
import { getJson } from './api';
import { LiveSocket, liveUrl, type LinkState } from './live-socket';
import { asProblem, type Problem } from './problem';
import {
  applyMessage,
  compareTimes,
  countZones,
  EMPTY_TOWN,
  SIGHTINGS_MAX,
  type Town,
} from './town';
import type { Alert, Camera, Device, LiveMessage, Sighting, Zone } from './types';

export interface Live {
  town: Town;
  /** Whether the town has been loaded at least once. */
  loaded: boolean;
  problem: Problem | null;
  link: LinkState;
  /** Since when the view is stale (milliseconds of this computer's clock), null while it is live. */
  staleSince: number | null;
  /** Counts up with every fresh load; a screen with a list of its own loads again. */
  generation: number;
  version: string;
}

const BATCH_MS = 100;
const RETRY_MS = 3_000;

class LiveStore {
  private live: Live = {
    town: EMPTY_TOWN,
    loaded: false,
    problem: null,
    link: 'connecting',
    staleSince: null,
    generation: 0,
    version: '',
  };
  private readonly watchers = new Set<() => void>();
  private readonly listeners = new Set<(message: LiveMessage) => void>();
  private readonly socket = new LiveSocket(liveUrl(window.location), {
    message: (message) => this.receive(message),
    state: (state) => this.setLink(state),
  });
  private waiting: LiveMessage[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private load: AbortController | null = null;
  private missedDuringLoad: LiveMessage[] | null = null;

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };
  readonly read = (): Live => this.live;

  /** Hears every message as it comes; for screens that hold more than the town does. */
  listen(listener: (message: LiveMessage) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  start(): void {
    this.socket.start();
  }

  stop(): void {
    this.socket.stop();
    this.load?.abort();
    clearTimeout(this.timer);
    clearTimeout(this.retry);
    this.timer = undefined;
    this.waiting = [];
    this.set({
      town: EMPTY_TOWN,
      loaded: false,
      problem: null,
      link: 'connecting',
      staleSince: null,
    });
  }

  private receive(message: LiveMessage): void {
    if (message.kind === 'hello') {
      noteServerTime(message.data.server_time);
      this.set({ version: message.data.version });
      void this.loadTown();
      return;
    }
    this.listeners.forEach((listener) => listener(message));
    this.missedDuringLoad?.push(message);
    this.waiting.push(message);
    this.timer ??= setTimeout(() => this.flush(), BATCH_MS);
  }

  private flush(): void {
    this.timer = undefined;
    const town = this.waiting.reduce(applyMessage, this.live.town);
    this.waiting = [];
    this.set({ town });
  }

  private setLink(link: LinkState): void {
    if (link === 'lost') this.set({ link, staleSince: this.live.staleSince ?? Date.now() });
    else this.set({ link });
  }

  /** Loads everything; what arrives meanwhile is applied on top, so nothing is lost between. */
  private async loadTown(): Promise<void> {
    clearTimeout(this.retry);
    this.load?.abort();
    const load = new AbortController();
    this.load = load;
    this.missedDuringLoad = [];
    try {
      const fresh = await readTown(load.signal);
      const town = this.missedDuringLoad.reduce(applyMessage, fresh);
      const generation = this.live.generation + 1;
      this.set({ town, loaded: true, problem: null, staleSince: null, generation });
    } catch (caught) {
      if (load.signal.aborted) return;
      this.set({ problem: asProblem(caught, 'The state of the site') });
      this.retry = setTimeout(() => void this.loadTown(), RETRY_MS);
    }
    this.missedDuringLoad = null;
  }

  private set(change: Partial<Live>): void {
    this.live = { ...this.live, ...change };
    this.watchers.forEach((watcher) => watcher());
  }
}

async function readTown(signal: AbortSignal): Promise<Town> {
  const [devices, cameras, zones, active, ended, events] = await Promise.all([
    getJson<{ devices: Device[] }>('/api/devices', 'The list of devices', signal),
    getJson<{ cameras: Camera[] }>('/api/cameras', 'The list of cameras', signal),
    getJson<{ zones: Zone[] }>('/api/zones', 'The list of zones', signal),
    getJson<{ alerts: Alert[] }>('/api/alerts?state=active&limit=200', 'Active alerts', signal),
    getJson<{ alerts: Alert[] }>('/api/alerts?state=ended&limit=50', 'Ended alerts', signal),
    getJson<{ events: Sighting[] }>(`/api/events?limit=${SIGHTINGS_MAX}`, 'Events', signal),
  ]);
  const alerts = new Map([...active.alerts, ...ended.alerts].map((alert) => [alert.id, alert]));
  return {
    devices: devices.devices,
    cameras: cameras.cameras,
    zones: countZones(zones.zones, devices.devices),
    alerts: [...alerts.values()].sort((a, b) => compareTimes(b.created_at, a.created_at)),
    sightings: events.events,
  };
}

/* ---- the server's clock: ages must be true on a computer whose clock is not ---- */

let serverOffsetMs = 0;

function noteServerTime(time: string): void {
  const server = Date.parse(time);
  if (!Number.isNaN(server)) serverOffsetMs = server - Date.now();
}

export function serverNow(): number {
  return Date.now() + serverOffsetMs;
}

export const liveStore = new LiveStore();

/** The part of the live state that `select` picks; it must give the same value for the same state. */
export function useLive<T>(select: (live: Live) => T): T {
  return useSyncExternalStore(liveStore.subscribe, () => select(liveStore.read()));
}
