import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import { type CollectionRecord, type Store, salvageDatabase } from '../../src/storage/index.js'
import { Random, seedOfRun } from '../support/random.js'
import { contents, createWords, everySecond, observation, openForTest, reading, rejection, temporaryFile } from './support.js'

const PAGE_BYTES = 16_384
const DIMENSIONS = { words: 2, wide: 300, long: 5000 }
const seed = seedOfRun()
/** More of them by hand: SALVAGE_TRIALS=500. */
const TRIALS = Number(process.env['SALVAGE_TRIALS'] ?? 8)

/** What is stored: `collection/entity/timestamp` to the bytes of the vector and the payload. */
type Observations = Map<string, { readonly vector: Buffer; readonly payload: unknown }>

interface Used {
  readonly path: string
  readonly observations: Observations
  /** `collection/entity` to its attributes. */
  readonly attributes: Map<string, string>
}

/** A closed database after a random life: late rows, replaced ones, removed ones, free pages. */
async function makeUsed(random: Random): Promise<Used> {
  const path = temporaryFile()
  const store = await openForTest({ path })
  const used: Used = { path, observations: new Map(), attributes: new Map() }
  for (const [name, dimension] of Object.entries(DIMENSIONS)) {
    const collection = await store.createCollection(name, { dimension, metric: 'l2', normalized: dimension === 300 })
    for (let round = 0; round < 15; round++) await live(store, collection, random, used)
  }
  const gone = await store.createCollection('gone', { dimension: 300, metric: 'l2', normalized: false })
  await store.insert(
    gone,
    Array.from({ length: 200 }, (_, i) => ({ entity: 'gone', timestamp: i, vector: new Float32Array(300).fill(i), payload: undefined })),
  )
  await store.dropCollection(gone) // its pages are free now
  await store.close()
  return used
}

async function live(store: Store, collection: CollectionRecord, random: Random, { observations, attributes }: Used): Promise<void> {
  const { name, dimension } = collection
  const entity = `entity ${random.below(6)}`
  const count = 1 + random.below(Math.ceil(600 / dimension) + 3)
  const batch = Array.from({ length: count }, () => {
    const vector = Float32Array.from({ length: dimension }, () => random.next())
    return { entity, timestamp: random.below(400), vector, payload: random.chance(0.2) ? `{"n":${random.below(1000)}}` : undefined }
  })
  await store.insert(collection, batch)
  for (const { timestamp, vector, payload } of batch) {
    observations.set(`${name}/${entity}/${timestamp}`, {
      vector: Buffer.from(vector.buffer),
      payload: payload === undefined ? undefined : JSON.parse(payload),
    })
  }
  if (random.chance(0.4)) {
    attributes.set(`${name}/${entity}`, `{"topic":${random.below(1000)}}`)
    await store.setAttributes(collection, entity, attributes.get(`${name}/${entity}`)!, { merge: false })
  }
  if (!random.chance(0.3)) return
  const [gone, from, to] = [`entity ${random.below(6)}`, random.below(200), 200 + random.below(200)]
  const isAll = random.chance(0.5)
  if (isAll) await store.removeEntity(collection, gone)
  else await store.deleteRange(collection, gone, { from, to })
  if (isAll) attributes.delete(`${name}/${gone}`)
  for (const key of observations.keys()) {
    const at = Number(key.split('/')[2])
    if (key.startsWith(`${name}/${gone}/`) && (isAll || (at >= from && at <= to))) observations.delete(key)
  }
}

async function observationsOf(store: Store): Promise<Observations> {
  const found: Observations = new Map()
  await reading(store, async (snapshot) => {
    for (const collection of await snapshot.collections()) {
      for await (const { entity, observations } of snapshot.scan(collection, {})) {
        for (const { timestamp, vector, payload } of observations)
          found.set(`${collection.name}/${entity.id}/${timestamp}`, {
            vector: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
            payload,
          })
      }
    }
  })
  return found
}

/** Salvages, and opens what came of it. */
async function salvaged(from: string) {
  const to = temporaryFile('salvaged.db')
  const told: number[] = []
  const report = await salvageDatabase(from, to, { onProgress: ({ pages, pagesTotal }) => told.push(pages / pagesTotal) })
  const store = await openForTest({ path: to })
  return { report, store, to, told }
}

/** The pages of each table and index, by SQLite itself. */
function pagesOf(path: string): Map<string, number[]> {
  const database = new Sqlite(path, { readonly: true })
  const rows = database.prepare('SELECT name, pageno FROM dbstat ORDER BY pageno').raw().all() as [string, number][]
  database.close()
  const pages = new Map<string, number[]>()
  for (const [name, page] of rows) pages.set(name, [...(pages.get(name) ?? []), page])
  return pages
}

