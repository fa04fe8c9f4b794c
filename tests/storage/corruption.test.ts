import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { openStore, type Snapshot, type Store } from '../../src/storage/index.js'
import { Random, seedOfRun } from '../support/random.js'
import { countFlips, FLIP_PACKING, fill } from './flips.ts'
import { contents, createWords, found, observation, openForTest, reading, rejection, SMALL_PACKING, temporaryFile } from './support.js'

const DAY = 86_400_000
/** What verify() says of `calm` then. */
const ONE_OF_THREE_GONE =
  'says that it has 3 rows, 0 observations in segments and 0 in both; there are 2 rows, 0 observations in segments and 0 in both'
const seed = seedOfRun()
const FLIPS = Number(process.env['FLIPS'] ?? 2000)
const BASE = { memoryLimitBytes: 2 ** 26, durability: 'normal', busyTimeoutMs: 0, warn: () => undefined } as const

/** A closed file with the entities `calm` (3 days of observations) and `other` (1). */
async function makeFile(): Promise<string> {
  const path = temporaryFile()
  const store = await openForTest({ path })
  const words = await createWords(store)
  await store.insert(
    words,
    [0, 1, 2].map((day) => observation('calm', day * DAY, [day, 1], '{"note":"fine"}')),
  )
  await store.insert(words, [observation('other', 5, [1, 1])])
  await store.setAttributes(words, 'calm', '{"topic":"x"}', { merge: false })
  await store.insert(words, [observation('gone', 5)])
  await store.removeEntity(words, 'gone')
  await store.close()
  return path
}

/** Damages rows without telling anybody, as a disk would. */
function damage(path: string, sql: string): void {
  const database = new Database(path)
  database.pragma('ignore_check_constraints = ON')
  database.pragma('foreign_keys = OFF')
  database.unsafeMode()
  database.exec(sql)
  database.close()
}

const everything = (store: Store) => contents(store)
const contextOfCalm = (store: Store) =>
  reading(store, async (snapshot) => {
    const { collection, entity } = await found(snapshot, 'words', 'calm')
    return snapshot.readContexts(collection, [{ entity, limit: 10 }])
  })

describe('a damaged observation is never returned, and named', () => {
  test.each([
    ['its vector', "vector = x'0000803f00000040'"],
    ['the length of its vector', "vector = x'0000803f'"],
    ['its payload', `payload = '{"note":"fine!"}'`],
    ['a payload that went', 'payload = NULL'],
    ['when it was recorded', 'recorded_at = recorded_at + 1'],
    ['its checksum', 'checksum = checksum + 1'],
  ])('by %s', async (_, change) => {
    const path = await makeFile()
    damage(path, `UPDATE chronode_observation SET ${change} WHERE timestamp = ${DAY}`)
    const store = await openForTest({ path })

    for (const read of [everything, contextOfCalm]) {
      const error = await rejection(read(store))
      expect(error).toMatchObject({ name: 'StorageError', code: 'STORAGE_CORRUPT' })
      expect(error.message).toContain('Collection "words", entity "calm", observation at 1970-01-02T00:00:00.000Z')
      expect(error.message).toContain('Run verify()')
    }
    expect(await store.verify()).toMatchObject({
      ok: false,
      problems: [{ collection: 'words', entity: 'calm', what: 'the observation at 1970-01-02T00:00:00.000Z does not match its checksum' }],
    })
  })

  test('by a payload of no length where there was none, which is the same to a checksum', async () => {
    const path = await makeFile()
    damage(path, "UPDATE chronode_observation SET payload = '' WHERE payload IS NULL")
    const store = await openForTest({ path })
    expect(await rejection(everything(store))).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect((await store.verify()).problems).toMatchObject([{ entity: 'other', what: expect.stringContaining('does not match its checksum') }])
  })

  test('by its timestamp', async () => {
    const path = await makeFile()
    damage(path, `UPDATE chronode_observation SET timestamp = ${DAY + 1} WHERE timestamp = ${DAY}`)
    const store = await openForTest({ path })
    expect((await rejection(contextOfCalm(store))).message).toContain('observation at 1970-01-02T00:00:00.001Z')
    expect((await store.verify()).problems).toContainEqual({
      collection: 'words',
      entity: 'calm',
      what: 'the observation at 1970-01-02T00:00:00.001Z does not match its checksum',
    })
  })

  test('by its owner: a row that went over to another entity', async () => {
    const path = await makeFile()
    damage(path, `UPDATE chronode_observation SET entity = (SELECT key FROM chronode_entity WHERE id = 'other') WHERE timestamp = ${DAY}`)
    const store = await openForTest({ path })
    expect(await rejection(everything(store))).toMatchObject({ code: 'STORAGE_CORRUPT' })
    const { problems } = await store.verify()
    expect(problems).toContainEqual({
      collection: 'words',
      entity: 'other',
      what: 'the observation at 1970-01-02T00:00:00.000Z does not match its checksum',
    })
    expect(problems).toContainEqual({ collection: 'words', entity: 'calm', what: ONE_OF_THREE_GONE })
  })

  test('only where it is read: what is whole stays readable', async () => {
    const path = await makeFile()
    damage(path, "UPDATE chronode_observation SET vector = x'0000803f00000040' WHERE timestamp = 0")
    const store = await openForTest({ path })
    await reading(store, async (snapshot) => {
      const { collection, entity } = await found(snapshot, 'words', 'calm')
      expect((await snapshot.readContexts(collection, [{ entity, limit: 2 }]))[0]!.timestamps).toEqual(Float64Array.of(DAY, 2 * DAY))
    })
  })

  test('and writing it again mends it', async () => {
    const path = await makeFile()
    damage(path, "UPDATE chronode_observation SET vector = x'0000803f00000040' WHERE timestamp = 0")
    const store = await openForTest({ path })
    await store.insert(store.collection('words')!, [observation('calm', 0)])
    expect(await store.verify()).toMatchObject({ ok: true })
  })
})

