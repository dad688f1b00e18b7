/** Search a place, a street, a ward or something of the site; by hand or with the arrow keys alone. */
import { useId, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import { Icon } from '../../theme/icons';
import { classes } from '../../show/parts';
import { search, type Found } from './find';
import css from './map.module.css';

interface SearchBoxProps {
  /** What can be found, as far as it has been read. */
  index: Found[];
  loading: boolean;
  /** Somebody is about to search. */
  onWanted: () => void;
  onChosen: (found: Found) => void;
}

export function SearchBox({ index, loading, onWanted, onChosen }: SearchBoxProps): ReactElement {
  const id = useId();
  const [typed, setTyped] = useState('');
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const found = useMemo(() => search(index, typed), [index, typed]);
  const shown = open && typed.trim() !== '';
  const chosen = Math.min(at, found.length - 1);

  const take = (which: Found | undefined) => {
    if (!which) return;
    setTyped(which.name);
    setOpen(false);
    onChosen(which);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') take(found[chosen]);
    else if (event.key === 'Escape') setOpen(false);
    else if (event.key === 'ArrowDown') setAt(Math.min(found.length - 1, chosen + 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(0, chosen - 1));
    else return;
    event.preventDefault();
  };
  return (
    <div className={css.search}>
      <Icon name="search" size={16} />
      <input
        ref={field}
        type="search"
        role="combobox"
        aria-label="Find a place, a street or a device"
        placeholder="Find a place, a street or a device"
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        {...(shown && found.length > 0 ? { 'aria-activedescendant': `${id}-${chosen}` } : {})}
        value={typed}
        onFocus={() => {
          onWanted();
          setOpen(true);
        }}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setTyped(event.target.value);
          setOpen(true);
          setAt(0);
        }}
      />
      {shown && (
        <ul id={`${id}-list`} role="listbox" aria-label="Found" className={css.found}>
          {found.map((each, place) => (
            // The keys are the field's: it keeps the focus and says which option is chosen.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <li
              key={`${each.kind}/${each.name}`}
              id={`${id}-${place}`}
              role="option"
              tabIndex={-1}
              aria-selected={place === chosen}
              className={classes(css.option, place === chosen && css.optionChosen)}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => take(each)}
            >
              <span dir="auto">{each.name}</span>
              <span className={css.kind}>{each.kind}</span>
            </li>
          ))}
          {found.length === 0 && (
            <li className={css.option} role="option" aria-selected={false} aria-disabled>
              {loading ? 'Reading the names of the map' : 'Nothing has this name on the map'}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
