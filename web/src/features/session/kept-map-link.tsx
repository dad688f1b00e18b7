/** The way to the map that this device keeps, for whoever cannot reach the site. */
import { useEffect, useState, type ReactElement } from 'react';
import { readKept } from '../map/kept';

export function KeptMapLink(): ReactElement | null {
  const [kept, setKept] = useState(false);
  useEffect(() => {
    readKept().then(
      (region) => setKept(region !== null),
      () => undefined,
    );
  }, []);
  return kept ? <a href="/map/kept">Open the map kept on this device</a> : null;
}
