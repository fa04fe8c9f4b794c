import Database from 'better-sqlite3'
import { expect, test, vi } from 'vitest'
import { migrations } from '../../migrations/index.js'
import { crc32, doubles, floats } from './plain-bytes.js'
import { createWords, observation, openForTest, temporaryFile } from './support.js'

const AT = Date.UTC(2022, 11, 31)
const RECORDED_AT = 1_700_000_000_000

test('rows carry the checksums that docs/storage-format.md describes', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: RECORDED_AT })
  const path = temporaryFile()
  const store = await openForTest({ path })
  const words = await createWords(store)
  await store.insert(words, [observation('climate', AT, [0.5, -1], '{"n":1}'), observation('ä', 1, [1, 2]), observation('gone', 2)])
  await store.setAttributes(words, 'climate', '{"topic":"x"}', { merge: false })
  await store.removeEntity(words, 'gone')
  await store.close()
  vi.useRealTimers()

  const database = new Database(path, { readonly: true })
  const checksums = (table: string) => database.prepare(`SELECT checksum FROM chronode_${table} ORDER BY 1`).pluck().all()
  const stored = Object.fromEntries(['observation', 'entity', 'collection', 'removed_entity', 'migration'].map((table) => [table, checksums(table)]))
  database.close()

  const text = Buffer.from
  const expected = {
    observation: [
      [doubles(words.key), text('climate'), doubles(AT, RECORDED_AT), floats(0.5, -1), text('{"n":1}')],
      [doubles(words.key), text('ä'), doubles(1, RECORDED_AT), floats(1, 2)],
    ],
    entity: [
      [doubles(words.key, 1, 1, AT, AT, 2), text('climate\0{"topic":"x"}')],
      [doubles(words.key, 2, 1, 1, 1, 1), text('ä')],
    ],
    collection: [[doubles(words.key, 2, 0, 2, 2, 3), text('cosine\0float32\0words')]],
    removed_entity: [[doubles(words.key, 3, 3, RECORDED_AT), text('gone')]],
    migration: migrations.map(({ number, name }) => [doubles(number, RECORDED_AT), text(name)]),
  }
  for (const [table, rows] of Object.entries(expected)) {
    expect(stored[table], table).toEqual(rows.map((parts) => crc32(Buffer.concat(parts))).sort((a, b) => a - b))
  }
})
