/** The name of a colour of light, for those who cannot see it. */
export function colourWord([red, green, blue]: [number, number, number]): string {
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  if (most === 0) return 'dark';
  if ((most - least) / most < 0.2) return 'white';
  const hue = hueOf(red, green, blue, most, most - least);
  const names: [number, string][] = [
    [18, 'red'],
    [65, 'amber'],
    [90, 'yellow-green'],
    [160, 'green'],
    [200, 'cyan'],
    [265, 'blue'],
    [335, 'magenta'],
    [360, 'red'],
  ];
  return names.find(([end]) => hue < end)?.[1] ?? 'red';
}

function hueOf(red: number, green: number, blue: number, most: number, range: number): number {
  if (most === red) return ((60 * (green - blue)) / range + 360) % 360;
  if (most === green) return (60 * (blue - red)) / range + 120;
  return (60 * (red - green)) / range + 240;
}
