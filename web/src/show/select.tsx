/** A filter: a native list, quick on a phone and with the keyboard, whose value stands in the URL. */
import { useCallback, useId, type ReactElement } from 'react';
import { useSearchParams } from 'react-router-dom';
import css from './select.module.css';

export interface Choice {
  value: string;
  label: string;
}

interface SelectProps {
  label: string;
  value: string;
  choices: Choice[];
  onChange: (value: string) => void;
}

export function Select({ label, value, choices, onChange }: SelectProps): ReactElement {
  const id = useId();
  const known = choices.some((choice) => choice.value === value);
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {!known && <option value={value}>{value}</option>}
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** One parameter of the URL; the empty value takes it away. Does not fill the history. */
export function useParam(name: string, otherwise = ''): [string, (value: string) => void] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setParams(
        (known) => {
          const next = new URLSearchParams(known);
          if (value === '' || value === otherwise) next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      ),
    [name, otherwise, setParams],
  );
  return [params.get(name) ?? otherwise, set];
}
