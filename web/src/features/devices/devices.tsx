import type { ReactElement } from 'react';
import { Link } from 'react-router-dom';
import { saveCsv, toCsv } from '../../show/csv';
import {
  classes,
  Empty,
  ExportButton,
  OnlineName,
  Page,
  ProblemNote,
  SkeletonRows,
} from '../../show/parts';
import { Select, useParam } from '../../show/select';
import { Time, ZoneName } from '../../show/time';
import { many } from '../../show/words';
import { useLive } from '../../wire/live';
import type { Device } from '../../wire/types';
import { cameraNames, certificateLeft, queued } from './facts';
import css from '../../show/show.module.css';

const EVERY = { value: '', label: 'every' };

export function Devices(): ReactElement {
  const live = useLive((state) => state);
  const [zone, setZone] = useParam('zone');
  const [state, setState] = useParam('state');
  const [kind, setKind] = useParam('kind');
  const shown = live.town.devices.filter(
    (device) =>
      (!zone || device.zone === zone) &&
      (!state || device.state === state) &&
      (!kind || device.kind === kind),
  );
  const offline = shown.filter((device) => device.state !== 'online').length;
  return (
    <Page
      title="Devices"
      tools={
        <>
          <span className={css.note}>
            {many(shown.length, 'device')}, {offline === 0 ? 'all online' : `${offline} offline`}
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
          choices={[
            EVERY,
            { value: 'online', label: 'online' },
            { value: 'offline', label: 'offline' },
          ]}
        />
        <Select
          label="Kind"
          value={kind}
          onChange={setKind}
          choices={[
            EVERY,
            { value: 'edge', label: 'edge' },
            { value: 'gateway', label: 'gateway' },
          ]}
        />
      </div>
      {live.problem && <ProblemNote problem={live.problem} />}
      <div className={css.scroll}>
        {shown.length > 0 && <DeviceTable devices={shown} />}
        {!live.loaded && shown.length === 0 && <SkeletonRows />}
        {live.loaded && shown.length === 0 && (
          <Empty title="No such device">
            A device appears here with its first signed status. Is it running, and does it trust
            this site?
          </Empty>
        )}
      </div>
    </Page>
  );
}

function DeviceTable({ devices }: { devices: Device[] }): ReactElement {
  return (
    <table className={css.table}>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Kind</th>
          <th scope="col">Zone</th>
          <th scope="col">State</th>
          <th scope="col">
            Last contact <ZoneName />
          </th>
          <th scope="col">Sign</th>
          <th scope="col">Cameras</th>
          <th scope="col" className={css.number}>
            Waiting to send
          </th>
          <th scope="col">Version</th>
          <th scope="col">Certificate</th>
        </tr>
      </thead>
      <tbody>
        {devices.map((device) => (
          <tr key={device.name}>
            <td className={css.lead}>
              <Link className={css.rowLink} to={`/devices/${encodeURIComponent(device.name)}`}>
                {device.name}
              </Link>
            </td>
            <td>{device.kind}</td>
            <td>{device.zone}</td>
            <td className={css.side}>
              <OnlineName state={device.state} />
            </td>
            <td>
              <Time at={device.last_contact} />
            </td>
            <td className={css.desk}>
              {device.sign ? `${device.sign.width} x ${device.sign.height}` : ''}
            </td>
            <td>{cameraNames(device).join(', ')}</td>
            <td className={classes(css.number, css.desk)}>{queued(device)}</td>
            <td className={classes(css.quiet, css.desk)}>{device.version}</td>
            <td className={classes(css.quiet, css.desk)}>{certificateLeft(device)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function save(devices: Device[]): void {
  const head = [
    'name',
    'kind',
    'zone',
    'state',
    'last_contact',
    'version',
    'sign',
    'cameras',
    'identity',
    'certificate_expires_at',
  ];
  const rows = devices.map((device) => [
    device.name,
    device.kind,
    device.zone,
    device.state,
    device.last_contact,
    device.version,
    device.sign ? `${device.sign.width}x${device.sign.height}` : '',
    cameraNames(device).join(' '),
    device.certificate?.identity,
    device.certificate?.expires_at,
  ]);
  saveCsv('tocsin-devices.csv', toCsv(head, rows));
}
