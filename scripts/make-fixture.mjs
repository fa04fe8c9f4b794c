#!/usr/bin/env node
// Makes a database of the format that a checkout writes: `scripts/node scripts/make-fixture.mjs CHECKOUT NAME` writes tests/fixtures/NAME.db.gz, and
// contents.json, which all of them should be read as. The checkout must be built (`npm run build` there); tests/fixtures/README.md says which one made which.
// What is written is the same every time, the clock included; what should be read is kept beside the writing, and not taken from the file.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

const [checkout, name] = process.argv.slice(2)
if (name === undefined) throw new Error('Expected two arguments: the folder of a built checkout, and a name such as schema-2-full.')
const { openDatabase } = await import(pathToFileURL(resolve(checkout, 'dist/src/index.js')).href)

const HOUR_MS = 3_600_000
const START = Date.UTC(2001, 0, 1)
let clock = Date.UTC(2020, 0, 1)
Date.now = () => clock

/** A collection, and beside it what it should hold. */
class Recorded {
  entities = new Map()

  constructor(collection, settings) {
    this.collection = collection
    this.settings = settings
  }

  async insert(batch) {
    clock += 1000
    await this.collection.insert(batch)
    for (const { entity, timestamp, vector, payload = null } of batch) {
      if (!this.entities.has(entity)) this.entities.set(entity, { attributes: null, observations: new Map() })
      this.entities.get(entity).observations.set(timestamp, { recorded_at: clock, vector: this.stored(vector), payload })
    }
  }

  /** Normalized ones are given with a length of 5, of which float32 rounds the quotients alone. */
  stored(vector) {
    return this.settings.normalized ? vector.map((value) => Math.fround(value / 5)) : vector
  }

  async setAttributes(entity, attributes) {
    await this.collection.setAttributes(entity, attributes)
    this.entities.get(entity).attributes = attributes
  }

  async delete(entity, from, to) {
    await this.collection.delete({ entity, from, to })
    const { observations } = this.entities.get(entity)
    for (const timestamp of [...observations.keys()]) if (timestamp >= from && timestamp <= to) observations.delete(timestamp)
  }

  async remove(entity) {
    await this.collection.removeEntity(entity)
    this.entities.delete(entity)
  }

  /** Entities by id, observations by time. */
  expected() {
    const ids = [...this.entities.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const inTimeOrder = ({ observations }) => [...observations].sort(([a], [b]) => a - b).map(([timestamp, rest]) => ({ timestamp, ...rest }))
    const entities = ids.map((id) => ({ id, attributes: this.entities.get(id).attributes, observations: inTimeOrder(this.entities.get(id)) }))
    return { ...this.settings, entities }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'chronode-fixture-'))
const path = join(folder, 'fixture.db')
const db = await openDatabase({ storage: { path } })
const create = async (settings) => new Recorded(await db.createCollection(settings.name, settings), settings)
const words = await create({ name: 'words', dimension: 64, metric: 'cosine', normalized: false })
const headings = await create({ name: 'headings', dimension: 2, metric: 'dot', normalized: true })
await writeAll()
await db.close()
const collections = [headings, words].map((recorded) => recorded.expected())
const fixtures = fileURLToPath(new URL('../tests/fixtures/', import.meta.url))
writeFileSync(join(fixtures, `${name}.db.gz`), gzipSync(readFileSync(path), { level: 9 }))
writeFileSync(
  join(fixtures, 'contents.json'),
  `${JSON.stringify({ collections }).replaceAll('{"id"', '\n{"id"').replaceAll('{"timestamp"', '\n{"timestamp"')}\n`,
)
rmSync(folder, { recursive: true })

async function writeAll() {
  const long = Array.from({ length: 300 }, (_, i) => word('long', START + i * HOUR_MS, i % 50 === 7 ? { n: i, text: 'æ' } : undefined))
  await words.insert(long)
  for (let round = 0; round < 4; round++) {
    const at = START + round * HOUR_MS
    await words.insert(Array.from({ length: 20 }, (_, i) => word(`e${String(i).padStart(2, '0')}`, at + i, i === round ? [round] : undefined)))
  }
  await words.insert([word('long', START + 10.5 * HOUR_MS), word('long', START - HOUR_MS, 'first'), word('long', START + 400 * HOUR_MS)])
  await words.insert([word('long', START + 20 * HOUR_MS), word('long', START + 57 * HOUR_MS)]) // these replace
  await words.insert([word('e03', START - 1)])
  await words.insert([word('气候', -1_234_567.25), word('气候', 0), word("it's", 8.64e15, { nested: { list: [1, null, true] } })])
  await words.setAttributes('long', { topic: 'environment', rank: 1 })
  await words.setAttributes('气候', {})
  await words.delete('long', START + 100 * HOUR_MS, START + 102 * HOUR_MS)
  await words.delete('e05', -8.64e15, 8.64e15)
  await words.setAttributes('e05', { emptied: true })
  await words.remove('e07')
  await headings.insert([
    { entity: 'ship', timestamp: START, vector: [3, 4] },
    { entity: 'ship', timestamp: START + 1, vector: [-4, 3], payload: { wind: 'south' } },
    { entity: 'buoy', timestamp: START, vector: [0, 5] },
  ])
}

/** Small whole numbers that tell entity, time and dimension apart. */
function word(entity, timestamp, payload) {
  const seed = Math.round(timestamp / 1000) + [...entity].reduce((sum, letter) => sum * 31 + letter.codePointAt(0), 7)
  const vector = Array.from({ length: 64 }, (_, d) => ((((seed + d * d * 7 + d) % 19) + 19) % 19) - 9)
  return payload === undefined ? { entity, timestamp, vector } : { entity, timestamp, vector, payload }
}
