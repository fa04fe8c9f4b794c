import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, DatabaseError, openDatabase } from '../src/index.js'
import { openForTest, openWith } from './support/database.js'

let db: Database
beforeAll(async () => {
  db = await openDatabase({ storage: { path: ':memory:' } }, { logger: { warn: () => undefined } })
  const things = await db.createCollection('things', { dimension: 2, metric: 'l2' })
  const values = { a: [1, 2, 'x', null, true], b: [5], c: [[1], { d: 1 }] }
  for (const [entity, list] of Object.entries(values))
    await things.insert(list.map((x, i) => ({ entity, timestamp: 1000 * (i + 1), vector: [3 * i, 4 * i], payload: { x, i } })))
  await things.setAttributes('a', { team: 'red' })
})
afterAll(() => db.close())

async function rows(statement: string, values: unknown[] = []): Promise<unknown[]> {
  return (await db.query(statement, values)).rows.map((row) => Object.values(row))
}

describe('aggregates of all rows', () => {
  test.each<[string, unknown]>([
    ['count(*)', 8],
    ['COUNT(payload.x)', 7],
    ['count(vector)', 8],
    ['count(NULL)', 0],
    ['sum(payload.i)', 0 + 1 + 2 + 3 + 4 + 0 + 0 + 1],
    ['sum(payload.x)', 8],
    ['avg(payload.x)', 8 / 3],
    ['avg(NULL)', null],
    ['min(payload.x)', true], // booleans before numbers before text; lists and objects are not counted
    ['max(payload.x)', 'x'],
    ['min(timestamp)', 1000],
    ['max(timestamp) - min(timestamp)', 4000],
    ['avg(timestamp)', (15_000 + 1000 + 3000) / 8],
    ['max(entity)', 'c'],
    ['min(entity = $1)', false],
    ['avg(norm(vector))', (0 + 5 + 10 + 15 + 20 + 0 + 0 + 5) / 8],
    ['max(distance(vector, [0, 0]))', 20],
    ['count(*) / 0', null],
    ['count(*) + count(*) * 2', 24],
    ["max(timestamp) + INTERVAL '1 month' > '1970-02'", true],
    ["max(timestamp) = '1970-01-01T00:00:05Z'", true],
  ])('%s', async (aggregate, expected) => {
    expect(await rows(`SELECT ${aggregate} AS x`, aggregate.includes('$1') ? ['a'] : [])).toEqual([[expected]])
  })

  test('WHERE, ranges and AS OF choose what they are taken of', async () => {
    expect(await rows('SELECT count(*) AS n WHERE payload.i > 0')).toEqual([[5]])
    expect(await rows('SELECT count(*) AS n, max(timestamp) AS t UNTIL 2000')).toEqual([[5, 2000]])
    expect(await rows('SELECT count(*) AS n, sum(payload.i) AS s AS OF 2500')).toEqual([[3, 2]])
    expect(await rows("SELECT count(*) AS n FOR ENTITIES ('b', 'x')")).toEqual([[1]])
  })

  test('of nothing there is one row, and by entity none', async () => {
    expect(await rows('SELECT count(*) AS n, min(timestamp) AS a, avg(norm(vector)) AS b, sum(payload.i) AS c SINCE 9000')).toEqual([
      [0, null, null, null],
    ])
    expect(await rows('SELECT count(*) AS n SINCE 9000 GROUP BY entity')).toEqual([])
    expect(await rows("SELECT count(*) AS n WHERE entity = 'nobody'")).toEqual([[0]])
  })
})

