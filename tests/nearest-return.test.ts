import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import type { Database } from '../src/index.js'
import { openForTest, temporaryFolder } from './support/database.js'

const DIMENSION = 4
const vectorAt = (entity: number, step: number) => Float32Array.from({ length: DIMENSION }, (_, i) => entity * 1000 + step + i / 8)

/** Ten entities of a hundred observations each, and the path of their file. */
async function openWalks(): Promise<{ db: Database; path: string }> {
  const path = join(temporaryFolder(), 'walks.db')
  const db = await openForTest({ storage: { path } })
  const walks = await db.createCollection('walks', { dimension: DIMENSION, metric: 'l2' })
  for (let entity = 0; entity < 10; entity++) {
    const observations = Array.from({ length: 100 }, (_, step) => ({
      entity: `e${entity}`,
      timestamp: step,
      vector: vectorAt(entity, step),
      payload: { step },
    }))
    // Small batches stay rows, which nobody keeps in memory beside the matrix.
    for (let start = 0; start < 100; start += 10) await walks.insert(observations.slice(start, start + 10))
  }
  return { db, path }
}

interface Shown {
  readonly entity: string
  readonly timestamp: number
  readonly vector: Float32Array
}

const QUERY = vectorAt(3, 40)
const text = (scope: string, columns: string, rest = '') => `NEAREST 30 TO $1 ${scope} RETURN ${columns} ${rest}`

describe.each(['BETWEEN 10 AND 80', 'AS OF 50', 'AS OF LATEST', 'BETWEEN 0 AND 99 PER ENTITY 4'])('RETURN vector, %s', (scope) => {
  test('shows the vector of each neighbour, with whatever else is shown', async () => {
    const { db } = await openWalks()
    const plain = await db.query<Shown>(`NEAREST 30 TO $1 ${scope}`, [QUERY])
    expect(plain.rows.length).toBeGreaterThan(9)

    for (const columns of ['vector', 'vector AS v', 'vector, payload', 'vector, recorded_at', 'vector, attributes', '*']) {
      const { rows } = await db.query<Shown & { v?: Float32Array; payload?: object; recorded_at?: number }>(text(scope, columns), [QUERY])
      expect(rows.map(({ entity, timestamp }) => ({ entity, timestamp }))).toEqual(plain.rows.map(({ entity, timestamp }) => ({ entity, timestamp })))
      for (const { entity, timestamp, vector, v, payload, recorded_at } of rows) {
        expect(vector ?? v).toEqual(vectorAt(Number(entity.slice(1)), timestamp))
        if (columns.includes('payload') || columns === '*') expect(payload).toEqual({ step: timestamp })
        if (columns.includes('recorded_at') || columns === '*') expect(recorded_at).toBeGreaterThan(0)
      }
    }
  })

  test('with LIMIT and OFFSET shows those rows alone', async () => {
    const { db } = await openWalks()
    const { rows: all } = await db.query<Shown>(text(scope, 'vector'), [QUERY])
    const { rows } = await db.query<Shown>(text(scope, 'vector', 'LIMIT 3 OFFSET 2'), [QUERY])

    expect(rows).toEqual(all.slice(2, 5))
  })
})

test('RETURN vector gives memory of its own', async () => {
  const { db } = await openWalks()
  const first = await db.query<Shown>(text('BETWEEN 0 AND 99', 'vector'), [QUERY])
  for (const { vector } of first.rows) vector.fill(-1)
  const again = await db.query<Shown>(text('BETWEEN 0 AND 99', 'vector'), [QUERY])

  expect(again.rows.map(({ vector, entity, timestamp }) => [vector, entity, timestamp])).toEqual(
    again.rows.map(({ entity, timestamp }) => [vectorAt(Number(entity.slice(1)), timestamp), entity, timestamp]),
  )
})

test('RETURN vector takes the vectors from memory, where they were verified', async () => {
  const { db, path } = await openWalks()
  await db.query(text('BETWEEN 0 AND 99', 'vector'), [QUERY])
  const other = new Sqlite(path)
  for (const [table, column] of [
    ['chronode_segment', 'data'],
    ['chronode_observation', 'vector'],
    ['chronode_strip', 'data'],
  ])
    other.exec(`UPDATE ${table} SET ${column} = zeroblob(length(${column}))`)
  other.close()

  const { rows, meta } = await db.query<Shown>(text('BETWEEN 0 AND 99', 'vector'), [QUERY])
  expect(meta.access).toBe('resident')
  expect(rows.map(({ vector }) => vector)).toEqual(rows.map(({ entity, timestamp }) => vectorAt(Number(entity.slice(1)), timestamp)))
  const reopened = await openForTest({ storage: { path } })
  await expect(reopened.query(text('BETWEEN 0 AND 99', 'vector'), [QUERY])).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
})
