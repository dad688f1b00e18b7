/** The map with what stands beside it: search, alerts, incidents, what is kept. */
import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type ReactElement,
  type ReactNode,
} from 'react';
import { useSearchParams } from 'react-router-dom';
import type { FeatureCollection } from 'geojson';
import type { GeoJSONFeature, Map as MapLibre, MapGeoJSONFeature } from 'maplibre-gl';
import IconButton from '@mui/material/IconButton';
import { useColorScheme } from '@mui/material/styles';
import { Icon } from '../../theme/icons';
import { DARK, LIGHT } from '../../theme/palette';
import { classes, Panel } from '../../show/parts';
import { useParam } from '../../show/select';
import { useEverySecond } from '../../show/ticker';
import { day, many } from '../../show/words';
import { useLive } from '../../wire/live';
import type { SiteMap } from '../../wire/map';
import type { Alert } from '../../wire/types';
import type { Archive, Bounds } from './archive';
import { CellPanel } from './cell-panel';
import { cellSquare, choiceOf, withSeen, type Seen } from './cells';
import { MAP_DARK, MAP_LIGHT } from './colours';
import { ExactPanel, useExact } from './exact-panel';
import { readIndex, type Found } from './find';
import type { KeptRegion } from './kept';
import { readLabels } from './labels';
import { MapCanvas, MapMarker, type View } from './map-canvas';
import { OfflinePanel } from './offline-panel';
import { PickedCard, type Picked } from './picked-card';
import { SearchBox } from './search-box';
import { AlertList, DeviceMark } from './site-parts';
import { around, outline, placedDevices, standingAlerts, zoneFeatures } from './site-layers';
import { EXACT_LAYER, styleOf } from './style';
import css from './map.module.css';

interface MapScreenProps {
  archive: Archive;
  /** null where nobody is signed in: then there is nothing of the site. */
  site: SiteMap | null;
  kept: KeptRegion | null;
  online: boolean;
  onKept: (kept: KeptRegion | null) => void;
  onReload: () => void;
}

const NO_SITE: SiteMap = { url: null, exact: false, zones: [], devices: [] };
const CLOSE_ZOOM = 15.5;

export function MapScreen(props: MapScreenProps): ReactElement {
  const { archive, kept } = props;
  const site = props.site ?? NO_SITE;
  const { colorScheme } = useColorScheme();
  const light = colorScheme === 'light';
  const colours = light ? MAP_LIGHT : MAP_DARK;
  const tiers = (light ? LIGHT : DARK).tier;
  const town = useLive((live) => live.town);
  const alerts = useStanding(town.alerts);
  const [at, setAt] = useParam('at');
  const [category, period, setCategories] = useCellParams();
  const [seen, setSeen] = useState<Seen>({});
  const choice = useMemo(() => choiceOf(seen, category, period), [seen, category, period]);
  const [map, setMap] = useState<MapLibre | null>(null);
  const [bounds, setBounds] = useState<Bounds | null>(null);
  const [picked, setPicked] = useState<Picked | null>(null);
  const [open, setOpen] = useState(false);
  const [problem, setProblem] = useState('');
  const labels = useLabels(archive);
  const exact = useExact();
  const names = useNames(archive, site, town);
  const placed = useMemo(() => placedDevices(site, town, alerts), [site, town, alerts]);
  const style = useMemo(
    () =>
      styleOf({
        archive,
        exact: exact.archive,
        colours,
        cells: choice,
        zones: zoneFeatures(site, alerts, tiers),
        labels,
        kept: outline(kept?.archive === archive.release.archive ? kept.bounds : null),
        picked: outline(picked?.kind === 'cell' ? cellSquare(picked.cell) : null),
      }),
    [archive, exact.archive, colours, choice, site, alerts, tiers, labels, kept, picked],
  );
  const [view] = useState(() => viewFrom(at));

  const fly = useCallback(
    (bounds: Bounds) => map?.fitBounds(bounds, { padding: 60, maxZoom: CLOSE_ZOOM }),
    [map],
  );
  const onCells = useCallback(
    (cells: GeoJSONFeature[]) => setSeen((known) => withSeen(known, cells)),
    [],
  );
  const onCategory = (nextCategory: string, nextPeriod: string) => {
    setCategories(nextCategory, nextPeriod);
    setPicked(null);
  };
  const onFound = ({ at: place }: Found) => {
    map?.flyTo({ center: place, zoom: Math.max(CLOSE_ZOOM, map.getZoom()) });
    setOpen(false);
  };
  const onMoved = (moved: View, shown: Bounds) => {
    setBounds(shown);
    setAt(viewText(moved));
  };

  return (
    <div className={css.screen} data-testid="map-screen">
      <h1 className={css.hidden}>Map</h1>
      <div className={css.stage}>
        <MapCanvas
          key={archive.release.archive}
          style={style}
          view={view}
          bounds={archive.bounds}
          onMap={setMap}
          onMoved={onMoved}
          onCells={onCells}
          onPick={(found) => setPicked(found && pickedOf(found))}
          onProblem={setProblem}
        >
          {placed.map((each) => (
            <MapMarker key={each.device.name} at={each.at}>
              <DeviceMark
                placed={each}
                chosen={picked?.kind === 'device' && picked.name === each.device.name}
                onChoose={() => setPicked({ kind: 'device', name: each.device.name })}
              />
            </MapMarker>
          ))}
        </MapCanvas>
        <Zooming map={map} bounds={archive.bounds} />
        <PickedCard
          picked={picked?.kind === 'incident' && !exact.archive ? null : picked}
          placed={placed}
          onClose={() => setPicked(null)}
        />
      </div>
      <div className={css.top}>
        <SearchBox
          index={names.index}
          loading={names.loading}
          onWanted={names.load}
          onChosen={onFound}
        />
        <Toggle open={open} onToggle={() => setOpen(!open)} />
      </div>
      <Side
        {...props}
        open={open}
        problem={problem}
        alerts={alerts}
        bounds={bounds}
        placed={placed.length}
        onShow={fly}
      >
        {archive.layers.includes('incidents') && (
          <Panel title="Incidents">
            <CellPanel seen={seen} choice={choice} colours={colours} onChange={onCategory} />
            {site.exact && <ExactPanel exact={exact} />}
          </Panel>
        )}
      </Side>
    </div>
  );
}