describe('a row that went missing', () => {
  test('is missed by every read that covers its entity, and by verify', async () => {
    const path = await makeFile()
    damage(path, `DELETE FROM chronode_observation WHERE timestamp = ${DAY}`)
    const store = await openForTest({ path })
    for (const read of [everything, contextOfCalm]) {
      expect((await rejection(read(store))).message).toContain('Collection "words", entity "calm" should have 3 observations, and 2 were found')
    }
    expect((await store.verify()).problems).toEqual([{ collection: 'words', entity: 'calm', what: ONE_OF_THREE_GONE }])
  })

  test('at the end is missed, too', async () => {
    const path = await makeFile()
    damage(path, `DELETE FROM chronode_observation WHERE timestamp = ${2 * DAY}`)
    const store = await openForTest({ path })
    expect(await rejection(contextOfCalm(store))).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect((await store.verify()).problems).toContainEqual({
      collection: 'words',
      entity: 'calm',
      what: 'says that its observations are from 1970-01-01T00:00:00.000Z to 1970-01-03T00:00:00.000Z; they are from 1970-01-01T00:00:00.000Z to 1970-01-02T00:00:00.000Z',
    })
  })

  test('is missed where it stood in front of an older version in a segment', async () => {
    const path = temporaryFile()
    const store = await openForTest({ path, packing: SMALL_PACKING })
    const words = await createWords(store)
    await store.insert(
      words,
      [0, 1, 2, 3, 4].map((t) => observation('calm', t)),
    )
    await store.insert(words, [observation('calm', 2, [9, 9])])
    await store.close()
    damage(path, 'DELETE FROM chronode_observation')
    const damaged = await openForTest({ path })
    const error = await rejection(contents(damaged))
    expect(error.message).toMatch(/entity "calm" should have 1 unpacked observations, and 0 were found/)
    expect(await damaged.verify()).toMatchObject({ ok: false })
  })

  test('is missed when it is an entity', async () => {
    const path = await makeFile()
    damage(path, "DELETE FROM chronode_entity WHERE id = 'other'")
    const store = await openForTest({ path })
    expect((await rejection(everything(store))).message).toContain('Collection "words" should have 2 entities, and 1 were found')
    const { problems } = await store.verify()
    expect(problems).toContainEqual({ collection: 'words', entity: undefined, what: 'says that it has 2 entities; there are 1' })
    expect(problems.some(({ what }) => what.includes('refers to a row of chronode_entity that is not there'))).toBe(true)
  })

  test('leaves orphans that verify finds when it is a collection', async () => {
    const path = await makeFile()
    damage(path, 'DELETE FROM chronode_collection')
    const store = await openForTest({ path })
    expect((await store.verify()).problems.map(({ what }) => what)).toContainEqual(expect.stringContaining('refers to a row of chronode_collection'))
  })
})

