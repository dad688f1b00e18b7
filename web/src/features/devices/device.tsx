/** One device: its sign as lit, its cameras, how it fares, who it is. */
import type { ReactElement, ReactNode } from 'react';
import { Link, useParams } from 'react-router-dom';
import { Empty, OnlineName, Page, Panel, ProblemNote, SkeletonRows } from '../../show/parts';
import { Ago, Time } from '../../show/time';
import { exact, many, size, span } from '../../show/words';
import { useLive } from '../../wire/live';
import type { Device, Physical, Telemetry } from '../../wire/types';
import { CameraRows } from '../cameras/camera-rows';
import { SignView } from '../sign/sign-view';
import { certificateLeft } from './facts';
import { Suspended } from './suspended';
import css from './device.module.css';
import show from '../../show/show.module.css';

export function DevicePage(): ReactElement {
  const { name = '' } = useParams();
  const loaded = useLive((live) => live.loaded);
  const problem = useLive((live) => live.problem);
  const device = useLive((live) => live.town.devices.find((each) => each.name === name));
  if (!device)
    return (
      <Page title={name}>
        {problem && <ProblemNote problem={problem} />}
        {loaded ? (
          <Empty title={`No device is called "${name}"`}>
            <Link to="/devices">All devices</Link> shows those that have reported.
          </Empty>
        ) : (
          <SkeletonRows />
        )}
      </Page>
    );
  return (
    <Page title={device.name} tools={<OnlineName state={device.state} />}>
      <Suspended device={device} />
      <div className={css.device}>
        <div className={css.main}>
          {device.sign && (
            <Panel title="Sign">
              <div className={css.sign}>
                <SignView
                  key={device.name}
                  device={device.name}
                  width={device.sign.width}
                  height={device.sign.height}
                />
              </div>
            </Panel>
          )}
          <Cameras name={device.name} />
        </div>
        <div className={css.main}>
          <Facts device={device} />
          {device.telemetry && <Health telemetry={device.telemetry} />}
          {device.telemetry?.physical && <Body physical={device.telemetry.physical} />}
          {device.certificate && <Certificate device={device} />}
        </div>
      </div>
    </Page>
  );
}

function Cameras({ name }: { name: string }): ReactElement | null {
  const all = useLive((live) => live.town.cameras);
  const cameras = all.filter((camera) => camera.device === name);
  if (cameras.length === 0) return null;
  return (
    <Panel title={many(cameras.length, 'camera')}>
      <CameraRows cameras={cameras} withDevice={false} />
    </Panel>
  );
}

function Facts({ device }: { device: Device }): ReactElement {
  const alerts = useLive((live) => live.town.alerts);
  const standing = alerts.filter(
    (alert) =>
      alert.state === 'active' &&
      (alert.targets.broadcast ||
        alert.targets.zones.includes(device.zone) ||
        alert.targets.devices.includes(device.name)),
  );
  return (
    <Panel title="Device">
      <dl className={show.facts}>
        <Fact name="Kind">{device.kind}</Fact>
        <Fact name="Zone">{device.zone}</Fact>
        <Fact name="Last contact">
          <Time at={device.last_contact} />
        </Fact>
        {device.version && <Fact name="Version">{device.version}</Fact>}
        {device.sign && (
          <Fact name="Alerts now">
            {standing.length === 0 && 'none'}
            {standing.map((alert) => (
              <Link key={alert.id} to={`/alerts/${alert.id}`} className={css.alert} dir="auto">
                {alert.texts[0]?.text}
              </Link>
            ))}
          </Fact>
        )}
      </dl>
    </Panel>
  );
}

function Health({ telemetry }: { telemetry: Telemetry }): ReactElement {
  const { at, uptime_s, rss_bytes, cpu_s, disk_free_bytes, clips } = telemetry;
  return (
    <Panel title="How it fares" tools={at && <Ago at={at} />}>
      <dl className={show.facts}>
        {uptime_s !== undefined && <Fact name="Running for">{span(uptime_s)}</Fact>}
        {rss_bytes !== undefined && <Fact name="Memory">{size(rss_bytes)}</Fact>}
        {cpu_s !== undefined && uptime_s !== undefined && uptime_s > 0 && (
          <Fact name="Processor">{`${((100 * cpu_s) / uptime_s).toFixed(1)} % on average`}</Fact>
        )}
        {disk_free_bytes !== undefined && <Fact name="Disk free">{size(disk_free_bytes)}</Fact>}
        {clips !== undefined && <Fact name="Clips">{many(clips, 'clip')}</Fact>}
        {telemetry.queue_events !== undefined && (
          <Fact name="Waiting">
            {many(telemetry.queue_events, 'event')},{' '}
            {many(telemetry.queue_receipts ?? 0, 'receipt')}
          </Fact>
        )}
      </dl>
    </Panel>
  );
}

const BOOT = { on: 'secure', off: 'not secured', unknown: 'not known' } as const;

function Body({ physical }: { physical: Physical }): ReactElement {
  const { tamper, position, secure_boot } = physical;
  return (
    <Panel title="Its body">
      <dl className={show.facts}>
        <Fact name="Housing">
          {!tamper ? 'not watched' : tamper.open ? 'open' : 'closed'}
          {tamper?.since && `, last opened ${exact(new Date(tamper.since))}`}
        </Fact>
        <Fact name="Position">
          {position
            ? `${position.latitude.toFixed(5)}, ${position.longitude.toFixed(5)}`
            : 'not known'}
        </Fact>
        <Fact name="Boot">{BOOT[secure_boot]}</Fact>
      </dl>
    </Panel>
  );
}

function Certificate({ device }: { device: Device }): ReactElement | null {
  if (!device.certificate) return null;
  return (
    <Panel
      title="Certificate"
      tools={<span className={show.quiet}>{certificateLeft(device)}</span>}
    >
      <dl className={show.facts}>
        <Fact name="Identity">
          <Identity text={device.certificate.identity} />
        </Fact>
        <Fact name="Expires">{exact(new Date(device.certificate.expires_at))}</Fact>
      </dl>
    </Panel>
  );
}

/** Long, but it may break after each of its parts. */
function Identity({ text }: { text: string }): ReactElement {
  return (
    <span className={show.mono}>
      {text.split(/(?<=\/)(?!\/)/).map((part, at) => (
        <span key={at}>
          {part}
          <wbr />
        </span>
      ))}
    </span>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
