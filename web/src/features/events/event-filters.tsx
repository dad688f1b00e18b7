import type { ReactElement } from 'react';
import { useSearchParams } from 'react-router-dom';
import IconButton from '@mui/material/IconButton';
import { Icon } from '../../theme/icons';
import { Select, useParam, type Choice } from '../../show/select';
import { localInput } from '../../show/words';
import { useLive } from '../../wire/live';
import { LAST_DEFAULT, RANGES, type Filter, type TimeWindow } from './filter';
import css from '../../show/show.module.css';
import own from './events.module.css';
import field from '../../show/select.module.css';

interface EventFiltersProps {
  filter: Filter;
  window: TimeWindow;
  onChoose: (window: TimeWindow) => void;
}

export function EventFilters({ filter, window, onChoose }: EventFiltersProps): ReactElement {
  const [params, setParams] = useSearchParams();
  const [camera, setCamera] = useParam('camera');
  const [label, setLabel] = useParam('label');
  const [zone, setZone] = useParam('zone');
  const town = useLive((live) => live.town);
  const labels = [...new Set(['person', ...town.sightings.map((sighting) => sighting.label)])];
  const fixed = filter.from !== null;
  const setRange = (value: string) => {
    if (value === 'fixed') {
      onChoose(window);
      return;
    }
    const next = new URLSearchParams(params);
    next.delete('from');
    next.delete('to');
    if (Number(value) === LAST_DEFAULT) next.delete('last');
    else next.set('last', value);
    setParams(next);
  };
  const move = (part: number) => {
    const step = (window.to - window.from) * part;
    onChoose({ from: window.from + step, to: window.to + step });
  };
  return (
    <div className={css.filters}>
      <Select
        label="Camera"
        value={camera}
        onChange={setCamera}
        choices={every(unique(town.cameras))}
      />
      <Select label="Label" value={label} onChange={setLabel} choices={every(labels)} />
      <Select label="Zone" value={zone} onChange={setZone} choices={every(unique(town.zones))} />
      <Select
        label="Time"
        value={fixed ? 'fixed' : String(filter.last)}
        onChange={setRange}
        choices={[
          ...RANGES.map((range) => ({ value: String(range.seconds), label: range.label })),
          { value: 'fixed', label: 'Between' },
        ]}
      />
      {fixed && <Between window={window} onChoose={onChoose} />}
      <div className={own.move}>
        <IconButton size="small" aria-label="Earlier by half" onClick={() => move(-0.5)}>
          <Icon name="left" />
        </IconButton>
        <IconButton
          size="small"
          aria-label="Later by half"
          onClick={() => move(0.5)}
          disabled={!fixed}
        >
          <Icon name="right" />
        </IconButton>
      </div>
    </div>
  );
}

function Between({ window, onChoose }: Omit<EventFiltersProps, 'filter'>): ReactElement {
  const set = (change: Partial<TimeWindow>) => {
    const next = { ...window, ...change };
    if (!Number.isNaN(next.from) && !Number.isNaN(next.to) && next.from < next.to) onChoose(next);
  };
  return (
    <>
      <label className={field.field}>
        <span>from</span>
        <input
          type="datetime-local"
          value={localInput(new Date(window.from))}
          onChange={(event) => set({ from: Date.parse(event.target.value) })}
        />
      </label>
      <label className={field.field}>
        <span>to</span>
        <input
          type="datetime-local"
          value={localInput(new Date(window.to))}
          onChange={(event) => set({ to: Date.parse(event.target.value) })}
        />
      </label>
    </>
  );
}

function unique(named: { name: string }[]): string[] {
  return [...new Set(named.map((each) => each.name))];
}

function every(values: string[]): Choice[] {
  return [{ value: '', label: 'every' }, ...values.map((value) => ({ value, label: value }))];
}
