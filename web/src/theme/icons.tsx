/** The icons of the page: one weight, 24 units, drawn for Tocsin. Decoration only: words stand beside. */
import type { ReactElement } from 'react';
import type { Tier } from '../wire/types';

const PATHS = {
  situation: 'M4 5h7v6H4zM13 5h7v10h-7zM4 13h7v6H4zM13 17h7v2h-7z',
  events: 'M4 6h2M9 6h11M4 12h2M9 12h11M4 18h2M9 18h11',
  alerts: 'M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4',
  cameras: 'M4 7h11v10H4zM15 11l5-3v8l-5-3z',
  devices: 'M3 6h18v9H3zM8 20h8M12 15v5M7 9h2M11 9h2M15 9h2M7 12h2M11 12h2',
  audit: 'M6 3h9l4 4v14H6zM15 3v4h4M9 12h6M9 16h6M9 8h2',
  account: 'M12 12a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c.6-3.6 3.4-5.5 7-5.5s6.4 1.9 7 5.5',
  people:
    'M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 19c.5-3.2 3-5 6-5s5.5 1.8 6 5M16 5.5a3 3 0 0 1 0 5.5M17.5 14.3c2 .6 3.2 2.2 3.5 4.7',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  close: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  download: 'M12 4v11M7.5 11L12 15.5 16.5 11M5 20h14',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  map: 'M9 4L3.5 6.5v13L9 17l6 3 5.5-2.5v-13L15 7zM9 4v13M15 7v13',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3L20 20',
  whole: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  play: 'M8 5l11 7-11 7z',
  pause: 'M8 5v14M16 5v14',
  live: 'M12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM8 8a5.7 5.7 0 0 0 0 8M16 8a5.7 5.7 0 0 1 0 8M5 5a9.9 9.9 0 0 0 0 14M19 5a9.9 9.9 0 0 1 0 14',
  lost: 'M4 4l16 16M8 8.5a5.7 5.7 0 0 0 .2 7.7M16 8a5.7 5.7 0 0 1 1 6M5 5.5a9.9 9.9 0 0 0 0 13M19 5a9.9 9.9 0 0 1 1.3 11.5',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.5v.6',
  advisory: 'M4 10v4h3l6 4V6L7 10zM16.5 9.5a4 4 0 0 1 0 5M19 7a7.5 7.5 0 0 1 0 10',
  warning: 'M12 4l9 16H3zM12 10v4.5M12 17v.6',
  emergency: 'M8.2 3h7.6L21 8.2v7.6L15.8 21H8.2L3 15.8V8.2zM12 7.5v6M12 16.2v.6',
  ipaws: 'M12 3l7.5 3v5.5c0 4.5-3 7.8-7.5 9.5-4.5-1.7-7.5-5-7.5-9.5V6zM12 8v5M12 15.5v.6',
  fault: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v6.5M12 16v.6',
  queued: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7.5V12l3 2',
  received: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.2l3 3 5-6',
  lit: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2.3M12 19.2v2.3M2.5 12h2.3M19.2 12h2.3M5.3 5.3l1.6 1.6M17.1 17.1l1.6 1.6M5.3 18.7l1.6-1.6M17.1 6.9l1.6-1.6',
  cleared: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM5.7 5.7l12.6 12.6',
  refused: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 9l6 6M15 9l-6 6',
  silent: 'M5 5l14 14M9.5 4.8A6 6 0 0 1 18 11v4M6 11v5l-1.5 2H16M10 21h4',
  filter: 'M4 6h16M7 12h10M10 18h4',
  reload: 'M19 12a7 7 0 1 1-2-4.9L19 9M19 4.5V9h-4.5',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }): ReactElement {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

export const TIER_ICONS: Record<Tier, IconName> = {
  informational: 'info',
  advisory: 'advisory',
  warning: 'warning',
  emergency: 'emergency',
  ipaws: 'ipaws',
};