function Toggle({ open, onToggle }: { open: boolean; onToggle: () => void }): ReactElement {
  return (
    <button
      type="button"
      className={css.toggle}
      aria-expanded={open}
      aria-controls="map-side"
      onClick={onToggle}
    >
      <Icon name={open ? 'close' : 'filter'} size={18} />
      <span>{open ? 'Close' : 'Layers'}</span>
    </button>
  );
}

/** The alerts that stand now; the same list as long as they are the same. */
function useStanding(all: Alert[]): Alert[] {
  const keys = useEverySecond((now) =>
    standingAlerts(all, now)
      .map((alert) => alert.id)
      .join(),
  );
  return useMemo(() => all.filter((alert) => keys.split(',').includes(alert.id)), [all, keys]);
}

/** Category and period of the incidents, in the address. */
function useCellParams(): [string, string, (category: string, period: string) => void] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (category: string, period: string) =>
      setParams(
        (known) => {
          const next = new URLSearchParams(known);
          next.set('cells', category);
          next.set('period', period);
          return next;
        },
        { replace: true },
      ),
    [setParams],
  );
  return [params.get('cells') ?? '', params.get('period') ?? '', set];
}

interface SideProps extends MapScreenProps {
  open: boolean;
  problem: string;
  alerts: Alert[];
  bounds: Bounds | null;
  placed: number;
  onShow: (bounds: Bounds) => void;
  children: ReactNode;
}

function Side(props: SideProps): ReactElement {
  const { archive, site, online, alerts, problem, placed, onShow } = props;
  const devices = useLive((live) => live.town.devices);
  return (
    <aside
      id="map-side"
      className={classes(css.side, props.open && css.sideOpen)}
      aria-label="Beside the map"
    >
      {!online && (
        <p role="status" className={css.away}>
          <Icon name="lost" size={16} />
          {site ? 'The map’s server cannot be reached: ' : 'No network: '}
          only what this device keeps is drawn.
        </p>
      )}
      {online && problem && (
        <p role="status" className={css.away}>
          <Icon name="fault" size={16} />A part of the map could not be read: {problem}
        </p>
      )}
      {site && (
        <Panel
          title={
            alerts.length > 0 ? `${many(alerts.length, 'alert')} active` : 'No alert is active'
          }
        >
          <AlertList alerts={alerts} site={site} devices={devices} onShow={onShow} />
        </Panel>
      )}
      {props.children}
      <Panel title="Without a network">
        <OfflinePanel
          archive={archive}
          bounds={props.bounds}
          kept={props.kept}
          online={online}
          onKept={props.onKept}
          onShow={onShow}
        />
      </Panel>
      <About archive={archive} site={site} devices={devices.length} placed={placed} />
    </aside>
  );
}

