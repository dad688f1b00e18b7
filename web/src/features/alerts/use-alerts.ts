import { useEffect } from 'react';
import { liveStore } from '../../wire/live';
import { useResource, type Resource } from '../../wire/resource';
import { mergeAlert, mergeDelivery } from '../../wire/town';
import type { Alert } from '../../wire/types';

/** One alert with its deliveries, kept true by live messages. */
export function useAlert(id: string): Resource<Alert> {
  const alert = useResource<Alert>(`/api/alerts/${encodeURIComponent(id)}`, `Alert ${id}`);
  const { change, reload } = alert;
  useEffect(
    () =>
      liveStore.listen((message) => {
        if (message.kind === 'delivery') change((known) => mergeDelivery(known, message.data));
        if (message.kind !== 'alert' || message.data.id !== id) return;
        const next = message.data;
        change((known) =>
          next.revision < known.revision
            ? known
            : { ...next, deliveries: next.deliveries ?? known.deliveries ?? [] },
        );
        // A new revision begins all deliveries anew, and may have other targets.
        reload();
      }),
    [id, change, reload],
  );
  return alert;
}

interface AlertPage {
  alerts: Alert[];
  next: string | null;
}

export function useAlerts(state: string): Resource<AlertPage> {
  const path = `/api/alerts?state=${encodeURIComponent(state)}&limit=200`;
  const alerts = useResource<AlertPage>(path, 'The list of alerts');
  const { change } = alerts;
  useEffect(
    () =>
      liveStore.listen((message) => {
        if (message.kind === 'alert')
          change((page) => ({ ...page, alerts: mergeAlert(page.alerts, message.data) }));
        if (message.kind !== 'delivery') return;
        const { alert_id: id, counts } = message.data;
        change((page) => ({
          ...page,
          alerts: page.alerts.map((each) => (each.id === id ? { ...each, counts } : each)),
        }));
      }),
    [change],
  );
  return alerts;
}