test('a segment of a kind that is not known says of which it is', async () => {
  const path = temporaryFile()
  const store = await openForTest({ path, packing: SMALL_PACKING })
  await store.insert(
    await createWords(store),
    [0, 1, 2, 3, 4].map((t) => observation('calm', t)),
  )
  await store.close()
  damage(path, 'UPDATE chronode_segment SET format = 2')
  const later = await openForTest({ path })

  const error = await rejection(contents(later))

  const claim = 'is of format 2 in float32, and this Chronode knows format 1 in float32 alone (update it, if a newer one wrote that)'
  expect(error).toMatchObject({ code: 'STORAGE_CORRUPT' })
  expect(error.message).toContain(`the segment that begins there ${claim}: the stored data is damaged. Run verify()`)
  const { problems } = await later.verify()
  expect(problems.map(({ what }) => what)).toContain(`the segment from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:00.004Z ${claim}`)
})

describe('a damaged entity', () => {
  test.each([
    ['attributes', `attributes = '{"topic":"y"}'`],
    ['a count', 'observation_count = 2'],
    ['a first timestamp', 'first_timestamp = 1'],
    ['a last timestamp', `last_timestamp = ${DAY}`],
    ['a generation', 'generation = 77'],
  ])('is named: %s', async (_, change) => {
    const path = await makeFile()
    damage(path, `UPDATE chronode_entity SET ${change} WHERE id = 'calm'`)
    const store = await openForTest({ path })
    const words = store.collection('words')!

    for (const use of [
      () => contextOfCalm(store),
      () => everything(store),
      () => store.insert(words, [observation('calm', 5 * DAY)]),
      () => store.setAttributes(words, 'calm', null, { merge: false }),
      () => store.deleteRange(words, 'calm', {}),
    ]) {
      const error = await rejection(use())
      expect(error).toMatchObject({ code: 'STORAGE_CORRUPT' })
      expect(error.message).toContain('Collection "words", entity "calm": its own row does not match its checksum')
    }
    expect((await store.verify()).problems).toContainEqual({ collection: 'words', entity: 'calm', what: 'its own row does not match its checksum' })
  })

  test('can be removed, and then everything is whole', async () => {
    const path = await makeFile()
    damage(path, "UPDATE chronode_entity SET generation = 77 WHERE id = 'calm'")
    const store = await openForTest({ path })
    expect(await store.removeEntity(store.collection('words')!, 'calm')).toBe(true)
    expect(await store.verify()).toMatchObject({ ok: true })
  })
})

describe('a damaged collection', () => {
  test.each([
    'dimension = 1',
    "metric = 'l2'",
    'normalized = 1',
    'observation_count = 3',
    'entity_count = 7',
    'generation = 0',
    "encoding = 'float16'",
  ])('is named: %s', async (change) => {
    const path = await makeFile()
    damage(path, `UPDATE chronode_collection SET ${change}`)
    const store = await openForTest({ path })
    const readByName = async (snapshot: Snapshot) => snapshot.collection('words')

    for (const error of [await rejection(createWords(store)), await rejection(everything(store)), await rejection(reading(store, readByName))]) {
      expect(error).toMatchObject({ code: 'STORAGE_CORRUPT' })
      expect(error.message).toContain('Collection "words": its own row does not match its checksum')
    }
    expect(() => store.collection('words')).toThrow(/does not match its checksum/)
    expect((await store.verify()).problems).toContainEqual({
      collection: 'words',
      entity: undefined,
      what: 'its own row does not match its checksum',
    })
  })
})

