/** Which address shows which screen. Each screen is a file of its own that loads when it is needed. */
import { createBrowserRouter, Navigate } from 'react-router-dom';
import { SessionGate } from '../features/session/session-gate';
import { Frame } from './frame';
import { RouteProblem } from './route-problem';

export const router = createBrowserRouter(
  [
    {
      path: 'invitation',
      errorElement: <RouteProblem />,
      lazy: async () => ({
        Component: (await import('../features/session/invitation')).InvitationPage,
      }),
    },
    {
      element: (
        <SessionGate>
          <Frame />
        </SessionGate>
      ),
      errorElement: <RouteProblem />,
      children: [
        { index: true, element: <Navigate to="/situation" replace /> },
        {
          path: 'situation',
          lazy: async () => ({
            Component: (await import('../features/situation/situation')).Situation,
          }),
        },
        {
          path: 'events',
          lazy: async () => ({ Component: (await import('../features/events/events')).Events }),
        },
        {
          path: 'events/:id',
          lazy: async () => ({ Component: (await import('../features/events/event')).EventPage }),
        },
        {
          path: 'alerts',
          lazy: async () => ({ Component: (await import('../features/alerts/alerts')).Alerts }),
        },
        {
          path: 'alerts/new',
          lazy: async () => ({ Component: (await import('../features/alerts/compose')).Compose }),
        },
        {
          path: 'alerts/drafts/:id',
          lazy: async () => ({
            Component: (await import('../features/alerts/emergency')).EmergencyPage,
          }),
        },
        {
          path: 'alerts/:id',
          lazy: async () => ({ Component: (await import('../features/alerts/board')).BoardPage }),
        },
        {
          path: 'alerts/:id/update',
          lazy: async () => ({ Component: (await import('../features/alerts/update')).UpdatePage }),
        },
        {
          path: 'map',
          lazy: async () => ({ Component: (await import('../features/map/map')).MapPage }),
        },
        {
          path: 'cameras',
          lazy: async () => ({ Component: (await import('../features/cameras/cameras')).Cameras }),
        },
        {
          path: 'devices',
          lazy: async () => ({ Component: (await import('../features/devices/devices')).Devices }),
        },
        {
          path: 'devices/:name',
          lazy: async () => ({
            Component: (await import('../features/devices/device')).DevicePage,
          }),
        },
        {
          path: 'people',
          lazy: async () => ({ Component: (await import('../features/people/people')).People }),
        },
        {
          path: 'audit',
          lazy: async () => ({ Component: (await import('../features/audit/audit')).Audit }),
        },
        {
          path: 'audit/:index',
          lazy: async () => ({
            Component: (await import('../features/audit/entry-page')).EntryPage,
          }),
        },
        {
          path: 'account',
          lazy: async () => ({ Component: (await import('../features/session/account')).Account }),
        },
        { path: '*', element: <RouteProblem /> },
      ],
    },
    {
      path: 'map/kept',
      errorElement: <RouteProblem />,
      lazy: async () => ({ Component: (await import('../features/map/map')).KeptMapPage }),
    },
  ],
  {
    future: {
      v7_relativeSplatPath: true,
      v7_fetcherPersist: true,
      v7_normalizeFormMethod: true,
      v7_partialHydration: true,
      v7_skipActionErrorRevalidation: true,
    },
  },
);
