/** A QR code as one path: dark on light in both colour schemes, since readers expect it so. */
import { useMemo, type ReactElement } from 'react';
import qrcode from 'qrcode-generator';
import css from './session.module.css';

const MARGIN = 4;

export function qrPath(words: string): { size: number; path: string } {
  const code = qrcode(0, 'M');
  code.addData(words);
  code.make();
  const count = code.getModuleCount();
  let path = '';
  for (let row = 0; row < count; row++)
    for (let column = 0; column < count; column++)
      if (code.isDark(row, column)) path += `M${column + MARGIN} ${row + MARGIN}h1v1h-1z`;
  return { size: count + 2 * MARGIN, path };
}

export function QrCode({ words, label }: { words: string; label: string }): ReactElement {
  const { size, path } = useMemo(() => qrPath(words), [words]);
  return (
    <svg className={css.qr} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
