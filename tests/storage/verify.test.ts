import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { createWords, everySecond, observation, openForTest, rejection, SMALL_PACKING, temporaryFile } from './support.js'

test.each(['a file', ':memory:'])('a whole database in %s is fine, and every row was checked', async (where) => {
  const store = await openForTest(where === ':memory:' ? { path: where } : {})
  const words = await createWords(store)
  const wide = await store.createCollection('wide', { dimension: 1536, metric: 'dot', normalized: false })
  await store.insert(words, [...everySecond('a', 2500), ...everySecond('b', 3), observation('gone', 1)])
  await store.insert(wide, [observation('a', 1, new Array<number>(1536).fill(0.1))])
  await store.removeEntity(words, 'gone')
  await store.deleteRange(words, 'b', {})

  // 2 collections, 3 entities, 2501 observations, 3 of `b` that a strip still holds, 1 entry of the log
  expect(await store.verify()).toEqual({ ok: true, checked: 2510, problems: [] })
})

test('an empty database is fine', async () => {
  expect(await (await openForTest()).verify()).toEqual({ ok: true, checked: 0, problems: [] })
})

test('all that is damaged is named, each with its place', async () => {
  const path = temporaryFile()
  const store = await openForTest({ path })
  const words = await createWords(store)
  await store.insert(words, [...everySecond('a', 3), ...everySecond('b', 3)])
  await store.close()
  const database = new Database(path)
  database.exec(`
    UPDATE chronode_observation SET recorded_at = 1 WHERE timestamp = 1000;
    UPDATE chronode_entity SET attributes = '{}' WHERE id = 'b';
    DELETE FROM chronode_observation WHERE timestamp = 2000 AND entity = (SELECT key FROM chronode_entity WHERE id = 'a')`)
  database.close()

  const { ok, checked, problems } = await (await openForTest({ path })).verify()

  expect(ok).toBe(false)
  expect(checked).toBe(1 + 2 + 5)
  expect(new Set(problems.map(({ collection, entity, what }) => `${collection} ${entity}: ${what}`))).toEqual(
    new Set([
      'words a: says that it has 3 rows, 0 observations in segments and 0 in both; there are 2 rows, 0 observations in segments and 0 in both',
      'words a: says that its observations are from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:02.000Z; they are from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:01.000Z',
      'words b: its own row does not match its checksum',
      'words a: the observation at 1970-01-01T00:00:01.000Z does not match its checksum',
      'words b: the observation at 1970-01-01T00:00:01.000Z does not match its checksum',
    ]),
  )
})

/** What verify() says of a store with two strips once SQL of somebody else has changed so many rows of them. */
async function problemsAfter(sql: string, changes: number): Promise<string[]> {
  const path = temporaryFile()
  const store = await openForTest({ path, packing: SMALL_PACKING })
  await store.insert(
    await createWords(store),
    ['a', 'b', 'c', 'd'].map((id) => observation(id, 1)),
  )
  await store.close()
  const database = new Database(path)
  expect(database.prepare(sql).run().changes).toBe(changes)
  database.close()

  const { problems } = await (await openForTest({ path })).verify()
  return problems.map(({ collection, what }) => `${collection}: ${what}`)
}

test('a damaged strip is named in words for a list: its place once, and not to run verify()', async () => {
  const damaged = 'words: a strip of its newest observations does not match its checksum'
  expect(await problemsAfter('UPDATE chronode_strip SET checksum = checksum + 1', 2)).toEqual([damaged, damaged]) // two strips, once each
})

test('a strip that is not there is named once', async () => {
  expect(await problemsAfter('DELETE FROM chronode_strip WHERE key = (SELECT max(key) FROM chronode_strip)', 1)).toEqual([
    'words: should have 2 strips of its newest observations, and 1 were found',
  ])
})

/** What a flipped byte in the header of a row makes of a column: no program can write it. */
test.each([
  ['chronode_entity', 'id', 'NULL'],
  ['chronode_entity', 'id', "x'00'"],
  ['chronode_entity', 'packed_count', 'NULL'],
  ['chronode_collection', 'name', 'NULL'],
  ['chronode_collection', 'dimension', 'NULL'],
  ['chronode_collection', 'dimension', '1000000000000'],
  ['chronode_strip', 'data', "'text'"],
  ['chronode_strip', 'entries', 'NULL'],
  ['chronode_segment', 'first_timestamp', "'text'"],
  ['chronode_removed_entity', 'id', 'NULL'],
])('a row of %s whose %s is %s is a finding, not the end', async (table, column, value) => {
  const path = temporaryFile()
  const store = await openForTest({ path, packing: SMALL_PACKING })
  const words = await createWords(store)
  await store.insert(words, [...everySecond('a', 8), ...['b', 'c', 'd', 'e'].map((id) => observation(id, 1))])
  await store.insert(words, [observation('b', 0), observation('gone', 1)])
  await store.removeEntity(words, 'gone')
  await store.close()
  const database = new Database(path)
  database.unsafeMode()
  database.pragma('writable_schema = ON')
  database.exec("UPDATE sqlite_schema SET sql = replace(replace(sql, ' strict', ''), ' not null', '') WHERE name GLOB 'chronode_*'")
  database.close()
  const damaged = new Database(path)
  damaged.pragma('foreign_keys = OFF')
  damaged.exec(`UPDATE ${table} SET ${column} = ${value} WHERE key = (SELECT min(key) FROM ${table})`)
  damaged.close()

  expect(await (await openForTest({ path })).verify()).toMatchObject({ ok: false })
})

test('writes go on meanwhile, and are not part of what is verified', async () => {
  const store = await openForTest()
  const words = await createWords(store)
  await store.insert(words, everySecond('a', 20_000))
  const verifying = store.verify()
  for (let i = 0; i < 20; i++) {
    await store.insert(words, [observation(`e${i}`, i)])
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await verifying).toEqual({ ok: true, checked: 20_002, problems: [] })
})

test('it tells how much it has checked', async () => {
  const store = await openForTest()
  await store.insert(await createWords(store), everySecond('a', 5000))
  const told: number[] = []
  const { checked } = await store.verify({ onProgress: (progress) => told.push(progress.checked) })
  expect(told.length).toBeGreaterThan(1)
  expect(told).toEqual(told.toSorted((a, b) => a - b))
  expect(told.at(-1)).toBeLessThanOrEqual(checked)
})

test('a signal ends it', async () => {
  const store = await openForTest()
  const words = await createWords(store)
  await store.insert(words, everySecond('a', 5000))
  const aborting = new AbortController()
  const verifying = rejection(store.verify({ signal: aborting.signal }))
  aborting.abort(new Error('enough'))
  expect(await verifying).toMatchObject({ code: 'QUERY_ABORTED', cause: { message: 'enough' } })
  expect(await rejection(store.verify({ signal: AbortSignal.abort() }))).toMatchObject({ code: 'QUERY_ABORTED' })
  expect(await store.verify()).toMatchObject({ ok: true })
})
