/** MapLibre in React: one map, whose style follows a value; markers are React's own elements. */
import {
  createContext,
  useContext,
  useEffect,
  useRef,
  useState,
  type ReactElement,
  type ReactNode,
} from 'react';
import { createPortal } from 'react-dom';
import {
  addProtocol,
  Map as MapLibre,
  Marker,
  setWorkerUrl,
  type GeoJSONFeature,
  type MapGeoJSONFeature,
  type StyleSpecification,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { tileAt, type Bounds } from './archive';
import { CELL_LAYER, EXACT_LAYER } from './style';
import css from './map.module.css';

// A file of our own server: the content security policy lets no worker be made from anything else.
setWorkerUrl(workerUrl);
addProtocol('tocsin-map', async ({ url }, abort) => ({ data: await tileAt(url, abort.signal) }));

const ZOOM_MAX = 18;

export interface View {
  latitude: number;
  longitude: number;
  zoom: number;
}

const MapContext = createContext<MapLibre | null>(null);

interface MapCanvasProps {
  style: StyleSpecification;
  /** Where it begins. */
  view: View | null;
  bounds: Bounds;
  onMap: (map: MapLibre | null) => void;
  onMoved: (view: View, bounds: Bounds) => void;
  onCells: (cells: GeoJSONFeature[]) => void;
  /** A cell or an exact incident that was clicked, or null for the ground. */
  onPick: (cell: MapGeoJSONFeature | null) => void;
  onProblem: (text: string) => void;
  children: ReactNode;
}

export function MapCanvas(props: MapCanvasProps): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapLibre | null>(null);
  const calls = useRef(props);
  useEffect(() => {
    calls.current = props;
  });
  const first = useRef(props);
  useEffect(() => {
    if (!box.current) return undefined;
    const made = makeMap(box.current, first.current, calls);
    setMap(made);
    calls.current.onMap(made);
    return () => {
      calls.current.onMap(null);
      setMap(null);
      made.remove();
    };
  }, []);
  const { style } = props;
  useEffect(() => {
    if (map && style !== first.current.style) map.setStyle(style, { diff: true });
  }, [map, style]);
  return (
    <MapContext.Provider value={map}>
      <div ref={box} className={css.canvas} data-testid="map" />
      {map && props.children}
    </MapContext.Provider>
  );
}

function makeMap(
  container: HTMLElement,
  { style, view, bounds }: MapCanvasProps,
  calls: { current: MapCanvasProps },
): MapLibre {
  const map = new MapLibre({
    container,
    style,
    ...(view
      ? { center: [view.longitude, view.latitude], zoom: view.zoom }
      : { bounds, fitBoundsOptions: { padding: 24 } }),
    maxZoom: ZOOM_MAX,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: false,
    locale: { 'Map.Title': 'Map: arrow keys move it, plus and minus zoom' },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  const moved = () => {
    const { lng, lat } = map.getCenter();
    const seen = map.getBounds();
    calls.current.onMoved({ latitude: lat, longitude: lng, zoom: map.getZoom() }, [
      seen.getWest(),
      seen.getSouth(),
      seen.getEast(),
      seen.getNorth(),
    ]);
  };
  map.on('load', moved);
  map.on('moveend', moved);
  map.on('idle', () => {
    calls.current.onCells(map.querySourceFeatures('town', { sourceLayer: 'incidents' }));
    container.dataset.idle = String(Number(container.dataset.idle ?? 0) + 1);
  });
  map.on('click', ({ point }) => {
    const layers = [EXACT_LAYER, CELL_LAYER].filter((layer) => map.getLayer(layer));
    const found = layers.length > 0 ? map.queryRenderedFeatures(point, { layers }) : [];
    calls.current.onPick(found[0] ?? null);
  });
  map.on('error', ({ error }) => {
    const aborted = error instanceof Error && error.name === 'AbortError';
    if (!aborted) calls.current.onProblem(error.message);
  });
  return map;
}

/** An element that stands at a place of the map. */
export function MapMarker(props: {
  at: [longitude: number, latitude: number];
  children: ReactNode;
}): ReactElement | null {
  const map = useContext(MapContext);
  const [element] = useState(() => document.createElement('div'));
  const [longitude, latitude] = props.at;
  useEffect(() => {
    if (!map) return undefined;
    const marker = new Marker({ element, anchor: 'center' }).setLngLat([longitude, latitude]);
    marker.addTo(map);
    // The marker's own role and name would hide those of what is inside it.
    for (const name of ['role', 'aria-label', 'tabindex']) element.removeAttribute(name);
    return () => void marker.remove();
  }, [map, element, longitude, latitude]);
  return createPortal(props.children, element);
}
