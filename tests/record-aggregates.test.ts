import BetterSqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../src/index.js'
import { openForTest } from './support/database.js'
import { Random, seedOfRun } from './support/random.js'

interface Explained {
  readonly operation: string
  readonly detail: string
}

async function explained(db: Database, text: string): Promise<string[]> {
  const { rows } = await db.query<Explained>(`EXPLAIN ${text}`)
  return rows.slice(1).map(({ operation, detail }) => `${operation.trim()}: ${detail}`)
}

async function values(db: Database, text: string): Promise<unknown[][]> {
  return (await db.query(text)).rows.map((row) => Object.values(row))
}

describe('count(*), min(timestamp) and max(timestamp)', () => {
  const seed = seedOfRun()

  test(`are what they are of the observations themselves, whatever was written and deleted (seed ${seed})`, async () => {
    const random = new Random(seed)
    const db = await openForTest()
    const things = await db.createCollection('things', { dimension: 1 })
    await things.setAttributes('e0', { g: 0 }, { create: true })
    for (let round = 0; round < 30; round++) {
      const entity = `e${random.below(6)}`
      const write = random.pick([
        () => things.insert(random.list(1, 300, () => ({ entity: `e${random.below(6)}`, timestamp: random.below(2000) - 1000, vector: [1] }))),
        () => things.insert(random.list(1, 30, () => ({ entity, timestamp: round * 1000 + random.below(1000), vector: [2] }))),
        () => things.delete({ entity, from: random.below(500) - 500, to: random.below(500) }),
        () => things.delete({ entity, to: round * 1000 }),
        () => things.removeEntity(entity),
        () => things.setAttributes(entity, { g: random.below(2) }, { create: true }),
        () => db.compact(),
      ])
      await write()
      for (const [columns, clauses] of [
        ['count(*) AS n', ''],
        ['count(*) AS n, count(*) * 2 AS twice', ''],
        ['min(timestamp) AS first, max(timestamp) AS last, count(*) AS n', ''],
        ['max(timestamp) AS last', 'WHERE attributes.g = 1'],
        ['count(*) AS n', "WHERE entity <> 'e2'"],
        ['count(*) AS n, max(timestamp) - min(timestamp) AS span', "FOR ENTITIES ('e1', 'e1', 'x', 'e3')"],
        ['entity, attributes.g AS g, count(*) AS n, min(timestamp) AS first', 'GROUP BY entity HAVING count(*) > 1'],
        ['entity', 'GROUP BY entity ORDER BY count(*) DESC, max(timestamp) LIMIT 3'],
      ] as const) {
        const text = `SELECT ${columns} ${clauses}`
        const read = clauses.includes('WHERE') ? `${text} AND norm(vector) > 0` : `${text} WHERE norm(vector) > 0`
        expect((await explained(db, text)).at(-1), text).toMatch(/^records: /)
        expect((await explained(db, read)).at(-1), read).toMatch(/^scan: /)
        expect(await values(db, text), `${text} in round ${round}`).toEqual(await values(db, read))
      }
    }
  })

  test('are counted in the view of the statement, which sees what the app has not committed', async () => {
    const connection = new BetterSqlite(':memory:')
    const db = await openDatabase({}, { connection, logger: { warn: () => undefined } })
    const things = await db.createCollection('things', { dimension: 1 })
    await things.insert([{ entity: 'a', timestamp: 5, vector: [1] }])
    connection.exec('BEGIN')
    things.insertSync([
      { entity: 'a', timestamp: 7, vector: [1] },
      { entity: 'b', timestamp: 3, vector: [1] },
    ])
    expect(await values(db, 'SELECT count(*) AS n')).toEqual([[3]])
    expect(await values(db, 'SELECT min(timestamp) AS first, max(timestamp) AS last')).toEqual([[3, 7]])
    connection.exec('ROLLBACK')
    expect(await values(db, 'SELECT count(*) AS n')).toEqual([[1]])
    expect(await values(db, 'SELECT entity, count(*) AS n GROUP BY entity')).toEqual([['a', 1]])
    await db.close()
    connection.close()
  })

  test('of nothing are one row, and by entity none', async () => {
    const db = await openForTest()
    const things = await db.createCollection('things', { dimension: 1 })
    const all = 'SELECT count(*) AS n, min(timestamp) AS first, max(timestamp) AS last'
    expect(await values(db, all)).toEqual([[0, null, null]])
    expect(await values(db, 'SELECT count(*) AS n')).toEqual([[0]])
    await things.setAttributes('empty', {}, { create: true })
    expect(await values(db, all)).toEqual([[0, null, null]])
    expect(await values(db, 'SELECT entity, count(*) AS n GROUP BY entity')).toEqual([])
  })
})

test('EXPLAIN says that nothing is read, and what else has to be', async () => {
  const db = await openForTest()
  await db.createCollection('things', { dimension: 1 })
  await db.collection('things').insert([{ entity: 'a', timestamp: 5, vector: [1] }])
  expect(await explained(db, 'SELECT count(*)')).toEqual([
    'aggregate: count(*) of all entities',
    'records: "things", its own record, which counts them; no observation is read',
  ])
  expect(await explained(db, 'SELECT count(*), max(timestamp) WHERE attributes.g = 1')).toEqual([
    'aggregate: count(*), max(timestamp) of all entities',
    'records: "things", all 1 entities with attributes.g = 1, their own records; no observation is read',
  ])
  expect((await explained(db, 'SELECT count(*) GROUP BY entity'))[1]).toContain('records: "things", all 1 entities, their own records')
  for (const read of [
    'SELECT count(payload)',
    'SELECT count(*), avg(timestamp)',
    'SELECT min(norm(vector))',
    'SELECT count(*) SINCE 0',
    'SELECT count(*) LAST 3',
    'SELECT count(*) AS OF LATEST',
    'SELECT count(*) WHERE timestamp > 0',
    'SELECT count(*) SAMPLE BY 1d',
    'SELECT count(*) GROUP BY entity HAVING sum(payload.n) > 0',
  ])
    expect((await explained(db, read)).at(-1), read).toMatch(/^scan: /)
})
