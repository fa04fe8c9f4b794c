import { readFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { expect, test, vi } from 'vitest'
import { createWords, observation, openForTest, temporaryFile } from './support.js'

/** CRC-32 bit by bit, as it is defined: reflected, polynomial 0xEDB88320. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

function doubles(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8)
  for (const [i, value] of values.entries()) bytes.writeDoubleLE(value, i * 8)
  return bytes
}

function floats(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, i * 4)
  return bytes
}

const AT = Date.UTC(2022, 11, 31)
const RECORDED_AT = 1_700_000_000_000

test('rows carry the checksums that the README describes', async () => {
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
    migration: [[doubles(1, RECORDED_AT), text('0001-tables')]],
  }
  for (const [table, rows] of Object.entries(expected)) {
    expect(stored[table], table).toEqual(rows.map((parts) => crc32(Buffer.concat(parts))).sort((a, b) => a - b))
  }
})

test('the example of the README is what it says', () => {
  const readme = readFileSync(new URL('../../src/storage/README.md', import.meta.url), 'utf8')
  const [, hex, checksum] = /```text\n([\s\S]*?)CRC-32: (\d+)/.exec(readme)!
  const bytes = Buffer.from(hex!.replace(/\s/g, ''), 'hex')
  const parts = [doubles(1), Buffer.from('climate'), doubles(AT, RECORDED_AT), floats(0.5, -1), Buffer.from('{"n":1}')]
  expect(bytes).toEqual(Buffer.concat(parts))
  expect(Number(checksum)).toBe(crc32(bytes))
})
