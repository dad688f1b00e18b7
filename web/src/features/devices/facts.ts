/** A device in words. */
import { span } from '../../show/words';
import { serverNow } from '../../wire/live';
import type { Device } from '../../wire/types';

export function cameraNames(device: Device): string[] {
  return device.cameras.map((camera) => (typeof camera === 'string' ? camera : camera.name));
}

/** What waits on the device for the link, events and receipts together; empty when unknown. */
export function queued(device: Device): string {
  const { telemetry } = device;
  if (!telemetry || telemetry.queue_events === undefined) return '';
  return String(telemetry.queue_events + (telemetry.queue_receipts ?? 0));
}

export function certificateLeft(device: Device): string {
  if (!device.certificate) return '';
  const seconds = (Date.parse(device.certificate.expires_at) - serverNow()) / 1000;
  return seconds > 0 ? `valid for ${span(seconds)}` : 'expired';
}
