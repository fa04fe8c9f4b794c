import { describe, expect, test } from 'vitest'
import { openForTest, openWith } from './support/database.js'

const TRAILS = {
  b: [
    [10, [1, 0]],
    [20, [2, 0]],
    [30, [3, 0]],
  ],
  a: [
    [5, [9, 9]],
    [25, [8, 8]],
  ],
} as const

async function keys(statement: string, values: unknown[] = []): Promise<unknown[]> {
  const db = await openWith(TRAILS)
  const { rows } = await db.query(statement, values)
  return rows.map(({ entity, timestamp }) => `${entity as string}${timestamp as number}`)
}

describe('SELECT', () => {
  test('everything comes by entity id, then by time', async () => {
    expect(await keys('SELECT entity, timestamp')).toEqual(['a5', 'a25', 'b10', 'b20', 'b30'])
  })

  test('AS OF is the last observation of each entity at or before a time', async () => {
    expect(await keys('SELECT * AS OF 20')).toEqual(['a5', 'b20'])
    expect(await keys('SELECT * AS OF 9')).toEqual(['a5'])
    expect(await keys('SELECT * AS OF LATEST')).toEqual(['a25', 'b30'])
    expect(await keys('SELECT * AS OF 4')).toEqual([])
  })

  test('ranges include their ends', async () => {
    expect(await keys('SELECT * BETWEEN 10 AND 20')).toEqual(['b10', 'b20'])
    expect(await keys('SELECT * SINCE 25')).toEqual(['a25', 'b30'])
    expect(await keys('SELECT * UNTIL 10')).toEqual(['a5', 'b10'])
    expect(await keys('SELECT * SINCE 10 UNTIL 25')).toEqual(['a25', 'b10', 'b20'])
  })

  test('LAST counts per entity, in observations or back in time', async () => {
    expect(await keys('SELECT * LAST 2')).toEqual(['a5', 'a25', 'b20', 'b30'])
    expect(await keys('SELECT * LAST 1 UNTIL 25')).toEqual(['a25', 'b20'])
    expect(await keys('SELECT * LAST 10ms')).toEqual(['a25', 'b20', 'b30'])
    expect(await keys('SELECT * LAST 10ms UNTIL 24')).toEqual(['a5', 'b10', 'b20'])
    expect(await keys('SELECT * LAST $1', ['10 ms'])).toEqual(['a25', 'b20', 'b30'])
  })

  test('named entities come by id, each once; an unknown one of a list is nothing, a single one an error', async () => {
    expect(await keys("SELECT * FOR ENTITIES ('b', 'x', 'a', 'b') LAST 1")).toEqual(['a25', 'b30'])
    expect(await keys('SELECT * FOR ENTITIES $1 LAST 1', [['b']])).toEqual(['b30'])
    await expect(keys('SELECT * FOR ENTITIES $1', ['b'])).rejects.toThrow("This parameter should hold a list; it holds 'b'.")
    await expect(keys("SELECT * FOR ENTITY 'c'")).rejects.toMatchObject({ code: 'NOT_FOUND', kind: 'entity' })
  })

  test('WHERE, ORDER BY and LIMIT', async () => {
    expect(await keys('SELECT * WHERE timestamp >= 20 ORDER BY timestamp DESC')).toEqual(['b30', 'a25', 'b20'])
    expect(await keys('SELECT * ORDER BY norm(vector) LIMIT 2 OFFSET 1')).toEqual(['b20', 'b30'])
    expect(await keys('SELECT * LIMIT 2')).toEqual(['a5', 'a25'])
    expect(await keys('SELECT * LIMIT 0')).toEqual([])
    expect(await keys("SELECT * WHERE timestamp < '1970-01-01T00:00:00.020Z'")).toEqual(['a5', 'b10'])
  })

  test('payloads and attributes come back as they went in, and can be asked for', async () => {
    const db = await openForTest()
    const notes = await db.createCollection('notes', { dimension: 1 })
    await notes.insert([
      { entity: 'a', timestamp: 1, vector: [1], payload: { source: 'x', tags: ['p', 'q'], deep: { n: 7 } } },
      { entity: 'a', timestamp: 2, vector: [2] },
      { entity: 'a', timestamp: 3, vector: [3], payload: 'plain text' },
    ])
    await notes.setAttributes('a', { 'odd name': 1 })

    const { rows, columns } = await db.query('SELECT timestamp, payload, payload.deep.n AS n, attributes."odd name" WHERE payload IS NOT NULL')

    expect(columns).toEqual(['timestamp', 'payload', 'n', 'attributes."odd name"'])
    expect(rows).toEqual([
      { timestamp: 1, payload: { source: 'x', tags: ['p', 'q'], deep: { n: 7 } }, n: 7, 'attributes."odd name"': 1 },
      { timestamp: 3, payload: 'plain text', n: null, 'attributes."odd name"': 1 },
    ])
  })

  test('recorded_at is when the present version was written', async () => {
    const db = await openWith({ a: [[0, [1]]] })
    const before = Date.now()

    const { rows } = await db.query('SELECT recorded_at')

    expect(rows[0]!['recorded_at']).toBeGreaterThan(before - 60_000)
    expect(rows[0]!['recorded_at']).toBeLessThanOrEqual(Date.now())
  })

  test('vectors come as Float32Array, as lists for JSON, or not at all', async () => {
    const db = await openWith({ a: [[0, [1, 2]]] })
    const ask = async (vectors: 'float32' | 'array' | 'none') => (await db.query('SELECT entity, vector', [], { vectors })).rows[0]

    expect(await ask('float32')).toEqual({ entity: 'a', vector: Float32Array.of(1, 2) })
    expect(await ask('array')).toEqual({ entity: 'a', vector: [1, 2] })
    expect(await ask('none')).toEqual({ entity: 'a' })
  })

  test('iterate hands over every row of a result that is too long for one piece', async () => {
    const db = await openForTest()
    const long = await db.createCollection('long', { dimension: 1 })
    await long.insert(Array.from({ length: 20_000 }, (_, i) => ({ entity: 'a', timestamp: i, vector: [i] })))
    const stamps: number[] = []

    for await (const row of db.prepare<{ timestamp: number }>('SELECT timestamp').iterate([], { maxRows: 1 })) stamps.push(row.timestamp)

    expect(stamps).toEqual(Array.from({ length: 20_000 }, (_, i) => i))
  })
})

