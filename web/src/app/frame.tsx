/** What stands around every screen: the rail, the top line, the emergency banner. */
import { Suspense, useEffect, useRef, type ReactElement } from 'react';
import { Link, NavLink, Outlet, useLocation, useNavigation } from 'react-router-dom';
import Button from '@mui/material/Button';
import { Icon, type IconName } from '../theme/icons';
import { classes, SkeletonRows } from '../show/parts';
import { siteName } from '../wire/town';
import { useLive } from '../wire/live';
import { may, useSession } from '../features/session/session';
import { AccountMenu } from './account-menu';
import { AlarmBanner } from './alarm-banner';
import { LinkLine } from './link-line';
import css from './frame.module.css';

interface Place {
  to: string;
  name: string;
  icon: IconName;
  needs?: 'seePeople' | 'seeAudit';
}

const PLACES: Place[] = [
  { to: '/situation', name: 'Situation', icon: 'situation' },
  { to: '/alerts', name: 'Alerts', icon: 'alerts' },
  { to: '/events', name: 'Events', icon: 'events' },
  { to: '/map', name: 'Map', icon: 'map' },
  { to: '/cameras', name: 'Cameras', icon: 'cameras' },
  { to: '/devices', name: 'Devices', icon: 'devices' },
  { to: '/people', name: 'People', icon: 'people', needs: 'seePeople' },
  { to: '/audit', name: 'Audit', icon: 'audit', needs: 'seeAudit' },
];

export function Frame(): ReactElement {
  const { session } = useSession();
  const places = PLACES.filter(({ needs }) => !needs || may(needs, session));
  const rail = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  // On a phone the bar holds more than it shows: where one is comes into view.
  useEffect(() => {
    const here = rail.current?.querySelector('[aria-current=page]');
    here?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [pathname]);
  return (
    <div className={css.frame}>
      <a className={css.skip} href="#screen">
        Skip to the screen
      </a>
      <Top />
      <nav ref={rail} className={css.rail} aria-label="Screens">
        {places.map((place) => (
          <NavLink
            key={place.to}
            to={place.to}
            className={({ isActive }) => classes(css.place, isActive && css.here)}
          >
            <Icon name={place.icon} size={20} />
            <span>{place.name}</span>
          </NavLink>
        ))}
      </nav>
      <Screen />
    </div>
  );
}

function Top(): ReactElement {
  const site = useLive((live) => siteName(live.town.devices));
  const { session } = useSession();
  return (
    <header className={css.top}>
      <Link to="/situation" className={css.brand} aria-label="Tocsin, to the situation">
        <img src="/assets/tocsin.svg" alt="" width="24" height="24" />
        <span className={css.brandName}>Tocsin</span>
      </Link>
      <span className={css.site}>{site ?? window.location.host}</span>
      <LinkLine />
      <span className={css.gap} />
      <AccountMenu />
      {may('alert', session) && (
        <Button
          component={Link}
          to="/alerts/new"
          variant="contained"
          className={css.newAlert ?? ''}
          startIcon={<Icon name="alerts" />}
        >
          New alert
        </Button>
      )}
    </header>
  );
}

function Screen(): ReactElement {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const navigating = useNavigation().state === 'loading';
  // A new screen begins at its top, and the keyboard begins there too.
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [pathname]);
  return (
    <main ref={main} id="screen" tabIndex={-1} className={css.screen} aria-busy={navigating}>
      <AlarmBanner />
      <Suspense fallback={<SkeletonRows />}>
        <Outlet />
      </Suspense>
    </main>
  );
}
