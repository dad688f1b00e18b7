/** Which incidents are shown, and what their colours mean. */
import type { ReactElement } from 'react';
import { Select } from '../../show/select';
import {
  ALL,
  categoryWords,
  CLASSES,
  classWords,
  periodWords,
  type CellChoice,
  type Seen,
} from './cells';
import type { MapColours } from './colours';
import { RADII } from './style';
import css from './map.module.css';

interface CellPanelProps {
  seen: Seen;
  choice: CellChoice | null;
  colours: MapColours;
  onChange: (category: string, period: string) => void;
}

export function CellPanel({ seen, choice, colours, onChange }: CellPanelProps): ReactElement {
  const names = Object.keys(seen).sort((a, b) =>
    a === ALL ? -1 : b === ALL ? 1 : a.localeCompare(b),
  );
  const periods = seen[choice?.category ?? ''] ?? [];
  return (
    <div className={css.cells}>
      <Select
        label="Show"
        value={choice?.category ?? 'none'}
        onChange={(category) => onChange(category, choice?.period ?? '')}
        choices={[
          ...names.map((name) => ({ value: name, label: categoryWords(name) })),
          { value: 'none', label: 'no incidents' },
        ]}
      />
      {choice && (
        <Select
          label="In"
          value={choice.period}
          onChange={(period) => onChange(choice.category, period)}
          choices={periods.map((period) => ({ value: period, label: periodWords(period) }))}
        />
      )}
      {choice && (
        <>
          <ul className={css.legend} aria-label="Incidents in a cell">
            {CLASSES.map((least, at) => (
              <li key={least}>
                <svg width="38" height="38" aria-hidden="true">
                  <circle
                    cx="19"
                    cy="19"
                    r={RADII[at]}
                    fill={colours.cells[at]}
                    stroke={colours.cellEdge}
                  />
                </svg>
                {classWords(at)}
              </li>
            ))}
          </ul>
          <p className={css.hint}>
            Incidents per cell, rounded to fives. A cell holds at least five premises; where fewer
            called, nothing is shown.
          </p>
        </>
      )}
    </div>
  );
}