function damage(path: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path)
  change(bytes)
  writeFileSync(path, bytes)
}

function wipe(bytes: Buffer, pages: readonly number[]): void {
  for (const page of pages) bytes.fill(0xa5, (page - 1) * PAGE_BYTES, page * PAGE_BYTES)
}

describe('of a whole database', () => {
  test(`everything is copied: settings, attributes, vectors, payloads, and when they were recorded (seed ${seed})`, async () => {
    const used = await makeUsed(new Random(seed))
    const { report, store, to, told } = await salvaged(used.path)
    expect(told.at(-1)).toBe(1)
    expect(told).toEqual(told.toSorted((a, b) => a - b))

    const before = await openForTest({ path: used.path })
    expect(await contents(store)).toEqual(await contents(before))
    expect(await observationsOf(store)).toEqual(used.observations)
    expect(report).toMatchObject({ collections: 3, observations: used.observations.size, lost: [] })
    expect(await store.verify()).toMatchObject({ ok: true })
    const recorded = async (one: Store) =>
      reading(one, async (snapshot) => {
        const times: number[] = []
        for await (const { observations } of snapshot.scan((await snapshot.collection('words'))!, {}))
          times.push(...observations.map((item) => item.recordedAt))
        return times
      })
    expect(await recorded(store)).toEqual(await recorded(before))
    expect(readdirSync(dirname(to))).toEqual(['salvaged.db', 'salvaged.db-shm', 'salvaged.db-wal']) // open now, and nothing else
    const words = store.collection('words')!
    expect(await store.insert(words, [observation('later', 1)])).toEqual({ inserted: 1, replaced: 0 })
  })

  test('the log that a killed process left is read, too', { timeout: 60_000 }, async () => {
    if (!distIsCurrent()) buildDist()
    const path = temporaryFile()
    const program = fileURLToPath(new URL('insert-twenty.mjs', import.meta.url))
    expect(spawnSync(process.execPath, [program, path, 'normal', 'killed']).signal).toBe('SIGKILL')
    damage(path, (bytes) => bytes.fill(0, 0, 100)) // and SQLite can no longer open the file

    const { report, store } = await salvaged(path)
    expect(report).toMatchObject({ observations: 20, lost: [] })
    expect(store.collections()).toMatchObject([{ observationCount: 20 }])
  })
})