describe('GROUP BY entity', () => {
  test('is one row an entity, by id, in which its id and attributes can be named', async () => {
    expect(await rows('SELECT entity, count(*) AS n, attributes.team AS team GROUP BY entity')).toEqual([
      ['a', 5, 'red'],
      ['b', 1, null],
      ['c', 2, null],
    ])
    expect(await rows('SELECT entity GROUP BY entity')).toEqual([['a'], ['b'], ['c']])
  })

  test('HAVING chooses groups, ORDER BY and LIMIT come after', async () => {
    expect(await rows('SELECT entity GROUP BY entity HAVING count(*) > 1')).toEqual([['a'], ['c']])
    expect(await rows("SELECT entity, count(*) AS n GROUP BY entity HAVING n > 1 AND attributes.team = 'red'")).toEqual([['a', 5]])
    expect(await rows('SELECT entity AS who GROUP BY entity ORDER BY count(*) DESC LIMIT 2')).toEqual([['a'], ['c']])
    expect(await rows('SELECT entity, sum(payload.i) AS total GROUP BY entity ORDER BY total LIMIT 1 OFFSET 1')).toEqual([['c', 1]])
    expect(await rows('SELECT count(*) AS n GROUP BY entity HAVING min(payload.i) IS NULL')).toEqual([])
  })

  test('a trajectory of many pieces is one group', async () => {
    const many = await openForTest()
    const long = await many.createCollection('long', { dimension: 1 })
    await long.insert(Array.from({ length: 20_000 }, (_, i) => ({ entity: `e${i % 2}`, timestamp: i, vector: [i] })))

    const { rows: counts } = await many.query('SELECT entity, count(*) AS n, max(timestamp) AS t GROUP BY entity')

    expect(counts).toEqual([
      { entity: 'e0', n: 10_000, t: 19_998 },
      { entity: 'e1', n: 10_000, t: 19_999 },
    ])
  })
})

