import type { ReactElement } from 'react';
import { saveCsv, toCsv } from '../../show/csv';
import { Empty, ExportButton, Page, ProblemNote, SkeletonRows } from '../../show/parts';
import { Select, useParam } from '../../show/select';
import { many } from '../../show/words';
import { useLive } from '../../wire/live';
import type { Camera } from '../../wire/types';
import { CameraRows } from './camera-rows';
import css from '../../show/show.module.css';

const EVERY = { value: '', label: 'every' };
const STATES = ['online', 'connecting', 'stalled', 'offline'];

export function Cameras(): ReactElement {
  const live = useLive((state) => state);
  const [zone, setZone] = useParam('zone');
  const [state, setState] = useParam('state');
  const shown = live.town.cameras.filter(
    (camera) => (!zone || camera.zone === zone) && (!state || camera.state === state),
  );
  const out = shown.filter((camera) => camera.state !== 'online').length;
  return (
    <Page
      title="Cameras"
      tools={
        <>
          <span className={css.note}>
            {many(shown.length, 'camera')}, {out === 0 ? 'all online' : `${out} not online`}
          </span>
          <ExportButton onClick={() => save(shown)} />
        </>
      }
    >
      <div className={css.filters}>
        <Select
          label="Zone"
          value={zone}
          onChange={setZone}
          choices={[EVERY, ...live.town.zones.map(({ name }) => ({ value: name, label: name }))]}
        />
        <Select
          label="State"
          value={state}
          onChange={setState}
          choices={[EVERY, ...STATES.map((value) => ({ value, label: value }))]}
        />
      </div>
      {live.problem && <ProblemNote problem={live.problem} />}
      <div className={css.scroll}>
        {shown.length > 0 && <CameraRows cameras={shown} withDevice />}
        {!live.loaded && shown.length === 0 && <SkeletonRows />}
        {live.loaded && shown.length === 0 && (
          <Empty title="No such camera">
            A camera appears here as soon as its device reports it.
          </Empty>
        )}
      </div>
    </Page>
  );
}

function save(cameras: Camera[]): void {
  const head = [
    'name',
    'device',
    'zone',
    'state',
    'reason',
    'since',
    'fps',
    'events_today',
    'last_event_at',
  ] as const;
  const rows = cameras.map((camera) => head.map((name) => camera[name]));
  saveCsv('tocsin-cameras.csv', toCsv([...head], rows));
}
