import { readFileSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { ScanRequest, Store } from '../../src/storage/index.js'
import { PACKING } from '../../src/storage/observations/packing.js'
import { createWords, found, observation, openForTest, reading, rejection, temporaryFile } from './support.js'

/** Exchanges two entries of an index that lies in one page. Source: "B-tree Pages" of the SQLite file format, https://sqlite.org/fileformat2.html. */
function exchangeEntries(path: string, index: string, i: number, j: number): void {
  const database = new Database(path)
  const page = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(index) as number
  const pageBytes = database.pragma('page_size', { simple: true }) as number
  database.close()
  const file = readFileSync(path)
  const start = (page - 1) * pageBytes
  expect(file[start]).toBe(10) // a leaf of an index
  const [a, b] = [start + 8 + 2 * i, start + 8 + 2 * j]
  const entry = file.readUInt16BE(a)
  file.writeUInt16BE(file.readUInt16BE(b), a)
  file.writeUInt16BE(entry, b)
  writeFileSync(path, file)
}

async function readRange(store: Store, range: Partial<ScanRequest>): Promise<void> {
  await reading(store, async (snapshot) => {
    const { collection, entity } = await found(snapshot, 'words', 'a')
    for await (const _ of snapshot.scan(collection, { entities: [entity], ...range }));
  })
}

/** Ten moments, in rows or in segments of two. */
async function tenMoments(blockSize: typeof PACKING.blockSize): Promise<string> {
  const path = temporaryFile()
  const store = await openForTest({ path, packing: { ...PACKING, blockSize } })
  await store.insert(
    await createWords(store),
    Array.from({ length: 10 }, (_, t) => observation('a', t)),
  )
  await store.close()
  return path
}

test.each([{ from: 1 }, { to: 8 }, { newest: 9 }])('an index that has rows out of order is told, and not followed: %o', async (range) => {
  const path = await tenMoments(PACKING.blockSize)
  exchangeEntries(path, 'chronode_observation_time', 3, 6)

  const error = await rejection(readRange(await openForTest({ path }), range))

  expect(error).toMatchObject({ code: 'STORAGE_CORRUPT' })
  expect(error.message).toContain('Collection "words", entity "a": the index of its observations has them out of order')
})

test.each([{ from: 1 }, { to: 8 }])('an index that has segments out of order is told, and not followed: %o', async (range) => {
  const path = await tenMoments(() => ({ full: 2, min: 2, observationBytes: 16 }))
  exchangeEntries(path, 'chronode_segment_time', 1, 3)

  const error = await rejection(readRange(await openForTest({ path }), range))

  expect(error).toMatchObject({ code: 'STORAGE_CORRUPT' })
  expect(error.message).toMatch(/Collection "words", entity "a": the index of its segments (at \S+ does not match them|has them out of order)/)
})
