/**
 * The ground of the map, dark and light. Incidents are violet: blue, cyan, amber, red and magenta
 * belong to the tiers of alerts. cells.test.ts holds what carries words against WCAG AA.
 */
export interface MapColours {
  land: string;
  water: string;
  park: string;
  other: string;
  lane: string;
  street: string;
  road: string;
  ward: string;
  words: string;
  placeWords: string;
  waterWords: string;
  halo: string;
  /** By class of count. */
  cells: [string, string, string, string];
  cellEdge: string;
  cellWords: [string, string, string, string];
  zone: string;
}

export const MAP_DARK: MapColours = {
  land: '#10151a',
  water: '#0b2030',
  park: '#11251c',
  other: '#1a2128',
  lane: '#212a32',
  street: '#2c3741',
  road: '#43515e',
  ward: '#64727f',
  words: '#93a0ac',
  placeWords: '#d3dbe2',
  waterWords: '#7fa6c4',
  halo: '#10151a',
  cells: ['#3b3663', '#564d9c', '#6f63cf', '#bdb4ff'],
  cellEdge: '#a99ffb',
  cellWords: ['#ffffff', '#ffffff', '#ffffff', '#0c1014'],
  zone: '#98a4af',
};

export const MAP_LIGHT: MapColours = {
  land: '#f3f5f6',
  water: '#cde2f0',
  park: '#d9ead9',
  other: '#e6eaed',
  lane: '#e0e5e9',
  street: '#d0d7dd',
  road: '#b1bcc5',
  ward: '#8a97a3',
  words: '#56636f',
  placeWords: '#262f38',
  waterWords: '#2f5f83',
  halo: '#f3f5f6',
  cells: ['#d6d1f5', '#aea5e8', '#7166c4', '#473b94'],
  cellEdge: '#5a4eb0',
  cellWords: ['#151b21', '#151b21', '#ffffff', '#ffffff'],
  zone: '#53606c',
};
