import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import createCache from '@emotion/cache';
import { CacheProvider } from '@emotion/react';
import GlobalStyles from '@mui/material/GlobalStyles';
import { ThemeProvider } from '@mui/material/styles';
import { RouterProvider } from 'react-router-dom';
import { router } from './app/routes';
import { cssVariables, makeTheme } from './theme/theme';
import './theme/base.css';

// Control writes a fresh nonce into every page it serves; only styles that carry it are applied.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
const styles = createCache({ key: 't', nonce, prepend: true });

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element "root"');
createRoot(root).render(
  <StrictMode>
    <CacheProvider value={styles}>
      <ThemeProvider theme={makeTheme()} defaultMode="dark" modeStorageKey="tocsin-scheme">
        <GlobalStyles styles={cssVariables()} />
        <RouterProvider router={router} future={{ v7_startTransition: true }} />
      </ThemeProvider>
    </CacheProvider>
  </StrictMode>,
);