describe('of a damaged database', () => {
  test.each([
    ['the header of the file', 0, 100],
    ['its first page', 0, PAGE_BYTES],
  ])('everything is there without %s', async (_, start, end) => {
    const used = await makeUsed(new Random(seed))
    damage(used.path, (bytes) => bytes.fill(0xff, start, end))
    await expect(openForTest({ path: used.path })).rejects.toMatchObject({ code: 'STORAGE_NOT_A_DATABASE' })

    const { report, store } = await salvaged(used.path)
    const found = await observationsOf(store)
    for (const [key, value] of found) expect(value, key).toEqual(used.observations.get(key))
    if (end === 100) expect(found.size).toBe(used.observations.size)
    expect(report.lost.length + found.size).toBeGreaterThan(0)
  })

  test('every observation is there without the inner pages of its table', async () => {
    const path = temporaryFile()
    const store = await openForTest({ path })
    const words = await createWords(store)
    for (let i = 0; i < 400; i++) await store.insert(words, everySecond(`entity ${i}`, 10)) // too few for anything but rows
    const before = await observationsOf(store)
    await store.close()
    const inner = pagesOf(path)
      .get('chronode_observation')!
      .filter((page) => readFileSync(path)[(page - 1) * PAGE_BYTES] === 5)
    expect(inner.length).toBeGreaterThan(0)
    damage(path, (bytes) => wipe(bytes, inner))
    const { report, store: found } = await salvaged(path)
    expect(await observationsOf(found)).toEqual(before)
    expect(report.lost).toEqual([])
  })

  test('observations are there without the rows of their entities, which are named', async () => {
    const used = await makeUsed(new Random(seed))
    const pages = pagesOf(used.path)
    damage(used.path, (bytes) => wipe(bytes, pages.get('chronode_entity')!))
    const { report, store } = await salvaged(used.path)
    const found = await observationsOf(store) // and what was deleted not long ago: only the lost rows knew
    for (const [key, value] of used.observations) expect(found.get(key), key).toEqual(value)
    for (const key of new Set([...used.observations.keys()].map((name) => name.split('/').slice(0, 2).join('/')))) {
      const [collection, entity] = key.split('/')
      expect(report.lost).toContainEqual({ collection, entity, what: expect.stringContaining('its row is damaged: its attributes are lost') })
    }
  })

  test('observations are there without the rows of their collections, with a guess at the settings', async () => {
    const used = await makeUsed(new Random(seed))
    const pages = pagesOf(used.path)
    damage(used.path, (bytes) => wipe(bytes, pages.get('chronode_collection')!))
    const { report, store } = await salvaged(used.path)
    expect(await observationsOf(store)).toEqual(used.observations)
    expect(store.collections().map(({ name, dimension }) => [name, dimension])).toEqual([
      ['long', 5000],
      ['wide', 300],
      ['words', 2],
    ])
    expect(report.lost).toContainEqual({ collection: 'wide', entity: undefined, what: expect.stringContaining('taken for one with metric cosine') })
  })

  test('what is cut off is missing, and counted', async () => {
    const used = await makeUsed(new Random(seed))
    truncateSync(used.path, Math.floor(readFileSync(used.path).length / PAGE_BYTES / 2) * PAGE_BYTES)
    const { report, store } = await salvaged(used.path)
    const found = await observationsOf(store)
    for (const [key, value] of found) expect(value, key).toEqual(used.observations.get(key))
    expect(found.size).toBeLessThan(used.observations.size)
    expect(report.lost.length).toBeGreaterThan(0)
  })

  test(`at random, nothing that was never so comes out, and whole pages are all there (seed ${seed})`, {
    timeout: 60_000 + TRIALS * 5000,
  }, async () => {
    const random = new Random(seed)
    const used = await makeUsed(random)
    const whole = readFileSync(used.path)
    const pages = pagesOf(used.path)
    const free = new Set(Array.from({ length: whole.length / PAGE_BYTES }, (_, i) => i + 1))
    for (const page of [...pages.values()].flat()) free.delete(page)
    expect(free.size).toBeGreaterThan(0) // removed rows that must not come back
    const blocks = blocksOf(used.path)
    const homeOfBlock = new Map(blocks.map((block) => [block, homeOf(block, whole, free)]))
    const homes = new Map(
      [...used.observations].map(([key, { vector }]) => {
        const within = blocks.filter((block) => block.includes(vector)) // a segment, and a strip that it was in before
        return [key, within.length === 0 ? homeOf(vector, whole, free) : within.flatMap((block) => homeOfBlock.get(block)!)]
      }),
    )
    let [partial, certain] = [0, 0]
    for (let trial = 0; trial < TRIALS; trial++) {
      const hit = new Set<number>()
      damage(used.path, (bytes) => {
        whole.copy(bytes)
        for (let spots = 1 + random.below(6); spots > 0; spots--) {
          const [at, length] = [random.below(bytes.length), 1 + random.below(64)]
          for (let i = at; i < Math.min(at + length, bytes.length); i++) bytes[i] = random.below(256)
          for (const byte of [at, Math.min(at + length, bytes.length) - 1]) hit.add(Math.floor(byte / PAGE_BYTES) + 1)
        }
      })
      const path = temporaryFile('damaged.db')
      writeFileSync(path, readFileSync(used.path))
      const { report, store } = await salvaged(path)
      const found = await observationsOf(store)
      await store.close()
      for (const [key, value] of found) expect(value, `trial ${trial}: ${key}`).toEqual(used.observations.get(key))
      if (found.size < used.observations.size) {
        partial++
        expect(report.lost, `trial ${trial}`).not.toEqual([])
      }
      // Where neither the list of free pages nor both places that name the entities are hit, the rows of every whole page are there.
      const isHit = (page: number) => hit.has(page)
      const namesHit = ['chronode_entity', 'chronode_entity_id'].map((name) => pages.get(name)!.some(isHit))
      if (hit.has(1) || [...free].some(isHit) || namesHit.every(Boolean)) continue
      certain++
      for (const [key, home] of homes) if (!home.some(isHit)) expect(found.has(key), `trial ${trial}: ${key}`).toBe(true)
    }
    expect(partial).toBeGreaterThan(0)
    expect(certain).toBeGreaterThan(0)
  })

  /** The pages that hold some bytes; those that hold old copies, too, but for free ones. */
  function homeOf(bytes: Buffer, whole: Buffer, free: ReadonlySet<number>): number[] {
    const found = new Set<number>()
    for (let from = 0; from < bytes.length; from += 2048) {
      const part = bytes.subarray(from, Math.min(from + 64, bytes.length))
      for (let at = whole.indexOf(part); at >= 0; at = whole.indexOf(part, at + 1)) found.add(Math.floor(at / PAGE_BYTES) + 1)
    }
    return [...found].filter((page) => !free.has(page))
  }

  /** What is whole as a whole or not at all. */
  function blocksOf(path: string): Buffer[] {
    const database = new Sqlite(path, { readonly: true })
    const segments = database.prepare('SELECT data FROM chronode_segment').pluck().all() as Buffer[]
    const strips = database.prepare('SELECT entries, data FROM chronode_strip').raw().all() as [Buffer, Buffer][]
    database.close()
    return [...segments, ...strips.map((parts) => Buffer.concat(parts))]
  }
})

