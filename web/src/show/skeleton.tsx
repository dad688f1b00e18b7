import type { ReactElement } from 'react';
import css from './show.module.css';

/** One line that is on its way. */
export function Skeleton({ width }: { width: string }): ReactElement {
  return <span className={css.skeleton} style={{ width }} />;
}
