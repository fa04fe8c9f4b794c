import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { type Database, openDatabase, type SelectRow } from '../../src/index.js'
import { SCHEMA_VERSION } from '../../src/storage/schema.js'
import { ROOT } from '../support/documents.js'
import { temporaryFile } from './support.js'

const FIXTURES = join(ROOT, 'tests', 'fixtures')

interface Observation {
  readonly timestamp: number
  readonly vector: readonly number[]
  readonly payload: unknown
}

interface Contents {
  readonly name: string
  readonly dimension: number
  readonly metric: string
  readonly normalized: boolean
  readonly entities: { readonly id: string; readonly attributes: unknown; readonly observations: readonly Observation[] }[]
}

/** What all of them were filled with, by scripts/make-fixture.mjs. */
const { collections } = JSON.parse(readFileSync(join(FIXTURES, 'contents.json'), 'utf8')) as { collections: readonly Contents[] }
const schemas = Array.from({ length: SCHEMA_VERSION }, (_, i) => i + 1)

/** A file of that schema, in a folder that goes with the test. */
function fixture(schema: number): string {
  const path = temporaryFile()
  writeFileSync(path, gunzipSync(readFileSync(join(FIXTURES, `schema-${schema}-full.db.gz`))))
  return path
}

function ask(path: string, sql: string): unknown[] {
  const database = new Sqlite(path, { readonly: true })
  try {
    return database.prepare(sql).raw().all()
  } finally {
    database.close()
  }
}

async function contents(db: Database): Promise<Contents[]> {
  const found: Contents[] = []
  for (const { name, dimension, metric, normalized } of db.collections()) {
    const collection = db.collection(name)
    const { rows } = await db.query<SelectRow>(`SELECT entity, timestamp, vector, payload, recorded_at FROM ${name}`)
    const entities: Contents['entities'] = []
    for await (const { entity, attributes } of collection.entities()) {
      const observations = rows
        .filter((row) => row.entity === entity)
        .map(({ timestamp, recorded_at, vector, payload }) => ({ timestamp, recorded_at, vector: Array.from(vector!), payload }))
      entities.push({ id: entity, attributes, observations })
    }
    found.push({ name, dimension, metric, normalized, entities })
  }
  return found
}

test('there is a file of every format', () => {
  const files = readdirSync(FIXTURES).filter((name) => name.endsWith('-full.db.gz'))
  expect(files.toSorted()).toEqual(schemas.map((schema) => `schema-${schema}-full.db.gz`))
})

test('the file of schema 2 has observations in all three places, some of them twice', () => {
  const path = fixture(2)
  const count = 'SELECT (SELECT count(*) FROM chronode_segment), (SELECT count(*) FROM chronode_strip), (SELECT count(*) FROM chronode_observation)'
  expect(ask(path, count)).toEqual([[2, 4, 44]])
  expect(ask(path, 'SELECT sum(shadowed_count) > 0, sum(settled_strip > 0) > 0 FROM chronode_entity')).toEqual([[1, 1]])
})

test('bringing a file of schema 1 further rewrites none of its rows', async () => {
  const path = fixture(1)
  const database = new Sqlite(path)
  const many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT 2, 'many' || i, 0, 1, 0 FROM n"
  database.exec(`INSERT INTO chronode_entity (collection, id, observation_count, generation, checksum) ${many}`)
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
  expect(statSync(path).size).toBeGreaterThan(2_500_000)

  await using db = await openDatabase({ storage: { path } })
  expect(db.collections()).toHaveLength(2)
  expect(statSync(`${path}-wal`).size).toBeLessThan(150_000)
})

describe.each(schemas)('a file of schema %i', (schema) => {
  test('is what it says it is', () => {
    expect(ask(fixture(schema), 'SELECT max(number) FROM chronode_migration')).toEqual([[schema]])
  })

  test('opens, and all of it is read', async () => {
    const path = fixture(schema)
    await using db = await openDatabase({ storage: { path } })
    expect(await contents(db)).toEqual(collections)
    expect(await db.verify()).toMatchObject({ ok: true })
    expect(ask(path, 'SELECT max(number) FROM chronode_migration')).toEqual([[SCHEMA_VERSION]])
  })

  test('is written on, packed and read again', async () => {
    const path = fixture(schema)
    const batches = [
      Array.from({ length: 40 }, (_, i) => observation('long', LATER - i * 10_000_000)), // some after what is stored, some between it
      Array.from({ length: 4 }, (_, i) => observation('long', Date.UTC(2001, 0, 3) + i * 3_600_000)), // these replace
      Array.from({ length: 300 }, (_, i) => observation('e00', LATER + i)),
      Array.from({ length: 19 }, (_, i) => observation(`e${String(i + 1).padStart(2, '0')}`, LATER)),
    ]
    const expected = new Map(collections[1]!.entities.map(({ id, observations }) => [id, new Map(observations.map((one) => [one.timestamp, one]))]))
    for (const { entity, ...one } of batches.flat()) {
      if (!expected.has(entity)) expected.set(entity, new Map())
      expected.get(entity)!.set(one.timestamp, one)
    }

    const db = await openDatabase({ storage: { path } })
    for (const batch of batches) await db.collection('words').insert(batch)
    const words = async () => plain((await contents(db))[1]!.entities.map(({ id, observations }) => [id, observations]))
    const inOrder = plain([...expected].map(([id, observations]) => [id, [...observations.values()]]))
    expect(await words()).toEqual(inOrder)
    expect(await db.verify()).toMatchObject({ ok: true })
    await db.compact()
    expect(await words()).toEqual(inOrder)
    expect(await db.verify()).toMatchObject({ ok: true })
    expect(ask(path, "SELECT packed_count, shadowed_count FROM chronode_entity WHERE id = 'long'")).toEqual([[expected.get('long')!.size, 0]])
    const before = await contents(db)
    await db.close()

    await using again = await openDatabase({ storage: { path } }, { readonly: true })
    expect(await contents(again)).toEqual(before)
  })

  test('waits for migrate() where the app wants that', async () => {
    await using db = await openDatabase({ storage: { path: fixture(schema), migrate: 'manual' } })
    if (schema < SCHEMA_VERSION) await expect(db.query('SHOW COLLECTIONS')).rejects.toMatchObject({ code: 'STORAGE_MIGRATION_NEEDED' })
    await db.migrate()
    expect(await contents(db)).toEqual(collections)
  })

  test('is left as it is while nobody may write', async () => {
    const path = fixture(schema)
    const bytes = readFileSync(path)
    const opened = openDatabase({ storage: { path } }, { readonly: true })
    if (schema === SCHEMA_VERSION) await (await opened).close()
    else await expect(opened).rejects.toMatchObject({ code: 'STORAGE_MIGRATION_NEEDED', message: expect.stringContaining(`has schema ${schema}; `) })
    expect(readFileSync(path).equals(bytes)).toBe(true)
  })
})

const LATER = Date.UTC(2002, 0, 1)

function observation(entity: string, timestamp: number): Observation & { entity: string; payload: { timestamp: number } } {
  return { entity, timestamp, vector: Array.from({ length: 64 }, (_, d) => (timestamp % 1013) - d), payload: { timestamp } }
}

/** By id and time, without what the clock said. */
function plain(entities: readonly (readonly [id: string, observations: readonly Observation[]])[]): unknown {
  const inOrder = entities.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return inOrder.map(([id, observations]) => [
    id,
    observations.toSorted((a, b) => a.timestamp - b.timestamp).map(({ timestamp, vector, payload }) => [timestamp, vector, payload]),
  ])
}
