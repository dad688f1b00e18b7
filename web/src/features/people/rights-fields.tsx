import type { ReactElement } from 'react';
import { Select } from '../../show/select';
import { useLive } from '../../wire/live';
import type { Role } from '../../wire/types';
import { ROLE_CHOICES, withRole, withZone, type Rights } from './rights';
import css from './people.module.css';

interface RightsFieldsProps {
  rights: Rights;
  onChange: (rights: Rights) => void;
}

export function RightsFields({ rights, onChange }: RightsFieldsProps): ReactElement {
  const known = useLive((live) => live.town.zones);
  const names = [...new Set([...known.map(({ name }) => name), ...(rights.zones ?? [])])].sort();
  return (
    <>
      <Select
        label="Role"
        value={rights.role}
        choices={ROLE_CHOICES}
        onChange={(role) => onChange(withRole(rights, role as Role))}
      />
      <fieldset className={css.zones} disabled={rights.role === 'administrator'}>
        <legend>Where</legend>
        <label>
          <input
            type="checkbox"
            checked={rights.zones === null}
            onChange={(event) => onChange({ ...rights, zones: event.target.checked ? null : [] })}
          />
          The whole site
        </label>
        {names.map((zone) => (
          <label key={zone}>
            <input
              type="checkbox"
              checked={rights.zones?.includes(zone) ?? false}
              onChange={(event) => onChange(withZone(rights, zone, event.target.checked))}
            />
            {zone}
          </label>
        ))}
      </fieldset>
    </>
  );
}
