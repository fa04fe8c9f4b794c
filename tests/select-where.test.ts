import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../src/index.js'

const ENTITIES = 128
/** Of each entity. */
const MOMENTS = 10

let db: Database
beforeAll(async () => {
  db = await openDatabase({ storage: { path: ':memory:' } }, { logger: { warn: () => undefined } })
  const things = await db.createCollection('things', { dimension: 1, metric: 'l2' })
  for (let e = 0; e < ENTITIES; e++) {
    await things.insert(Array.from({ length: MOMENTS }, (_, t) => ({ entity: `e${e}`, timestamp: t, vector: [e + t / 100], payload: { n: t % 3 } })))
    await things.setAttributes(`e${e}`, { g: e % 8 })
  }
})
afterAll(() => db.close())

interface Explained {
  readonly operation: string
  readonly detail: string
  readonly rows: number | null
}

/** What a statement reads, and how it says so. */
async function line(operation: string, text: string, values: unknown[] = []): Promise<readonly [detail: string, rows: number | null]> {
  const { rows } = await db.query<Explained>(`EXPLAIN ANALYZE ${text}`, values)
  const found = rows.find((row) => row.operation.trim() === operation)!
  return [found.detail, found.rows]
}

async function keys(text: string, values: unknown[] = []): Promise<string[]> {
  const { rows } = await db.query<{ entity: string; timestamp: number }>(text, values)
  return rows.map(({ entity, timestamp }) => `${entity} ${timestamp}`)
}

describe('what AND joins in WHERE', () => {
  const mixed = 'attributes.g = 7 AND payload.n = 2 AND entity LIKE $1'
  const ofEntity = `"things", all 128 entities with attributes.g = 7 AND entity LIKE $1, all times`

  test('is asked once an entity where that is enough, and only the observations of those that are left are read', async () => {
    const kept = ['e15', 'e103', 'e111', 'e119', 'e127'] // of g = 7 and 'e1%'
    expect(await keys(`SELECT * WHERE ${mixed}`, ['e1%'])).toEqual(kept.sort().flatMap((entity) => [2, 5, 8].map((t) => `${entity} ${t}`)))
    expect(await line('scan', `SELECT * WHERE ${mixed}`, ['e1%'])).toEqual([`${ofEntity}, tested row by row`, kept.length * MOMENTS])
    expect(await line('filter', `SELECT * WHERE ${mixed}`, ['e1%'])).toEqual(['payload.n = 2', kept.length * 3])
  })

  test.each([
    ['SELECT count(*) AS n', [{ n: 15 }]],
    ['SELECT count(*) AS n GROUP BY entity LIMIT 2', [{ n: 3 }, { n: 3 }]],
    ['SELECT timestamp, count(*) AS n SAMPLE BY 5ms', [{ timestamp: 0, n: 5 }, { timestamp: 5, n: 10 }]], // biome-ignore format: one row a line
  ])('so it is for %s', async (text, expected) => {
    const [columns, ...clauses] = text.split(/(?= (?:GROUP|SAMPLE|LIMIT))/)
    const statement = `${columns} WHERE ${mixed}${clauses.join('')}`
    expect((await db.query(statement, ['e1%'])).rows).toEqual(expected)
    expect((await line('scan', statement, ['e1%']))[0]).toBe(`${ofEntity}, tested row by row`)
  })

  test('so it is for buckets, which are filled only of what is left', async () => {
    const statement = `SELECT entity, timestamp, payload.n AS n SAMPLE BY 4ms FILL (PREVIOUS) WHERE ${mixed}`
    expect((await line('scan', statement, ['e103']))[0]).toBe(`${ofEntity}, tested row by row`)
    expect((await db.query(statement, ['e103'])).rows).toEqual([0, 4, 8].map((timestamp) => ({ entity: 'e103', timestamp, n: 2 })))
  })

  test('on time narrows what is read beside it', async () => {
    expect(await line('scan', 'SELECT * WHERE attributes.g = 7 AND timestamp >= 8')).toEqual([
      '"things", all 128 entities with attributes.g = 7, from 1970-01-01T00:00:00.008Z, tested row by row',
      32,
    ])
  })

  test('stays together under OR', async () => {
    expect(await line('scan', 'SELECT * WHERE attributes.g = 7 OR payload.n = 2')).toEqual([
      '"things", all 128 entities, all times, tested row by row',
      1280,
    ])
  })
})
