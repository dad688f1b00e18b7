// Reads the tiles that standard input lists ([[zoom, x, y], ...]) of an archive with npm pmtiles, @mapbox/vector-tile and pbf, each
// geometry as GeoJSON. Prints {"tiles", "features"}; ends with a status when one cannot be read. usage: node others.mjs ARCHIVE MODULES
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [archivePath, modules] = process.argv.slice(2);
const from = createRequire(join(modules, 'x.js'));
const load = async (name) => import(pathToFileURL(from.resolve(name)).href);
const { PMTiles } = await load('pmtiles');
const { VectorTile } = await load('@mapbox/vector-tile');
const pbf = await load('pbf');
const Pbf = pbf.default ?? pbf.PbfReader ?? pbf.Pbf;

const handle = await open(archivePath);
const source = {
  getKey: () => archivePath,
  async getBytes(offset, length) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
    return { data: buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + bytesRead) };
  },
};
const archive = new PMTiles(source);
await archive.getMetadata();
let tiles = 0;
let features = 0;
for (const [zoom, x, y] of JSON.parse(readFileSync(0, 'utf8'))) {
  const answer = await archive.getZxy(zoom, x, y);
  if (!answer) throw new Error(`tile ${zoom}/${x}/${y} is not found`);
  tiles++;
  const tile = new VectorTile(new Pbf(new Uint8Array(answer.data)));
  for (const layer of Object.values(tile.layers))
    for (let i = 0; i < layer.length; i++) {
      const shape = layer.feature(i).toGeoJSON(x, y, zoom);
      if (shape.geometry.coordinates.length === 0) throw new Error(`an empty shape in ${zoom}/${x}/${y}`);
      features++;
    }
}
console.log(JSON.stringify({ tiles, features }));
await handle.close();
