import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../src/index.js'

const IDS = [...Array.from({ length: 253 }, (_, i) => `e${i}`), '\ufffd', '\uffff', '\u{10000}']

let db: Database
beforeAll(async () => {
  db = await openDatabase({ storage: { path: ':memory:' } }, { logger: { warn: () => undefined } })
  const things = await db.createCollection('things', { dimension: 1, metric: 'l2' })
  await things.insert(IDS.flatMap((entity, i) => [1, 2].map((timestamp) => ({ entity, timestamp, vector: [i / timestamp] }))))
})
afterAll(() => db.close())

async function entities(text: string, values: unknown[] = []): Promise<unknown[]> {
  return (await db.query(text, values)).rows.map(({ entity }) => entity)
}

/** Where EXPLAIN says which entities are asked. */
async function asked(operation: string, text: string, values: unknown[] = []): Promise<unknown> {
  const { rows } = await db.query<{ operation: string; detail: string }>(`EXPLAIN ${text}`, values)
  return rows.find((row) => row.operation.trim() === operation)?.detail
}

// biome-ignore format: a case a line
const CASES: readonly (readonly [condition: string, values: unknown[], ids: readonly string[], who: string])[] = [
  ["entity = 'e9'", [], ['e9'], "entity 'e9'"],
  ["'e9' = ENTITY", [], ['e9'], "entity 'e9'"],
  ["entity = 'nobody'", [], [], "entity 'nobody'"],
  ['entity = NULL', [], [], '0 named entities'],
  ['entity = $1', ['\ud800'], [], '0 named entities'], // as UTF-8 it would be U+FFFD
  ["entity IN ('e9', 'nobody', 'e10', 'e9', NULL)", [], ['e10', 'e9'], '4 named entities'],
  ['entity IN $1', [['\u{10000}', '\uffff', 'e7']], ['e7', '\uffff', '\u{10000}'], '3 named entities'],
  ["entity IN $1 AND entity IN ('e7', 'e8')", [['e7', 'x']], ['e7'], "entity 'e7'"],
  ["entity = 'e7' AND entity <> 'e7'", [], [], "entity 'e7' with entity <> 'e7'"],
]

describe.each(CASES)('WHERE %s', (condition, values, ids, who) => {
  test('SELECT looks these up, and answers them by id, each once', async () => {
    for (const each of ['', ' FOR EACH ENTITY']) {
      expect(await entities(`SELECT entity AS OF LATEST WHERE ${condition}${each}`, values)).toEqual(ids)
      expect(await asked('scan', `SELECT entity AS OF LATEST WHERE ${condition}${each}`, values)).toBe(`"things", ${who}, newest 1 of each`)
    }
    expect(await entities(`SELECT entity AS OF LATEST WHERE (${condition}) OR FALSE`, values)).toEqual(ids)
  })

  test('aggregates are taken of these', async () => {
    expect((await db.query(`SELECT count(timestamp) AS n WHERE ${condition}`, values)).rows).toEqual([{ n: 2 * ids.length }])
    expect(await entities(`SELECT entity, avg(norm(vector)) AS length GROUP BY entity WHERE ${condition}`, values)).toEqual(ids)
  })
})

test('who FOR names stays named, and is tested', async () => {
  expect(await entities("SELECT entity FOR ENTITIES ('e1', 'e2') AS OF LATEST WHERE entity IN ('e2', 'e3')")).toEqual(['e2'])
  expect(await asked('scan', "SELECT entity FOR ENTITIES ('e1', 'e2') WHERE entity = 'e2'")).toBe(
    `"things", 2 named entities with entity = 'e2', all times`,
  )
  await expect(entities("SELECT entity FOR ENTITY 'nobody' WHERE entity = 'e1'")).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('where there are not many more of them, all are asked', async () => {
  const most = IDS.slice(0, 200)
  expect(await asked('scan', 'SELECT entity WHERE entity IN $1', [most])).toBe('"things", all 256 entities with entity IN $1, all times')
  expect(await entities('SELECT entity AS OF 1 WHERE entity IN $1', [most])).toEqual([...most].sort())
})

test('what is no condition on who it is stays a mistake, or is asked of each', async () => {
  await expect(entities('SELECT entity WHERE entity = 1')).rejects.toMatchObject({ code: 'QUERY_TYPE' })
  await expect(entities('SELECT entity WHERE entity IN $1', [['e1', 1]])).rejects.toMatchObject({ code: 'QUERY_TYPE' })
  await expect(entities('SELECT entity WHERE entity IN $1', ['e1'])).rejects.toMatchObject({ code: 'QUERY_TYPE' })
  await expect(entities('SELECT entity WHERE entity IN $1', [new Array(100_001).fill('e1')])).rejects.toThrow('A list may hold 100000 values')
  expect(await asked('scan', "SELECT entity WHERE entity IN ('e1', attributes.x)")).toContain('all 256 entities with')
  expect(await asked('scan', "SELECT entity WHERE NOT entity = 'e1'")).toContain('all 256 entities with')
})

describe('NEAREST', () => {
  test.each(['AS OF LATEST', 'AS OF 1', 'BETWEEN 1 AND 2'])('looks candidates of %s up that WHERE names', async (scope) => {
    const named = ['e200', 'nobody', 'e3', 'e100']
    const search = `NEAREST 9 TO [50] ${scope}`
    const looked = await db.query(`${search} WHERE entity IN $1`, [named])
    expect(looked.rows.length).toBeGreaterThan(2)
    expect(looked.rows).toEqual((await db.query(`${search} WHERE entity IN $1 OR FALSE`, [named])).rows)
    expect(looked.rows).toEqual((await db.query(`${search} FOR ENTITIES $1`, [named])).rows)
    expect(await asked('candidates', `${search} WHERE entity IN $1`, [named])).toMatch(/^4 named entities, /)
    expect(await asked('filter', `${search} WHERE entity IN $1`, [named])).toBeUndefined()
    expect(await entities(`${search} WHERE entity = 'nobody'`)).toEqual([])
    expect(await entities(`${search} WHERE entity = 'e1' AND entity = 'e2'`)).toEqual([])
  })

  test('asks all of them in memory where looking up takes longer', async () => {
    expect(await asked('candidates', 'NEAREST 9 TO [50] WHERE entity IN $1', [IDS.slice(0, 5)])).toMatch(/^all 256 entities, /)
    expect(await entities('NEAREST 9 TO [0] WHERE entity IN $1', [IDS.slice(0, 5)])).toEqual(['e0', 'e1', 'e2', 'e3', 'e4'])
  })

  test('does not count who is not there among those that could not be predicted', async () => {
    const { rows, meta } = await db.query("NEAREST 9 TO [50] PREDICTED AT 9 WHERE entity IN ('e1', 'nobody')")
    expect(rows).toHaveLength(1)
    expect(meta.shortfall).toBe('There is only 1 candidate.')
  })
})
