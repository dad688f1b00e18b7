/** The map of the site: the town, what happened there, and what is there now. */
import { useEffect, useState, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { Empty, Page, ProblemNote, SkeletonRows } from '../../show/parts';
import { useResource } from '../../wire/resource';
import type { SiteMap } from '../../wire/map';
import { MapScreen } from './map-screen';
import { useArchive } from './use-archive';
import css from './map.module.css';

export function MapPage(): ReactElement {
  const site = useResource<SiteMap>('/api/map', 'Where the map is');
  // The last answer stays while it is asked for again: the map is not to blink.
  const [known, setKnown] = useState<SiteMap | null>(null);
  useEffect(() => {
    if (site.data) setKnown(site.data);
  }, [site.data]);
  if (known?.url) return <Town site={known} base={known.url} />;
  return (
    <Page title="Map">
      {site.problem && <ProblemNote problem={site.problem} retry={site.reload} />}
      {!known && site.loading && <SkeletonRows />}
      {known && <NoMap />}
    </Page>
  );
}

/** What to do on a site that has none yet. */
function NoMap(): ReactElement {
  return (
    <Empty title="This site has no map yet">
      <ol className={css.steps}>
        <li>
          Build one from the town&#39;s files: <code>tocsin-map build</code>, with{' '}
          <code>tocsin-map anonymise</code> for incidents.
        </li>
        <li>
          Serve it with <code>tocsin-map serve</code>, or publish it.
        </li>
        <li>
          Set <code>map.url</code> in the configuration of control to the address of its{' '}
          <code>current.json</code>, without the file&#39;s name, and start control again.
        </li>
      </ol>
      The page of the operator&#39;s handbook is docs/operations/map.md.
    </Empty>
  );
}

function Town({ site, base }: { site: SiteMap; base: string }): ReactElement {
  const map = useArchive(base);
  if (map.archive)
    return (
      <MapScreen
        archive={map.archive}
        site={site}
        kept={map.kept}
        online={map.online}
        onKept={map.setKept}
        onReload={map.reload}
      />
    );
  return (
    <Page title="Map">
      {map.problem ? <ProblemNote problem={map.problem} retry={map.reload} /> : <SkeletonRows />}
    </Page>
  );
}

/** Without a network and without signing in: the public map that this device keeps, nothing of the site. */
export function KeptMapPage(): ReactElement {
  const map = useArchive(null);
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), 1000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main className={css.alone}>
      <header className={css.aloneHead}>
        <h1>Map kept on this device</h1>
        <Link to="/situation">To the site</Link>
      </header>
      {map.archive && (
        <MapScreen
          archive={map.archive}
          site={null}
          kept={map.kept}
          online={false}
          onKept={map.setKept}
          onReload={map.reload}
        />
      )}
      {!map.archive && map.problem && <ProblemNote problem={map.problem} retry={map.reload} />}
      {!map.archive && !map.problem && waited && (
        <Empty title="This device keeps no map">
          Open the map while there is a network, and choose &quot;Keep this view&quot;.
        </Empty>
      )}
    </main>
  );
}
