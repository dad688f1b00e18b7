import type { ReactElement } from 'react';
import { Icon } from '../theme/icons';
import { classes } from '../show/parts';
import { Ago } from '../show/time';
import { clock } from '../show/words';
import { useLive } from '../wire/live';
import { serverNow } from '../wire/live';
import css from './frame.module.css';

/** Whether what the screen shows is live, and if not, since when it is not. */
export function LinkLine(): ReactElement {
  const link = useLive((live) => live.link);
  const staleSince = useLive((live) => live.staleSince);
  const loaded = useLive((live) => live.loaded);
  if (link === 'live' && staleSince === null && loaded)
    return (
      <span
        role="status"
        className={classes(css.link, css.linkLive)}
        title="Changes arrive as they happen"
      >
        <Icon name="live" size={16} />
        <span className={css.linkWords}>Live</span>
      </span>
    );
  if (link !== 'lost' && staleSince === null)
    return (
      <span role="status" className={css.link}>
        <Icon name="live" size={16} />
        <span className={css.linkWords}>Connecting</span>
      </span>
    );
  const since = staleSince ?? Date.now();
  const skew = serverNow() - Date.now();
  return (
    <span role="status" className={classes(css.link, css.linkLost)}>
      <Icon name="lost" size={16} />
      <span>
        Stale since {clock(new Date(since))} <Ago at={since + skew} />
      </span>
    </span>
  );
}
