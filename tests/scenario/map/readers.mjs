// Reads every tile of an archive with npm pmtiles, @mapbox/vector-tile and pbf, and prints what is in it as one JSON object:
// features by zoom and layer, and whether every geometry could be turned into GeoJSON. usage: node readers.mjs ARCHIVE MODULES
import { createRequire } from 'node:module'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [archivePath, modules] = process.argv.slice(2)
const from = createRequire(join(modules, 'x.js'))
const load = async (name) => import(pathToFileURL(from.resolve(name)).href)
const { PMTiles } = await load('pmtiles')
const { VectorTile } = await load('@mapbox/vector-tile')
const pbf = await load('pbf')
const Pbf = pbf.default ?? pbf.PbfReader ?? pbf.Pbf

class FileSource {
  constructor(handle, key) {
    this.handle = handle
    this.key = key
  }
  getKey() {
    return this.key
  }
  async getBytes(offset, length) {
    const { buffer, bytesRead } = await this.handle.read(Buffer.alloc(length), 0, length, offset)
    return { data: buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + bytesRead) }
  }
}

const handle = await open(archivePath)
const archive = new PMTiles(new FileSource(handle, archivePath))
const header = await archive.getHeader()
const metadata = await archive.getMetadata()
const zooms = {}
let tiles = 0
let geometries = 0
// Every address that a client could ask for, zoom by zoom, within the header's bounds and two tiles around.
const column = (lon, z) => Math.floor(((lon + 180) / 360) * 2 ** z)
const row = (lat, z) => {
  const sine = Math.sin((lat * Math.PI) / 180)
  return Math.floor((0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 2 ** z)
}
for (let z = header.minZoom; z <= header.maxZoom; z++) {
  const last = 2 ** z - 1
  const [x0, x1] = [Math.max(0, column(header.minLon, z) - 2), Math.min(last, column(header.maxLon, z) + 2)]
  const [y0, y1] = [Math.max(0, row(header.maxLat, z) - 2), Math.min(last, row(header.minLat, z) + 2)]
  for (let x = x0; x <= x1; x++) {
    for (let y = y0; y <= y1; y++) {
      const answer = await archive.getZxy(z, x, y)
      if (!answer) continue
      tiles++
      const tile = new VectorTile(new Pbf(new Uint8Array(answer.data)))
      for (const [name, layer] of Object.entries(tile.layers)) {
        for (let i = 0; i < layer.length; i++) {
          const shape = layer.feature(i).toGeoJSON(x, y, z)
          if (shape.geometry.coordinates.length > 0) geometries++
        }
        zooms[z] ??= {}
        zooms[z][name] = (zooms[z][name] ?? 0) + layer.length
      }
    }
  }
}
await handle.close()
const layers = metadata.vector_layers.map((layer) => layer.id).sort()
console.log(JSON.stringify({ tiles, geometries, zooms, layers, addressed: header.numAddressedTiles }))