test.each([
  ['the table', "type = 'table'"],
  ['its index', "type = 'index'"],
])('a collection that went missing from %s is missed by whoever lists them', async (_, which) => {
  const path = await makeFile()
  const again = await openForTest({ path })
  await again.createCollection('more', { dimension: 2, metric: 'l2', normalized: false })
  await again.close()
  const database = new Database(path)
  const rootPage = database
    .prepare<[], number>(`SELECT rootpage FROM sqlite_schema WHERE ${which} AND tbl_name = 'chronode_collection'`)
    .pluck()
    .get()!
  const pageBytes = database.pragma('page_size', { simple: true }) as number
  database.close()
  const bytes = readFileSync(path)
  const cellCountAt = (rootPage - 1) * pageBytes + 3
  expect(bytes.readUInt16BE(cellCountAt)).toBe(2)
  bytes.writeUInt16BE(1, cellCountAt)
  writeFileSync(path, bytes)

  const store = await openForTest({ path })
  expect(await rejection(everything(store))).toMatchObject({ code: 'STORAGE_CORRUPT' })
  expect(() => store.collections()).toThrow(expect.objectContaining({ code: 'STORAGE_CORRUPT' }))
  expect(await store.verify()).toMatchObject({ ok: false })
})

test('a damaged log of removed entities is found by verify', async () => {
  const path = await makeFile()
  damage(path, "UPDATE chronode_removed_entity SET id = 'went'")
  const { problems } = await (await openForTest({ path })).verify()
  expect(problems).toEqual([{ collection: 'words', entity: 'went', what: 'its entry in the log of removed entities does not match its checksum' }])
})

test.each(['the first', 'the second'])(
  'a timestamp that differs between its row and its index is found by verify: %s of its two places',
  async (which) => {
    const path = temporaryFile()
    const store = await openForTest({ path })
    const timestamp = 1_234_567.890625
    await store.insert(await createWords(store), [observation('a', 0), observation('a', timestamp), observation('a', 5e6)])
    await store.close()
    const bytes = readFileSync(path)
    const pattern = Buffer.alloc(8)
    pattern.writeDoubleBE(timestamp)
    const first = bytes.indexOf(pattern)
    const second = bytes.indexOf(pattern, first + 1)
    expect([first > 0, second > first, bytes.indexOf(pattern, second + 1)]).toEqual([true, true, -1])

    bytes[(which === 'the first' ? first : second) + 7]! ^= 1
    writeFileSync(path, bytes)

    const { ok, problems } = await (await openForTest({ path })).verify()
    expect(ok).toBe(false)
    expect(problems.map(({ what }) => what).join('\n')).toMatch(/SQLite's integrity check: .*chronode_observation_time/)
  },
)

describe('whatever bytes of a file are flipped, nothing is returned that was not written, and verify() finds what changes an answer', () => {
  const options = { readonly: false, migrate: 'auto', packing: FLIP_PACKING } as const

  test(`${FLIPS} times, with small pages in memory`, { timeout: 1_200_000 }, async () => {
    const database = new Database(':memory:')
    database.pragma('page_size = 1024')
    const store = await openForTest({ ...options, path: undefined, connection: database })
    await fill(store)
    await store.close()
    let connection = database
    const open = (damaged: Buffer) => {
      connection.close()
      connection = new Database(damaged)
      return openStore({ ...BASE, ...options, path: undefined, connection })
    }
    const bytes = database.serialize()

    const counts = await countFlips({ bytes, open, count: FLIPS, random: new Random(seed) })

    process.stdout.write(`SEED=${seed} ${JSON.stringify(counts)}\n`)
    expect(counts.foundByOpen + counts.foundByFullRead).toBeGreaterThan(FLIPS / 2)
  })

  test(`${FLIPS / 20} times, in a file of our own`, { timeout: 1_200_000 }, async () => {
    const path = temporaryFile()
    const store = await openForTest({ ...options, path })
    await fill(store)
    await store.close()
    const open = (damaged: Buffer) => {
      writeFileSync(path, damaged)
      for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
      return openStore({ ...BASE, ...options, path })
    }

    const counts = await countFlips({ bytes: readFileSync(path), open, count: FLIPS / 20, random: new Random(seed) })

    process.stdout.write(`SEED=${seed} ${JSON.stringify(counts)}\n`)
    expect(counts.flips).toBe(FLIPS / 20)
  })
})