test("out of an app's database its own tables are left alone, whatever the size of its pages", async () => {
  const path = temporaryFile('app.db')
  const app = new Sqlite(path)
  app.exec("CREATE TABLE product (id INTEGER PRIMARY KEY, a, b, c, d, e, f); INSERT INTO product VALUES (1, 2, 3, 4, x'00', 5, 6)")
  const attached = await openForTest({ path: undefined, connection: app })
  const words = await createWords(attached)
  await attached.insert(words, everySecond('a', 3000))
  await attached.setAttributes(words, 'a', '{"topic":"x"}', { merge: false })
  const before = await contents(attached)
  await attached.close()
  app.close()
  const pages = pagesOf(path).get('chronode_observation_time')!
  damage(path, (bytes) => {
    for (const page of pages) bytes.fill(0xa5, (page - 1) * 4096, page * 4096)
  })

  const { report, store, to } = await salvaged(path)
  expect(await contents(store)).toEqual(before)
  expect(report).toMatchObject({ collections: 1, entities: 1, observations: 3000 })
  const made = new Sqlite(to, { readonly: true })
  expect(made.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'product'").pluck().get()).toBe(0)
  made.close()
})

describe('it is refused', () => {
  test('where there is a file already, which stays', async () => {
    const used = await makeUsed(new Random(seed))
    const to = temporaryFile('precious.db')
    writeFileSync(to, 'precious')
    expect(await rejection(salvageDatabase(used.path, to))).toMatchObject({ code: 'ARGUMENT_INVALID' })
    expect(readFileSync(to, 'utf8')).toBe('precious')
    expect(await rejection(salvageDatabase(used.path, used.path))).toMatchObject({ code: 'ARGUMENT_INVALID' })
  })

  test.each([
    ['a text', (path: string) => writeFileSync(path, 'hello world\n'.repeat(5000)), 'STORAGE_NOT_A_DATABASE'],
    ['an empty file', (path: string) => writeFileSync(path, ''), 'STORAGE_NOT_A_DATABASE'],
    ['zeros', (path: string) => writeFileSync(path, Buffer.alloc(100_000)), 'STORAGE_NOT_A_DATABASE'],
    ['no file', () => undefined, 'STORAGE_UNREACHABLE'],
  ] as const)('of %s', async (_, prepare, code) => {
    const path = temporaryFile()
    prepare(path)
    const to = temporaryFile('salvaged.db')
    expect(await rejection(salvageDatabase(path, to))).toMatchObject({ code })
    expect(readdirSync(dirname(to))).toEqual([])
  })

  test("of another program's database", async () => {
    const path = temporaryFile()
    const database = new Sqlite(path)
    database.exec("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users (name) VALUES ('ada')")
    database.close()
    expect(await rejection(salvageDatabase(path, temporaryFile('salvaged.db')))).toMatchObject({ code: 'STORAGE_NOT_A_DATABASE' })
  })

  test('while this process has it open: closing a second opening of the file would drop the locks of the first', async () => {
    const path = temporaryFile()
    const store = await openForTest({ path })
    await createWords(store)
    const error = await rejection(salvageDatabase(path, temporaryFile('salvaged.db')))
    expect(error).toMatchObject({ code: 'ARGUMENT_INVALID', argument: 'from' })
    expect(error.message).toContain('which it has open')
  })

  test('when it is aborted, and leaves nothing behind', async () => {
    const used = await makeUsed(new Random(seed))
    const to = temporaryFile('salvaged.db')
    const stopping = new AbortController()
    const told: number[] = []
    const onProgress = ({ pages, pagesTotal }: { pages: number; pagesTotal: number }) => {
      told.push(pages / pagesTotal)
      if (told.length === 5) stopping.abort()
    }
    expect(await rejection(salvageDatabase(used.path, to, { signal: stopping.signal, onProgress }))).toMatchObject({ code: 'QUERY_ABORTED' })
    expect(existsSync(to)).toBe(false)
    expect(readdirSync(dirname(to))).toEqual([])
  })
})
