import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Sqlite from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import { ROOT } from '../support/documents.js'
import { crc32, doubles, floats, PlainReader } from './plain-bytes.js'
import { createWords, observation, openForTest, SMALL_PACKING, temporaryFile } from './support.js'

const DOCUMENT = readFileSync(join(ROOT, 'docs', 'storage-format.md'), 'utf8')
const RECORDED_AT = 1_700_000_000_000
const [Y2020, Y2021, Y2022, Y2023] = [2020, 2021, 2022, 2023].map((year) => Date.UTC(year, 11, 31)) as [number, number, number, number]

/** The bytes and the checksum of the example of a section: what stands before the comments of its `text` block. */
function exampleOf(heading: string): { bytes: Buffer; checksum: number } {
  const section = DOCUMENT.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!
  const [, block] = /```text\n(.*?)```/s.exec(section)!
  const hex = [...block!.matchAll(/^((?:[0-9a-f]{2}(?: {1,2}|$))+)/gm)].map(([, bytes]) => bytes!.replaceAll(' ', ''))
  return { bytes: Buffer.from(hex.join(''), 'hex'), checksum: Number(/checksum (\d+)/.exec(block!)![1]) }
}

type Row = Record<string, number | string | Buffer | null>
/** What the prose of the examples tells of, by the code of this version. */
async function writtenRows(): Promise<Record<'segment' | 'strip' | 'entity' | 'collection', Row[]>> {
  vi.useFakeTimers({ toFake: ['Date'], now: RECORDED_AT })
  const path = temporaryFile()
  const store = await openForTest({ path, packing: { ...SMALL_PACKING, stripCountMin: 2, stripBytes: 64 } })
  const words = await createWords(store)
  await store.insert(words, [
    observation('climate', Y2020, [0.5, -1]),
    observation('climate', Y2021, [0.25, -2]),
    observation('climate', Y2022, [0, 1], '{"n":1}'),
  ])
  await store.insert(words, [observation('climate', Y2023, [1, 2]), observation('energy', Y2023, [3, 4], '{"n":2}')])
  await store.close()
  vi.useRealTimers()
  const database = new Sqlite(path, { readonly: true })
  const rows = (table: string) => database.prepare(`SELECT * FROM chronode_${table} ORDER BY key`).all() as Row[]
  const all = { segment: rows('segment'), strip: rows('strip'), entity: rows('entity'), collection: rows('collection') }
  database.close()
  return all
}

describe('the example of a segment', () => {
  const { bytes, checksum } = exampleOf('A segment')

  test('holds what its text says', () => {
    const reader = new PlainReader(bytes)
    const [count, dimension, flags, zero] = reader.u32s(4)
    expect([count, dimension, flags, zero]).toEqual([3, 2, 2, 0])
    expect(reader.doubles(3)).toEqual([Y2020, Y2021, Y2022])
    expect(reader.doubles(1)).toEqual([RECORDED_AT])
    expect(reader.vectors(3, 2)).toEqual([
      [0.5, -1],
      [0.25, -2],
      [0, 1],
    ])
    expect(reader.texts(reader.u32s(3))).toEqual([null, null, '{"n":1}'])
    expect(reader.isAtEnd).toBe(true)
    expect(checksum).toBe(crc32(Buffer.concat([doubles(1), Buffer.from('climate'), bytes])))
  })

  test('is what is written', async () => {
    const row = { entity: 1, first_timestamp: Y2020, last_timestamp: Y2022, observation_count: 3, encoding: 'float32', format: 1 }
    expect((await writtenRows()).segment).toEqual([{ key: 1, ...row, data: bytes, checksum }])
  })
})

describe('the example of a strip', () => {
  const { bytes, checksum } = exampleOf('A strip')

  test('holds what its text says', () => {
    const reader = new PlainReader(bytes)
    expect(reader.doubles(2)).toEqual([1, 2])
    expect(reader.doubles(2)).toEqual([Y2023, Y2023])
    const asRow = (id: string, vector: number[], payload: string) =>
      crc32(Buffer.concat([doubles(1), Buffer.from(id), doubles(Y2023, RECORDED_AT), floats(...vector), Buffer.from(payload)]))
    expect(reader.u32s(2)).toEqual([asRow('climate', [1, 2], ''), asRow('energy', [3, 4], '{"n":2}')])
    const lengths = reader.u32s(2)
    expect(reader.vectors(2, 2)).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(reader.texts(lengths)).toEqual([null, '{"n":2}'])
    expect(reader.isAtEnd).toBe(true)
    expect(checksum).toBe(crc32(Buffer.concat([doubles(1, 2, RECORDED_AT, 2), bytes.subarray(0, 48)])))
  })

  test('is what is written', async () => {
    const row = { collection: 1, generation: 2, recorded_at: RECORDED_AT, observation_count: 2 }
    expect((await writtenRows()).strip).toEqual([{ key: 1, ...row, checksum, entries: bytes.subarray(0, 48), data: bytes.subarray(48) }])
  })
})

