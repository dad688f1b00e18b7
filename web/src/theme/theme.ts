/** The palette as Material UI's theme. Screens' own styles use the same colours as --t-* variables. */
import { createTheme, type PaletteOptions, type Theme } from '@mui/material/styles';
import { DARK, LIGHT, type Colours } from './palette';

const FONT =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "DejaVu Sans", sans-serif';

function paletteOf(colours: Colours): PaletteOptions {
  return {
    primary: { main: colours.accent, contrastText: colours.onAccent },
    error: { main: colours.fault, contrastText: colours.ground },
    background: { default: colours.ground, paper: colours.panel },
    text: { primary: colours.text, secondary: colours.quiet },
    divider: colours.line,
  };
}

/** Where a thumb points: targets of 44 pixels. */
const PHONE = '@media (max-width: 720px)';

export function makeTheme(): Theme {
  return createTheme({
    cssVariables: { cssVarPrefix: 'm', colorSchemeSelector: '[data-scheme="%s"]' },
    colorSchemes: { dark: { palette: paletteOf(DARK) }, light: { palette: paletteOf(LIGHT) } },
    typography: {
      fontFamily: FONT,
      fontSize: 13,
      htmlFontSize: 16,
      button: { textTransform: 'none', fontWeight: 600 },
    },
    shape: { borderRadius: 5 },
    components: {
      MuiButtonBase: { defaultProps: { disableRipple: true } },
      MuiButton: {
        defaultProps: { disableElevation: true },
        styleOverrides: {
          root: { [PHONE]: { minHeight: 44 } },
          outlined: { borderColor: 'var(--t-line)' },
        },
      },
      MuiIconButton: { styleOverrides: { root: { [PHONE]: { minWidth: 44, minHeight: 44 } } } },
      MuiMenuItem: { styleOverrides: { root: { fontSize: 13, [PHONE]: { minHeight: 44 } } } },
      MuiTextField: { defaultProps: { size: 'small' } },
      MuiPaper: { styleOverrides: { root: { backgroundImage: 'none' } } },
    },
  });
}

/** The palette as custom properties of both schemes, for the style sheets of the screens. */
export function cssVariables(): Record<string, Record<string, string>> {
  return { '[data-scheme="dark"]': variablesOf(DARK), '[data-scheme="light"]': variablesOf(LIGHT) };
}

function variablesOf(colours: Colours): Record<string, string> {
  const { tier, ...plain } = colours;
  const entries = [...Object.entries(plain), ...Object.entries(tier)];
  return Object.fromEntries(
    entries.map(([name, value]) => [
      `--t-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      value,
    ]),
  );
}