describe('limits', () => {
  test('a statement known to have too many rows is refused before it runs, with the estimate', async () => {
    const db = await openWith(TRAILS)

    await expect(db.query('SELECT *', [], { maxRows: 4 })).rejects.toMatchObject({ code: 'QUERY_LIMIT', limit: 4, estimate: 5 })
    await expect(db.query('PREDICT vector AT (1, 2, 3) FOR EACH ENTITY', [], { maxRows: 5 })).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      estimate: 6,
    })
    expect((await db.query('SELECT * LIMIT 4', [], { maxRows: 4 })).rows).toHaveLength(4)
  })

  test('one that turns out to have too many rows is refused, not cut short', async () => {
    const db = await openWith(TRAILS)

    await expect(db.query('SELECT * WHERE timestamp > 0', [], { maxRows: 4 })).rejects.toMatchObject({ code: 'QUERY_LIMIT', estimate: undefined })
  })

  test('a signal ends a statement with its reason', async () => {
    const db = await openWith(TRAILS)
    const reason = new Error('enough')

    await expect(db.query('SELECT *', [], { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({ code: 'QUERY_ABORTED', cause: reason })
  })

  test('a time limit ends a statement whose predictor never answers', async () => {
    const db = await openWith(TRAILS)
    db.registerPredictor('stuck', { context: { min: 1 }, predict: () => new Promise(() => undefined) })
    const start = performance.now()

    await expect(db.query('PREDICT vector AT 99 FOR EACH ENTITY USING stuck', [], { timeoutMs: 50 })).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' })

    expect(performance.now() - start).toBeLessThan(1000)
  })
})

describe('parameters', () => {
  test('a missing one and one too many are errors with their place', async () => {
    const db = await openWith(TRAILS)

    await expect(db.query('SELECT * WHERE entity = $2', ['a'])).rejects.toMatchObject({ code: 'QUERY_PARAMETER', line: 1, column: 25 })
    await expect(db.query('SELECT * WHERE entity = :name', { nam: 'a' })).rejects.toMatchObject({ code: 'QUERY_PARAMETER' })
    await expect(db.query('SELECT * WHERE entity = $1', ['a', 'b'])).rejects.toThrow('Values were passed that the statement does not use: $2.')
  })

  test('a tagged template passes its values as parameters, whatever is in them', async () => {
    const db = await openWith({ "x' OR 1=1 --": [[7, [1]]], y: [[8, [1]]] })

    const { rows } = await db.query`SELECT timestamp WHERE entity = ${"x' OR 1=1 --"} LIMIT ${5}`

    expect(rows).toEqual([{ timestamp: 7 }])
  })
})

describe('SHOW, DESCRIBE and EXPLAIN', () => {
  test('SHOW COLLECTIONS and DESCRIBE tell what is there', async () => {
    const db = await openWith(TRAILS, {}, { metric: 'l2' })

    expect((await db.query('SHOW COLLECTIONS')).rows).toEqual([
      { name: 'drift', dimension: 2, metric: 'l2', normalized: false, entity_count: 2, observation_count: 5 },
    ])
    expect((await db.query('DESCRIBE COLLECTION drift')).rows).toContainEqual({ property: 'observation_count', value: 5 })
    expect((await db.query("DESCRIBE ENTITY 'a'")).rows).toEqual([
      { property: 'entity', value: 'a' },
      { property: 'collection', value: 'drift' },
      { property: 'observation_count', value: 2 },
      { property: 'first_timestamp', value: 5 },
      { property: 'last_timestamp', value: 25 },
      { property: 'attributes', value: null },
    ])
    expect((await db.query('SHOW PREDICTORS')).rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['linear', 'last', 'neural_ode']))
    expect((await db.query('SHOW SETTINGS')).rows).toContainEqual({ setting: 'analytics.fallback', value: 'linear' })
  })

  test('values of parameters are a list or an object, whose members can be found by name', async () => {
    const db = await openWith(TRAILS)
    const expected = '"parameters" should be a list for $1, $2, or an object for :name; it is'
    const wrong: readonly (readonly [unknown, string])[] = [
      [new Map([['a', 1]]), `${expected} a Map. Pass Object.fromEntries(map).`],
      [new Set([1]), `${expected} a Set.`],
      [new Date(0), `${expected} the Date 1970-01-01T00:00:00.000Z.`],
      ['a', `${expected} 'a'.`],
      [Float32Array.of(1), `${expected} a Float32Array.`],
    ]
    for (const [values, message] of wrong)
      await expect(db.query('SELECT entity WHERE timestamp > $1', values as unknown[])).rejects.toMatchObject({ code: 'ARGUMENT_INVALID', message })
    const values = Object.assign(Object.create({ of: 'a class' }) as Record<string, unknown>, { from: 25 })
    expect((await db.query('SELECT entity WHERE timestamp >= :from', values)).rows).toEqual([{ entity: 'a' }, { entity: 'b' }])
  })

  test('names in messages cannot steer a terminal', async () => {
    const db = await openWith(TRAILS)
    await expect(db.query('SELECT * FOR ENTITY $1', ['a\0b'])).rejects.toThrow(`There is no entity 'a\\u0000b' in collection "drift".`)
    await expect(db.query('SELECT * FROM "a\u001b[31m"')).rejects.toThrow('There is no collection "a\\u001b[31m". Known: drift.')
    await expect(db.collection('drift').attributes('a\u001b[31m')).rejects.toThrow(`There is no entity 'a\\u001b[31m' in collection "drift".`)
    expect(() => db.collection('a\u001b[31m')).toThrow(`There is no collection 'a\\u001b[31m'. There are: drift.`)
  })

  test('what WHERE says of time alone is all that is read', async () => {
    const db = await openWith(TRAILS)
    const scanned = async (text: string) => {
      const { rows } = await db.query<{ operation: string; detail: string; rows: number }>(`EXPLAIN ANALYZE SELECT * ${text}`)
      const { detail, rows: read } = rows.find(({ operation }) => operation.trim() === 'scan')!
      return [read, detail]
    }
    expect(await scanned('WHERE norm(vector) > 0')).toEqual([5, '"drift", all 2 entities, all times, tested row by row'])
    expect(await scanned('WHERE timestamp >= 20 AND timestamp < 30 AND norm(vector) > 0')).toEqual([
      2,
      '"drift", all 2 entities, from 1970-01-01T00:00:00.020Z, before 1970-01-01T00:00:00.030Z, tested row by row',
    ])
    expect(await scanned("FOR ENTITY 'b' SINCE 20 WHERE timestamp <= 25")).toEqual([
      1,
      `"drift", entity 'b', from 1970-01-01T00:00:00.020Z, to 1970-01-01T00:00:00.025Z, tested row by row`,
    ])
    expect(await scanned('LAST 2 WHERE timestamp BETWEEN 20 AND 25')).toEqual([
      3,
      '"drift", all 2 entities, newest 2 of each, from 1970-01-01T00:00:00.020Z, tested row by row',
    ])
    expect(await scanned('SINCE 20 WHERE timestamp < 20')).toEqual([0, '"drift", all 2 entities, at no time, tested row by row'])
  })

  test('conditions on time keep what LAST has chosen before them, and an unknown entity unknown', async () => {
    expect(await keys('SELECT * LAST 10ms WHERE timestamp < 30')).toEqual(['a25', 'b20'])
    expect(await keys('SELECT * LAST 10ms UNTIL 25 WHERE timestamp > 10 AND timestamp < 25')).toEqual(['b20'])
    expect(await keys('SELECT * LAST 5ms WHERE timestamp < 20')).toEqual([])
    expect(await keys('SELECT * LAST 1 WHERE timestamp < 30')).toEqual(['a25'])
    expect(await keys('SELECT * AS OF 24 WHERE timestamp >= 20')).toEqual(['b20'])
    await expect(keys("SELECT * FOR ENTITY 'c' WHERE timestamp < 1 AND timestamp > 2")).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('EXPLAIN tells the route and its reason, ANALYZE adds rows and times', async () => {
    const db = await openWith(TRAILS)

    const { rows, columns } = await db.query("EXPLAIN PREDICT vector AT 99 FOR ENTITY 'a'")
    const analyzed = await db.query("EXPLAIN ANALYZE PREDICT vector AT 99 FOR ENTITY 'a'")

    expect(columns).toEqual(['operation', 'detail'])
    expect(rows.map(({ operation }) => (operation as string).trim())).toEqual(['project', 'predict', 'context', 'route', 'linear', 'last'])
    expect(analyzed.columns).toEqual(['operation', 'detail', 'rows', 'elapsed_ms'])
    expect(analyzed.rows[1]).toMatchObject({ rows: 1, elapsed_ms: expect.any(Number) as number })
  })
})

test('ORDER BY sees the names that AS gives', async () => {
  const db = await openWith(TRAILS)

  const { rows } = await db.query('SELECT entity AS who, -norm(vector) AS size ORDER BY size LIMIT 1')

  expect(rows[0]!['who']).toBe('a')
  expect((await db.query('PREDICT entity AS who AT 99 FOR EACH ENTITY ORDER BY WHO DESC')).rows.map(({ who }) => who)).toEqual(['b', 'a'])
})

test('a key that is the same for every row is refused, and columns are named', async () => {
  const db = await openWith(TRAILS)
  const message = async (text: string, values: unknown[] = []) => {
    const error = await db.query(text, values).catch((caught: unknown) => caught)
    expect(error, text).toMatchObject({ code: 'QUERY_TYPE', column: text.indexOf('ORDER BY') + 10 })
    return (error as Error).message.split('\n')[0]
  }
  const said = 'This key is the same for every row, and orders none. Name a column, without quotes'

  expect(await message('SELECT * ORDER BY 1')).toBe(`${said}: entity, timestamp, recorded_at, payload, attributes.`)
  expect(await message("SELECT entity AS who ORDER BY 'timestamp' DESC")).toBe(`${said}: who, entity, timestamp, recorded_at, payload, attributes.`)
  expect(await message('SELECT entity, count(*) AS n GROUP BY entity ORDER BY $1', ['n'])).toBe(`${said}: n, entity, attributes.`)
  expect(await message('SELECT count(*) ORDER BY 1 + 1')).toBe(`${said}.`)
  expect(await message('PREDICT vector AT 99 FOR EACH ENTITY ORDER BY now()')).toContain(`${said}: entity, timestamp, kind, horizon_ms`)
  expect((await db.query("SELECT timestamp, 'x' AS same ORDER BY same LIMIT 1")).rows).toEqual([{ timestamp: 5, same: 'x' }])
})

test('vectors have no order', async () => {
  const db = await openWith(TRAILS)

  await expect(db.query('SELECT * ORDER BY vector')).rejects.toMatchObject({ code: 'QUERY_TYPE', column: 19 })
})

test('text in double quotes is told apart from a name', async () => {
  const db = await openWith(TRAILS)

  await expect(db.query('SELECT * WHERE entity = "climate"')).rejects.toThrow("Double quotes are for names; write text in single quotes: 'climate'.")
})
