/** Where an alert goes: zones, single signs, or the whole site. */
import { useState, type ReactElement } from 'react';
import { OnlineName } from '../../show/parts';
import { many } from '../../show/words';
import { useLive } from '../../wire/live';
import type { Targets } from '../../wire/types';
import css from './compose.module.css';

interface WhereProps {
  targets: Targets;
  onChange: (targets: Targets) => void;
}

const MANY_SIGNS = 12;

export function Where({ targets, onChange }: WhereProps): ReactElement {
  const town = useLive((live) => live.town);
  const [find, setFind] = useState('');
  const signs = town.devices.filter((device) => device.sign);
  const found = signs.filter((device) =>
    `${device.name} ${device.zone}`.includes(find.trim().toLowerCase()),
  );
  const toggle = (list: string[], name: string) =>
    list.includes(name) ? list.filter((each) => each !== name) : [...list, name];
  return (
    <>
      <fieldset disabled={targets.broadcast}>
        <legend>Zones</legend>
        {town.zones.map((zone) => (
          <Check
            key={zone.name}
            label={zone.title ? `${zone.title} (${zone.name})` : zone.name}
            note={`${many(zone.signs, 'sign')}, ${zone.online} of ${many(zone.devices, 'device')} online`}
            checked={targets.zones.includes(zone.name)}
            onChange={() => onChange({ ...targets, zones: toggle(targets.zones, zone.name) })}
          />
        ))}
        {town.zones.length === 0 && <p className={css.hint}>No device has reported a zone yet.</p>}
      </fieldset>
      <fieldset disabled={targets.broadcast}>
        <legend>Single signs</legend>
        {signs.length > MANY_SIGNS && (
          <input
            className={css.find}
            type="search"
            placeholder="Name or zone"
            aria-label="Find a sign"
            value={find}
            onChange={(event) => setFind(event.target.value)}
          />
        )}
        <div className={css.signs}>
          {found.map((device) => {
            const byZone = targets.zones.includes(device.zone);
            return (
              <Check
                key={device.name}
                label={device.name}
                note={byZone ? `with zone ${device.zone}` : device.zone}
                state={device.state}
                checked={byZone || targets.devices.includes(device.name)}
                disabled={byZone}
                onChange={() =>
                  onChange({ ...targets, devices: toggle(targets.devices, device.name) })
                }
              />
            );
          })}
        </div>
      </fieldset>
      <fieldset>
        <legend>Whole site</legend>
        <Check
          label="Every sign of the site"
          note={many(signs.length, 'sign')}
          checked={targets.broadcast}
          onChange={() => onChange({ ...targets, broadcast: !targets.broadcast })}
        />
      </fieldset>
    </>
  );
}

interface CheckProps {
  label: string;
  note: string;
  state?: string;
  checked: boolean;
  disabled?: boolean;
  onChange: () => void;
}

function Check({ label, note, state, checked, disabled, onChange }: CheckProps): ReactElement {
  return (
    <label className={css.check}>
      <input type="checkbox" checked={checked} disabled={disabled ?? false} onChange={onChange} />
      <span className={css.checkName}>{label}</span>
      <span className={css.checkNote}>{note}</span>
      {state && state !== 'online' && <OnlineName state={state} />}
    </label>
  );
}
