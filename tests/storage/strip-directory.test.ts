import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { Catalog } from '../../src/storage/catalog.js'
import type { CollectionRecord, Store } from '../../src/storage/index.js'
import { PACKING } from '../../src/storage/observations/packing.js'
import { StripDirectory } from '../../src/storage/observations/strip-directory.js'
import { MemoryAccount } from '../../src/storage/search/memory-account.js'
import { createWords, found, observation, openForTest, reading, temporaryFile, turnsOf } from './support.js'

const STRIPS = 40
const ENTITIES = 3
const PATIENT_PACKING = { ...PACKING, stripCountMin: 1 }

async function insertStrips(store: Store, words: CollectionRecord, from: number, to: number): Promise<void> {
  for (let moment = from; moment < to; moment++)
    await store.insert(
      words,
      Array.from({ length: ENTITIES }, (_, i) => observation(`e${i}`, moment)),
    )
}

/** A store that writes strips, and a directory that reads them on another connection. */
async function writerAndReader() {
  const path = temporaryFile()
  const store = await openForTest({ path, packing: PATIENT_PACKING })
  const words = await createWords(store)
  await insertStrips(store, words, 0, STRIPS)
  const database = new Database(path)
  onTestFinished(() => void database.close())
  const catalog = new Catalog(database)
  const directory = new StripDirectory(database, new MemoryAccount(0))
  const collection = () => catalog.collection('words')!
  const momentsOf = (entity: number) => {
    const recent = directory.recent(words.key, entity, 0)
    return recent && Array.from({ length: recent.count }, (_, i) => recent.timestamp(recent.start + i))
  }
  return { path, store, words, database, directory, collection, momentsOf }
}

const moments = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

test('strips are read in parts, with pauses in between', async () => {
  const { directory, collection, words, momentsOf } = await writerAndReader()
  const counts: number[] = []

  for (const _ of directory.syncing(collection())) counts.push(directory.strips(words.key).length)

  expect(counts.length).toBeGreaterThan(1)
  expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  expect(counts.at(-1)!).toBeLessThanOrEqual(STRIPS)
  expect(directory.strips(words.key)).toHaveLength(STRIPS)
  expect(momentsOf(2)).toEqual(moments(0, STRIPS))
})

test('reading that was cut short goes on where it was, among new strips', async () => {
  const { store, directory, collection, words, momentsOf } = await writerAndReader()
  directory.syncing(collection()).next()
  expect(directory.strips(words.key).length).toBeLessThan(STRIPS)
  await insertStrips(store, words, STRIPS, STRIPS + 5)

  directory.sync(collection())

  expect(momentsOf(1)).toEqual(moments(0, STRIPS + 5))
})

test('reading that was cut short notices that all it knew is gone', async () => {
  const { store, directory, collection, words, momentsOf } = await writerAndReader()
  directory.syncing(collection()).next()
  await store.compact()
  await insertStrips(store, words, STRIPS, STRIPS + 5)

  directory.sync(collection())

  expect(directory.strips(words.key)).toHaveLength(5)
  expect(momentsOf(1)).toEqual(moments(STRIPS, STRIPS + 5))
})

test('one that is brought to its end while another reads in parts has everything once', async () => {
  const { directory, collection, momentsOf } = await writerAndReader()
  const inParts = directory.syncing(collection())
  inParts.next()

  directory.sync(collection())
  while (inParts.next().done !== true);

  expect(momentsOf(1)).toEqual(moments(0, STRIPS))
})

test('a damaged strip in the midst is told, each time', async () => {
  const { directory, collection, database } = await writerAndReader()
  database.prepare('UPDATE chronode_strip SET checksum = checksum + 1 WHERE key = ?').run(STRIPS - 3)

  for (let i = 0; i < 2; i++)
    expect(() => directory.sync(collection())).toThrow('Collection "words": a strip of its newest observations does not match its checksum')
})

test('an index that brings strips out of order is told, and not followed for ever', async () => {
  const { path, database, words } = await writerAndReader()
  database.exec('DROP INDEX chronode_strip_collection; CREATE INDEX chronode_strip_collection ON chronode_strip (collection, checksum)')
  database.unsafeMode(true)
  database.pragma('writable_schema = ON')
  database.exec("UPDATE sqlite_schema SET sql = replace(sql, 'checksum', 'key') WHERE name = 'chronode_strip_collection'")
  const damaged = new Database(path)
  onTestFinished(() => void damaged.close())
  const directory = new StripDirectory(damaged, new MemoryAccount(0))

  expect(() => directory.sync(new Catalog(damaged).collectionByKey(words.key)!)).toThrow('the index of its strips has them out of order')
})

test('the first read and the first write after opening let others in while they look through strips', async () => {
  const path = temporaryFile()
  const before = await openForTest({ path, packing: PATIENT_PACKING })
  await insertStrips(before, await createWords(before), 0, STRIPS)
  await before.close()
  const store = await openForTest({ path, packing: PATIENT_PACKING })
  const words = store.collection('words')!
  const insert = (moment: number) => turnsOf(() => insertStrips(store, words, moment, moment + 1))
  const read = () => turnsOf(() => reading(store, (snapshot) => snapshot.findEntities(words, ['e1'])))

  const reads = [await read(), await read()] as const
  const writes = [await insert(STRIPS), await insert(STRIPS + 1)] as const

  expect(reads[0]).toBeGreaterThan(reads[1])
  expect(writes[0]).toBeGreaterThan(writes[1])
  const { entity } = await reading(store, (snapshot) => found(snapshot, 'words', 'e1'))
  expect(entity.observationCount).toBe(STRIPS + 2)
})

test('what is packed beside a write lets others in', async () => {
  const path = temporaryFile()
  const entities = Array.from({ length: 10 }, (_, i) => `e${i}`)
  const insertAt = (store: Store, words: CollectionRecord, moment: number) =>
    store.insert(
      words,
      entities.map((id) => observation(id, moment)),
    )
  const before = await openForTest({ path, packing: PATIENT_PACKING })
  const words = await createWords(before)
  for (let moment = 0; moment < 4; moment++) await insertAt(before, words, moment)
  await before.close()
  const store = await openForTest({ path, packing: { ...PATIENT_PACKING, stripsBytesMax: 0 } })
  await reading(store, (snapshot) => snapshot.findEntities(words, ['e1']))

  const turns = await turnsOf(() => insertAt(store, words, 4))

  expect(turns).toBeGreaterThan(entities.length)
  const { entity } = await reading(store, (snapshot) => found(snapshot, 'words', 'e1'))
  expect(entity).toMatchObject({ observationCount: 5, lastTimestamp: 4 })
  expect(await store.verify()).toMatchObject({ ok: true })
})