function Zooming({ map, bounds }: { map: MapLibre | null; bounds: Bounds }): ReactElement {
  return (
    <div className={css.zoom} role="group" aria-label="Zoom">
      <IconButton aria-label="Zoom in" onClick={() => map?.zoomIn()}>
        <Icon name="plus" />
      </IconButton>
      <IconButton aria-label="Zoom out" onClick={() => map?.zoomOut()}>
        <Icon name="minus" />
      </IconButton>
      <IconButton
        aria-label="The whole map"
        onClick={() => map?.fitBounds(bounds, { padding: 24 })}
      >
        <Icon name="whole" />
      </IconButton>
    </div>
  );
}

function About(props: {
  archive: Archive;
  site: SiteMap | null;
  devices: number;
  placed: number;
}): ReactElement {
  const { archive, site, devices, placed } = props;
  const { published_at: published } = archive.release;
  return (
    <footer className={css.about}>
      {site && placed < devices && (
        <p>
          {devices - placed} of {many(devices, 'device')} have no place on the map: give them one in
          control&#39;s configuration, [place NAME].
        </p>
      )}
      <p>
        {archive.name || 'Map'}
        {published && `, published ${day(new Date(published))}`}
      </p>
      {archive.attribution && <p>{archive.attribution}</p>}
    </footer>
  );
}

/* ---- names ---- */

const NO_LABELS: FeatureCollection = { type: 'FeatureCollection', features: [] };

function useLabels(archive: Archive): FeatureCollection {
  const [labels, setLabels] = useState(NO_LABELS);
  useEffect(() => {
    const abort = new AbortController();
    // A map without names is still a map.
    readLabels(archive, abort.signal).then(setLabels, () => undefined);
    return () => abort.abort();
  }, [archive]);
  return labels;
}

interface Names {
  index: Found[];
  loading: boolean;
  load: () => void;
}

/** Names of the map, read when first wanted, and of the site, which are there at once. */
function useNames(
  archive: Archive,
  site: SiteMap,
  town: { zones: { name: string; title?: string | null }[] },
): Names {
  const [read, setRead] = useState<{ archive: Archive; index: Found[] } | null>(null);
  const reading = useRef<Archive | null>(null);
  const load = useCallback(() => {
    if (reading.current === archive) return;
    reading.current = archive;
    readIndex(archive, new AbortController().signal).then(
      (index) => setRead({ archive, index }),
      () => (reading.current = null),
    );
  }, [archive]);
  const own = useMemo(() => {
    const devices = site.devices.map(({ name, latitude, longitude }): Found => ({
      name,
      kind: 'device',
      at: [longitude, latitude],
    }));
    const zones = site.zones.flatMap(({ name, area }): Found[] => {
      const box = around(area);
      const title = town.zones.find((zone) => zone.name === name)?.title;
      if (!box) return [];
      const middle: [number, number] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
      return [{ name: title ? title : name, kind: 'zone', at: middle }];
    });
    return [...zones, ...devices];
  }, [site, town.zones]);
  const known = read?.archive === archive ? read.index : null;
  const index = useMemo(() => [...own, ...(known ?? [])], [own, known]);
  return { index, loading: known === null, load };
}

/* ---- the view in the address ---- */

function viewText({ latitude, longitude, zoom }: View): string {
  return `${latitude.toFixed(5)},${longitude.toFixed(5)},${zoom.toFixed(2)}`;
}

function viewFrom(text: string): View | null {
  const [latitude, longitude, zoom] = text.split(',').map(Number);
  const good = [latitude, longitude, zoom].every((part) => Number.isFinite(part));
  if (!good || Math.abs(latitude ?? 99) > 85 || Math.abs(longitude ?? 999) > 180) return null;
  return { latitude: latitude ?? 0, longitude: longitude ?? 0, zoom: zoom ?? 0 };
}

function pickedOf(feature: MapGeoJSONFeature): Picked {
  if (feature.layer.id !== EXACT_LAYER) return { kind: 'cell', cell: cellOf(feature) };
  const facts = Object.entries(feature.properties).map(([name, value]) => [name, String(value)]);
  return { kind: 'incident', facts: Object.fromEntries(facts) as Record<string, string> };
}

function cellOf({
  properties,
  geometry,
}: MapGeoJSONFeature): Extract<Picked, { kind: 'cell' }>['cell'] {
  const { category, period, count, zoom } = properties as Record<string, unknown>;
  const [longitude = 0, latitude = 0] = geometry.type === 'Point' ? geometry.coordinates : [];
  return {
    category: String(category),
    period: String(period),
    count: Number(count),
    zoom: Number(zoom),
    longitude,
    latitude,
  };
}
