/** The small parts that screens share: tiers, states, problems, emptiness, waiting. */
import type { ReactElement, ReactNode } from 'react';
import Button from '@mui/material/Button';
import { Icon, TIER_ICONS, type IconName } from '../theme/icons';
import type { Problem } from '../wire/problem';
import type { DeliveryState, Tier } from '../wire/types';
import css from './show.module.css';

export function classes(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}

export const TIER_NAMES: Record<Tier, string> = {
  informational: 'Informational',
  advisory: 'Advisory',
  warning: 'Warning',
  emergency: 'Emergency',
  ipaws: 'IPAWS',
};

export function TierName({ tier, filled }: { tier: Tier; filled?: boolean }): ReactElement {
  return (
    <span className={classes(css.tier, css[tier], filled && css.tierFilled)}>
      <Icon name={TIER_ICONS[tier]} size={16} />
      {TIER_NAMES[tier]}
    </span>
  );
}

type Mood = 'good' | 'fault' | 'plain' | 'dim';

export function State(props: { icon: IconName; mood: Mood; children: ReactNode }): ReactElement {
  return (
    <span className={classes(css.state, css[props.mood])}>
      <Icon name={props.icon} size={16} />
      {props.children}
    </span>
  );
}

const DELIVERY: Record<DeliveryState | 'silent', [IconName, Mood]> = {
  queued: ['queued', 'dim'],
  sent: ['queued', 'dim'],
  received: ['received', 'plain'],
  lit: ['lit', 'good'],
  cleared: ['cleared', 'dim'],
  refused: ['refused', 'fault'],
  silent: ['silent', 'fault'],
};

export function DeliveryName({ state }: { state: DeliveryState | 'silent' }): ReactElement {
  const [icon, mood] = DELIVERY[state];
  return (
    <State icon={icon} mood={mood}>
      {state}
    </State>
  );
}

export function OnlineName({ state }: { state: string }): ReactElement {
  const good = state === 'online';
  const waiting = state === 'connecting';
  return (
    <State
      icon={good ? 'check' : waiting ? 'queued' : 'fault'}
      mood={good ? 'good' : waiting ? 'dim' : 'fault'}
    >
      {state}
    </State>
  );
}

/** What happened, to what, and the next step. */
export function ProblemNote(props: { problem: Problem; retry?: () => void }): ReactElement {
  const { problem, retry } = props;
  return (
    <div role="alert" className={css.problem}>
      <Icon name="fault" />
      <div className={css.problemText}>
        <strong>{problem.title}</strong>
        {problem.detail} {problem.next}
      </div>
      {retry && (
        <Button size="small" variant="outlined" color="inherit" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }): ReactElement {
  return (
    <div className={css.empty}>
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** The shape of a list that is on its way. */
export function SkeletonRows({ rows = 6 }: { rows?: number }): ReactElement {
  const widths = ['62%', '48%', '71%', '55%', '66%', '43%', '59%', '51%'];
  return (
    <div aria-busy="true" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={css.skeletonRow}>
          <span className={css.skeleton} style={{ width: widths[row % widths.length] }} />
        </div>
      ))}
    </div>
  );
}

export function Page(props: {
  title: ReactNode;
  tools?: ReactNode;
  children: ReactNode;
}): ReactElement {
  return (
    <div className={css.page}>
      <div className={css.head}>
        <h1>{props.title}</h1>
        {props.tools}
      </div>
      {props.children}
    </div>
  );
}

export function Panel(props: {
  title: ReactNode;
  tools?: ReactNode;
  children: ReactNode;
  className?: string | undefined;
}): ReactElement {
  return (
    <section className={classes(css.panel, props.className)}>
      <div className={css.panelHead}>
        <h2>{props.title}</h2>
        {props.tools}
      </div>
      {props.children}
    </section>
  );
}

export function ExportButton({
  onClick,
  busy,
}: {
  onClick: () => void;
  busy?: string;
}): ReactElement {
  return (
    <Button
      size="small"
      color="inherit"
      variant="outlined"
      startIcon={<Icon name="download" size={16} />}
      onClick={onClick}
      disabled={Boolean(busy)}
    >
      {busy ?? 'Export CSV'}
    </Button>
  );
}