describe('mistakes', () => {
  // biome-ignore format: the carets stand below what they mean
  test.each<[string, string, string, string]>([
    ['SELECT entity, count(*)',
     '       ^^^^^^', 'QUERY_TYPE', 'entity differs within one row of all observations, which aggregates give. Add GROUP BY entity.'],
    ['SELECT count(*), attributes.team',
     '                 ^^^^^^^^^^^^^^^', 'QUERY_TYPE', 'attributes differs within one row of all observations, which aggregates give. Add GROUP BY entity.'],
    ['SELECT timestamp GROUP BY entity',
     '       ^^^^^^^^^', 'QUERY_TYPE', 'timestamp differs within one row an entity, which aggregates give. Take an aggregate of it, such as min(timestamp) or max(timestamp), or leave it out.'],
    ['SELECT vector, count(*) GROUP BY entity',
     '       ^^^^^^', 'QUERY_TYPE', 'vector differs within one row an entity, which aggregates give. Take an aggregate of it, such as count(*) or avg(norm(vector)), or leave it out.'],
    ['SELECT payload.x, count(*)',
     '       ^^^^^^^^^', 'QUERY_TYPE', 'payload differs within one row of all observations, which aggregates give. Take an aggregate of it, such as min(payload) or max(payload), or leave it out.'],
    ['SELECT entity ORDER BY count(*)',
     '       ^^^^^^', 'QUERY_TYPE', 'entity differs within one row of all observations, which aggregates give. Add GROUP BY entity.'],
    ['SELECT count(*) GROUP BY entity ORDER BY timestamp',
     '                                         ^^^^^^^^^', 'QUERY_TYPE', 'timestamp differs within one row an entity, which aggregates give. Take an aggregate of it, such as min(timestamp) or max(timestamp), or leave it out.'],
    ['SELECT * GROUP BY entity',
     '       ^', 'QUERY_SYNTAX', '* is the columns of single observations. Beside GROUP BY and aggregates name what to show: entity, count(*).'],
    ['SELECT entity WHERE count(*) > 1',
     '                    ^^^^^^^^', 'QUERY_SYNTAX', 'WHERE chooses observations before count is taken of them. Put conditions on aggregates behind GROUP BY entity, as HAVING.'],
    ['SELECT max(count(*))',
     '           ^^^^^^^^', 'QUERY_SYNTAX', 'count stands inside of another aggregate, which takes single observations. Take one of both.'],
    ['SELECT max(*)',
     '       ^^^^^^', 'QUERY_SYNTAX', 'Only count takes *; max takes a value of each row.'],
    ['SELECT count()',
     '       ^^^^^^^', 'QUERY_TYPE', 'count takes one value of each row; it was given 0. To count rows write count(*).'],
    ['SELECT min(timestamp, entity)',
     '       ^^^^^^^^^^^^^^^^^^^^^^', 'QUERY_TYPE', 'min takes one value of each row; it was given 2.'],
    ['SELECT avg(vector)',
     '           ^^^^^^', 'QUERY_TYPE', 'avg cannot take a vector. Take it of a number of the vector, such as norm(vector).'],
    ['SELECT avg(entity)',
     '           ^^^^^^', 'QUERY_TYPE', 'avg cannot take a text. Count the rows with count(*), or take it of a number.'],
    ['SELECT sum(timestamp)',
     '           ^^^^^^^^^', 'QUERY_TYPE', 'sum cannot take a time. Subtract another time first, which gives milliseconds.'],
    ['SELECT count(*), count(*)',
     '                 ^^^^^^^^', 'QUERY_SYNTAX', 'Two columns are called "count(*)". Give one another name with AS.'],
    ['SELECT entity GROUP BY entity HAVING count(*)',
     '                                     ^^^^^^^^', 'QUERY_TYPE', 'A condition is true, false or NULL; this is a number. Compare it with something.'],
    ["PREDICT vector AT '2030' FOR EACH ENTITY ORDER BY count(*)",
     '                                                  ^^^^^^^^', 'QUERY_SYNTAX', 'PREDICT has no aggregates, such as count. They are taken of stored observations, by SELECT.'],
    ["PREDICT vector AT '2030' FOR EACH ENTITY WHERE max(attributes.n) = 1",
     '                                               ^^^^^^^^^^^^^^^^^', 'QUERY_SYNTAX', 'PREDICT has no aggregates, such as max. They are taken of stored observations, by SELECT.'],
    ['SELECT count(*) AS OF LATEST SAMPLE BY 1d',
     '                             ^^^^^^^^^^^^', 'QUERY_SYNTAX', 'AS OF chooses one observation of each entity, and SAMPLE BY needs a stretch of time. For what was known then write UNTIL and the time.'],
    ['SELECT count(*) SAMPLE BY 1d FILL (PREDICT)',
     '                ^^^^^^^^^^^^^^^^^^^^^^^^^^^', 'QUERY_TYPE', 'FILL (PREDICT) continues vectors, and no method predicts aggregates. Fill these with NULL, PREVIOUS or LINEAR.'],
    ['SELECT vector SAMPLE BY 1d FILL (PREDICT) WHERE payload.i = 1',
     '              ^^^^^^^^^^^^^^^^^^^^^^^^^^^', 'QUERY_TYPE', 'FILL (PREDICT) continues whole trajectories, of which WHERE may leave nothing out: test entity and attributes alone.'],
    ['SELECT vector SAMPLE BY -1d',
     '                        ^^^', 'QUERY_TYPE', 'SAMPLE BY takes a span of time above 0.'],
    ['SELECT kind',
     '       ^^^^', 'QUERY_UNKNOWN_NAME', 'There is no column of SELECT "kind". Known: entity, timestamp, vector, recorded_at, payload, attributes.'],
  ])('%s', async (statement, carets, code, expected) => {
    const error = await db.query(statement).catch((caught: unknown) => caught)
    if (!(error instanceof DatabaseError)) throw new Error(`${statement} was answered`)
    const [message, , , below] = error.message.split('\n')
    expect({ code: error.code, message, carets: below!.slice('  | '.length) }).toEqual({ code, message: expected, carets })
  })
})

test('rows can be told apart by their order only where there is one: equal keys keep the order they came in', async () => {
  const many = await openWith({ a: Array.from({ length: 5000 }, (_, i) => [i, [i % 7]] as const) })

  const { rows: ordered } = await many.query('SELECT timestamp ORDER BY norm(vector) DESC')

  const expected = Array.from({ length: 5000 }, (_, i) => i).sort((x, y) => (y % 7) - (x % 7) || x - y)
  expect(ordered.map(({ timestamp }) => timestamp)).toEqual(expected)
})