test('the example of a row is what its text says', () => {
  const { bytes, checksum } = exampleOf('Checksums')
  const parts = [doubles(1), Buffer.from('climate'), doubles(Y2022, RECORDED_AT), floats(0.5, -1), Buffer.from('{"n":1}')]
  expect(bytes).toEqual(Buffer.concat(parts))
  expect(checksum).toBe(crc32(bytes))
})

test('rows that tell where observations lie have it in their checksums', async () => {
  const { entity, collection } = await writtenRows()
  const [climate, energy] = entity
  expect(climate).toMatchObject({
    observation_count: 3,
    first_timestamp: Y2020,
    last_timestamp: Y2022,
    packed_count: 3,
    shadowed_count: 0,
    settled_strip: 0,
  })
  expect(climate!['checksum']).toBe(crc32(Buffer.concat([doubles(1, 1, 3, Y2020, Y2022, 1), Buffer.from('climate'), doubles(3, 0, 0)])))
  expect(energy).toMatchObject({ observation_count: 0, first_timestamp: null, last_timestamp: null, packed_count: 0, settled_strip: 0 })
  expect(energy!['checksum']).toBe(crc32(Buffer.concat([doubles(1, 2, 0, Number.NaN, Number.NaN, 2), Buffer.from('energy')])))
  const [words] = collection
  expect(words).toMatchObject({ observation_count: 5, entity_count: 2, strip_count: 1 })
  expect(words!['checksum']).toBe(crc32(Buffer.concat([doubles(1, 2, 0, 5, 2, 2), Buffer.from('cosine\0float32\0words'), doubles(1)])))
})

test('where each has its own recorded_at, a flag says so', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: RECORDED_AT })
  const path = temporaryFile()
  const store = await openForTest({ path, packing: SMALL_PACKING })
  const words = await createWords(store)
  for (const t of [1, 2, 3]) {
    vi.setSystemTime(RECORDED_AT + t)
    await store.insert(words, [observation('a', t)])
  }
  await store.compact()
  await store.close()
  vi.useRealTimers()

  const database = new Sqlite(path, { readonly: true })
  const reader = new PlainReader(database.prepare('SELECT data FROM chronode_segment').pluck().get() as Buffer)
  database.close()
  expect(reader.u32s(4)).toEqual([3, 2, 1, 0])
  expect(reader.doubles(3)).toEqual([1, 2, 3])
  expect(reader.doubles(3)).toEqual([RECORDED_AT + 1, RECORDED_AT + 2, RECORDED_AT + 3])
  expect(reader.vectors(3, 2)).toEqual([
    [1, 0],
    [2, 0],
    [3, 0],
  ])
  expect(reader.isAtEnd).toBe(true)
})

test('all tables are named, with all of their columns', async () => {
  const path = temporaryFile()
  await openForTest({ path })
  const database = new Sqlite(path, { readonly: true })
  const names = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'chronode%' ORDER BY name")
    .pluck()
    .all() as string[]
  const columns = Object.fromEntries(
    names.map((name) => [name, (database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(name) as string[]).toSorted()]),
  )
  database.close()

  const lines = [...DOCUMENT.matchAll(/^\| `(chronode_\w+)` \| [^|]+ \| (.*) \|$/gm)]
  const documented = lines.map(([, table, cell]) => {
    const named = [...cell!.replace(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)].map(([, column]) => column!)
    return [table!, ['checksum', ...(table === 'chronode_migration' ? [] : ['key']), ...named].toSorted()] as const
  })
  const { chronode_model: _, ...expected } = columns // nothing is stored there
  expect(Object.fromEntries(documented.filter(([table]) => table !== 'chronode_model'))).toEqual(expected)
})

const hasPython = spawnSync('python3', ['-c', 'import sqlite3']).status === 0

test.skipIf(!hasPython)('the program of the document reads a database with plain SQLite (needs python3)', () => {
  const [, program] = /```python\n(.*?)```/s.exec(DOCUMENT)!
  const path = temporaryFile()
  writeFileSync(path, gunzipSync(readFileSync(join(ROOT, 'tests', 'fixtures', 'schema-2-full.db.gz'))))
  const { collections } = JSON.parse(readFileSync(join(ROOT, 'tests', 'fixtures', 'contents.json'), 'utf8')) as {
    collections: { name: string; entities: { id: string; observations: { timestamp: number; vector: number[] }[] }[] }[]
  }
  for (const { name, entities } of collections) {
    const { stdout, stderr } = spawnSync('python3', ['-', path, name], { input: program!, encoding: 'utf8' })
    expect(stderr).toBe('')
    const expected = entities.map(({ id, observations }) => [id, observations.map(({ timestamp, vector }) => [timestamp, vector])])
    expect(JSON.parse(stdout)).toEqual(Object.fromEntries(expected))
  }
})
