import { describe, expect, test } from 'vitest'
import { openForTest, openWith } from './support/database.js'

const day = (month: number, date: number): number => Date.UTC(2024, month - 1, date)

/** Rows as text, `entity month-day kind vector`, to be read at a glance. */
function shown(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  return rows.map(({ entity, timestamp, kind, vector }) => {
    const numbers = vector === null ? '-' : [...(vector as Float32Array)].join(',')
    return `${entity as string} ${new Date(timestamp as number).toISOString().slice(5, 10)} ${kind === null ? '-' : (kind as string)} ${numbers}`
  })
}

/** One entity whose vector is the day of January on which it was observed. */
const JANUARY = { a: [2, 3, 6].map((date) => [day(1, date), [date]] as const) }

async function sampled(clauses: string, trajectories: Parameters<typeof openWith>[0] = JANUARY, values: unknown[] = []): Promise<string[]> {
  const db = await openWith(trajectories)
  return shown((await db.query(`SELECT entity, timestamp, kind, vector ${clauses}`, values)).rows)
}

describe('SAMPLE BY', () => {
  test('the last observation of each bucket is its row, which bears the beginning of the bucket', async () => {
    const noon = 12 * 3_600_000
    const rows = await sampled('SAMPLE BY 1d', {
      a: [
        [day(1, 2) + noon, [1]],
        [day(1, 2) + noon + 1, [2]],
        [day(1, 3) - 0.5, [3]],
        [day(1, 3), [4]],
      ],
    })

    expect(rows).toEqual(['a 01-02 observed 3', 'a 01-03 observed 4'])
  })

  test('without FILL, and with NONE, an empty bucket is no row', async () => {
    expect(await sampled('SAMPLE BY 1d')).toEqual(['a 01-02 observed 2', 'a 01-03 observed 3', 'a 01-06 observed 6'])
    expect(await sampled('SAMPLE BY 1d FILL (NONE)')).toEqual(await sampled('SAMPLE BY 1d'))
  })

  test('NULL, PREVIOUS and LINEAR fill the gaps between observations', async () => {
    const between = (first: string, second: string) => ['a 01-02 observed 2', 'a 01-03 observed 3', first, second, 'a 01-06 observed 6']

    expect(await sampled('SAMPLE BY 1d FILL (NULL)')).toEqual(between('a 01-04 - -', 'a 01-05 - -'))
    expect(await sampled('SAMPLE BY 1d FILL (PREVIOUS)')).toEqual(between('a 01-04 previous 3', 'a 01-05 previous 3'))
    expect(await sampled('SAMPLE BY 1d FILL (LINEAR)')).toEqual(between('a 01-04 interpolated 4', 'a 01-05 interpolated 5'))
    expect(await sampled('SAMPLE BY 1d FILL (PREDICT)')).toEqual(between('a 01-04 interpolated 4', 'a 01-05 interpolated 5'))
  })

  test('a gap is filled from the last observation before it to the first one behind it, whatever else their buckets hold', async () => {
    const hours = [0, 12, 48, 60].map((hour) => [day(1, 2) + hour * 3_600_000, [hour]] as const)

    expect(await sampled('SAMPLE BY 1d FILL (LINEAR)', { a: hours })).toEqual([
      'a 01-02 observed 12',
      'a 01-03 interpolated 24',
      'a 01-04 observed 60',
    ])
  })

  test('a range has a row for each of its buckets, filled by what was known before it and by nothing after it', async () => {
    const range = "BETWEEN '2024-01-01' AND '2024-01-07' SAMPLE BY 1d"
    const all = (first: string, gap: (date: number) => string, last: string) => [
      first,
      'a 01-02 observed 2',
      'a 01-03 observed 3',
      gap(4),
      gap(5),
      'a 01-06 observed 6',
      last,
    ]

    expect(await sampled(`${range} FILL (NULL)`)).toEqual(all('a 01-01 - -', (date) => `a 01-0${date} - -`, 'a 01-07 - -'))
    expect(await sampled(`${range} FILL (PREVIOUS)`)).toEqual(all('a 01-01 - -', (date) => `a 01-0${date} previous 3`, 'a 01-07 previous 6'))
    expect(await sampled(`${range} FILL (LINEAR)`)).toEqual(all('a 01-01 - -', (date) => `a 01-0${date} interpolated ${date}`, 'a 01-07 - -'))
    expect(await sampled(`${range} FILL (PREDICT)`)).toEqual(
      all('a 01-01 - -', (date) => `a 01-0${date} interpolated ${date}`, 'a 01-07 extrapolated 7'),
    )
  })

  test('a range that begins in a gap sees what was before it, one that ends in a gap nothing behind it', async () => {
    const range = "BETWEEN '2024-01-04' AND '2024-01-05' SAMPLE BY 1d"

    expect(await sampled(range)).toEqual([])
    expect(await sampled(`${range} FILL (PREVIOUS)`)).toEqual(['a 01-04 previous 3', 'a 01-05 previous 3'])
    expect(await sampled(`${range} FILL (LINEAR)`)).toEqual(['a 01-04 - -', 'a 01-05 - -'])
    expect(await sampled(`${range} FILL (PREDICT)`)).toEqual(['a 01-04 extrapolated 4', 'a 01-05 extrapolated 5'])
    expect(await sampled("SINCE '2024-01-05' SAMPLE BY 1d FILL (LINEAR)")).toEqual(['a 01-05 interpolated 5', 'a 01-06 observed 6'])
  })

  test('an entity of which nothing is known by the end of the range has no row', async () => {
    const clauses = "BETWEEN '2024-01-03' AND '2024-01-04' SAMPLE BY 1d FILL (PREDICT)"

    expect(await sampled(clauses, { ...JANUARY, late: [[day(1, 9), [9]]], never: [] })).toEqual(['a 01-03 observed 3', 'a 01-04 extrapolated 4'])
  })

  test('buckets follow the UTC calendar, weeks from Monday, or the beginning of the range', async () => {
    const starts = async (clauses: string) => (await sampled(clauses)).map((row) => row.slice(2, 7))

    expect(await starts('SAMPLE BY 1w')).toEqual(['01-01']) // 2024-01-01 was a Monday
    expect(await starts("SAMPLE BY INTERVAL '1 month'")).toEqual(['01-01'])
    expect(await starts("SAMPLE BY INTERVAL '1 year'")).toEqual(['01-01'])
    expect(await starts("SINCE '2024-01-02' SAMPLE BY 2d")).toEqual(['01-02', '01-06'])
    expect(await starts("SINCE '2024-01-01' SAMPLE BY 2d")).toEqual(['01-01', '01-03', '01-05'])
  })

  test('steps of months are counted from the beginning, not chained', async () => {
    const ends = { a: [1, 2, 3, 4].map((month) => [day(month, 29), [month]] as const) }

    expect(await sampled("SINCE '2023-12-31' SAMPLE BY INTERVAL '1 month'", ends)).toEqual([
      'a 12-31 observed 1', // to January 31
      'a 02-29 observed 3', // from February 29 to March 31: that of March 29 is the last one
      'a 03-31 observed 4',
    ])
  })

  test('before 1970 and at either end of time', async () => {
    const MAX = 8.64e15
    const old = { a: [[-MAX, [1]] as const, [-1, [2]] as const, [0, [3]] as const, [MAX, [4]] as const] }
    const db = await openWith(old)

    const { rows } = await db.query("SELECT timestamp, vector SAMPLE BY INTERVAL '1 year'", [], { vectors: 'array' })

    expect(rows).toEqual([
      { timestamp: -MAX, vector: [1] }, // its year begins before there are timestamps
      { timestamp: Date.UTC(1969, 0, 1), vector: [2] },
      { timestamp: 0, vector: [3] },
      { timestamp: Date.UTC(275760, 0, 1), vector: [4] },
    ])
    await expect(db.query('SELECT timestamp SAMPLE BY 1s FILL (NULL)')).rejects.toMatchObject({ code: 'QUERY_LIMIT', limit: 1_000_000 })
  })

  test('a parameter may be the step', async () => {
    expect(await sampled('SAMPLE BY $1', JANUARY, ['2 days'])).toEqual(await sampled('SAMPLE BY 2d'))
    await expect(sampled('SAMPLE BY $1', JANUARY, [0])).rejects.toMatchObject({ code: 'QUERY_TYPE', column: 50 })
  })

  test('WHERE chooses observations before they are sampled, also those that fill', async () => {
    const db = await openForTest()
    const notes = await db.createCollection('notes', { dimension: 1 })
    const source = ['x', 'y', 'x', 'y']
    await notes.insert(source.map((name, i) => ({ entity: 'a', timestamp: day(1, i + 1), vector: [i + 1], payload: { source: name } })))
    const ask = async (clauses: string) => shown((await db.query(`SELECT entity, timestamp, kind, vector ${clauses}`)).rows)

    expect(await ask("WHERE payload.source = 'x' SAMPLE BY 1d FILL (LINEAR)")).toEqual([
      'a 01-01 observed 1',
      'a 01-02 interpolated 2',
      'a 01-03 observed 3',
    ])
    expect(await ask("BETWEEN '2024-01-03' AND '2024-01-05' WHERE payload.source = 'y' SAMPLE BY 1d FILL (PREVIOUS)")).toEqual([
      'a 01-03 previous 2', // by that of January 2, which is a "y"
      'a 01-04 observed 4',
      'a 01-05 previous 4',
    ])
    expect(await ask("WHERE payload.source = 'z' SAMPLE BY 1d FILL (NULL)")).toEqual([])
  })

  test('PREVIOUS carries the whole observation, other fillings the vector alone', async () => {
    const db = await openForTest()
    const notes = await db.createCollection('notes', { dimension: 1 })
    await notes.insert([1, 3].map((date) => ({ entity: 'a', timestamp: day(1, date), vector: [date], payload: { date } })))
    const payloads = async (fill: string) =>
      (await db.query(`SELECT payload.date AS date, recorded_at IS NULL AS unrecorded SAMPLE BY 1d FILL (${fill})`)).rows[1]

    expect(await payloads('PREVIOUS')).toEqual({ date: 1, unrecorded: false })
    expect(await payloads('LINEAR')).toEqual({ date: null, unrecorded: true })
    expect(await payloads('NULL')).toEqual({ date: null, unrecorded: true })
  })

  test('rows can be computed with, ordered and limited like others; * says what they were filled with', async () => {
    const db = await openWith(JANUARY)

    expect((await db.query('SELECT timestamp, norm(vector) AS n SAMPLE BY 1d FILL (LINEAR) ORDER BY n DESC LIMIT 2')).rows).toEqual([
      { timestamp: day(1, 6), n: 6 },
      { timestamp: day(1, 5), n: 5 },
    ])
    expect((await db.query('SELECT timestamp, norm(vector) AS n SAMPLE BY 1d FILL (NULL) LIMIT 2 OFFSET 2')).rows).toEqual([
      { timestamp: day(1, 4), n: null },
      { timestamp: day(1, 5), n: null },
    ])
    const { columns, rows } = await db.query('SELECT * SAMPLE BY 1d LIMIT 1')
    expect(columns).toEqual(['entity', 'timestamp', 'vector', 'recorded_at', 'payload', 'kind', 'method', 'fallback_reason'])
    expect(rows[0]).toMatchObject({ kind: 'observed', method: null, fallback_reason: null, payload: null })
  })

  test.each(['LINEAR', 'PREDICT'])('LIMIT takes as many rows as it says, however they are handed on (%s)', async (fill) => {
    const db = await openWith({ a: [[0, [0]] as const, [9000, [9000]] as const] })

    for (const count of [1, 1023, 1024, 1025, 1500, 2048, 3000]) {
      const { rows } = await db.query(`SELECT vector SAMPLE BY 2ms FILL (${fill}) LIMIT ${count} OFFSET 10`, [], { vectors: 'array' })
      expect(rows).toEqual(Array.from({ length: count }, (_, i) => ({ vector: [2 * (i + 10)] })))
    }
  })

  test('AS OF has nothing to sample', async () => {
    await expect(sampled('AS OF LATEST SAMPLE BY 1d')).rejects.toMatchObject({ code: 'QUERY_SYNTAX', column: 53 })
  })
})

describe('FILL (PREDICT)', () => {
  const LINES = {
    a: [0, 1, 2].map((i) => [day(1, 1 + i), [i, 2 * i]] as const),
    b: [[day(1, 2), [7, 7]] as const],
  }

  test('a predicted row is what PREDICT answers at its moment, with the method that answered and why not another one', async () => {
    const db = await openWith(LINES)

    const { rows, meta } = await db.query(
      "SELECT entity, timestamp, vector, method, fallback_reason BETWEEN '2024-01-03' AND '2024-01-06' SAMPLE BY 1d FILL (PREDICT) WHERE entity = 'a' OR entity = 'b'",
    )
    const predicted = await db.query(
      "PREDICT entity, timestamp, vector, method, fallback_reason AT BETWEEN '2024-01-03' AND '2024-01-06' STEP 1d FOR EACH ENTITY CONTEXT UNTIL '2024-01-06'",
    )

    expect(rows).toEqual(predicted.rows.map(({ status: _, ...row }) => row))
    expect(rows.at(-1)).toMatchObject({ vector: Float32Array.of(7, 7), method: 'last', fallback_reason: 'too_few_observations' })
    expect(meta.warnings.map(({ code }) => code)).toEqual(['PREDICTION_FALLBACK'])
  })

  test('where the range begins is no matter for a prediction, and where it ends nothing later is known', async () => {
    const db = await openWith({ a: [...LINES.a, [day(1, 20), [99, 99]]] })
    const vectors = async (clauses: string) =>
      (await db.query(`SELECT vector ${clauses} SAMPLE BY 1d FILL (PREDICT)`, [], { vectors: 'array' })).rows.map(({ vector }) => vector)

    expect(await vectors("BETWEEN '2024-01-05' AND '2024-01-06'")).toEqual([
      [4, 8],
      [5, 10],
    ])
    expect(await vectors("LAST 1 UNTIL '2024-01-04'")).toEqual([
      [2, 4],
      [2, 4], // of one observation nothing but itself can be said
    ])
  })

  test('many entities and many buckets come in order, each with its own prediction', async () => {
    const ids = Array.from({ length: 700 }, (_, i) => `e${String(i).padStart(3, '0')}`)
    const db = await openWith(Object.fromEntries(ids.map((id, i) => [id, [0, 1].map((k) => [day(1, 1 + k), [i, i + k]] as const)])))

    const { rows } = await db.query("SELECT entity, timestamp, vector UNTIL '2024-01-05' SAMPLE BY 1d FILL (PREDICT)", [], { vectors: 'array' })

    expect(rows).toEqual(ids.flatMap((entity, i) => [0, 1, 2, 3, 4].map((k) => ({ entity, timestamp: day(1, 1 + k), vector: [i, i + k] }))))
  })

  test('nobody predicts what nobody looks at', async () => {
    let calls = 0
    const predict = async (items: readonly { targets: Float64Array }[]) => {
      calls += 1
      return items.map(({ targets }) => Array.from(targets, () => ({ kind: 'vector' as const, vector: Float32Array.of(1, 1) })))
    }
    const db = await openWith(LINES, { analytics: { method: 'counting' } }, { predictors: { counting: { context: { min: 1 }, predict } } })
    const ask = (columns: string, vectors: 'float32' | 'none' = 'float32') =>
      db.query(`SELECT ${columns} UNTIL '2024-01-09' SAMPLE BY 1d FILL (PREDICT)`, [], { vectors })

    expect((await ask('timestamp, kind')).rows.at(-1)).toMatchObject({ kind: 'extrapolated' })
    await ask('timestamp, vector', 'none')
    expect(calls).toBe(0)
    expect((await ask('method')).rows.at(-1)).toEqual({ method: 'counting' })
    expect(calls).toBe(1)
  })

  test('aggregates, and observations that WHERE leaves out, are no trajectories', async () => {
    const db = await openWith(LINES)

    await expect(db.query('SELECT count(*) SAMPLE BY 1d FILL (PREDICT)')).rejects.toMatchObject({ code: 'QUERY_TYPE', column: 17 })
    await expect(db.query('SELECT vector SAMPLE BY 1d FILL (PREDICT) WHERE norm(vector) > 1')).rejects.toMatchObject({ code: 'QUERY_TYPE' })
  })
})

describe('aggregates by SAMPLE BY', () => {
  const PAIR = {
    a: [
      [day(1, 1), [1]],
      [day(1, 1) + 1, [3]],
      [day(1, 4), [8]],
    ],
    b: [[day(1, 2), [5]]],
  } as const

  async function taken(clauses: string): Promise<unknown[]> {
    const db = await openWith(PAIR)
    const { rows } = await db.query(`SELECT timestamp, count(*) AS n, avg(norm(vector)) AS mean ${clauses}`)
    return rows.map(({ timestamp, n, mean }) => [new Date(timestamp as number).getUTCDate(), n, mean])
  }

  test('of all entities, bucket by bucket', async () => {
    expect(await taken('SAMPLE BY 1d')).toEqual([
      [1, 2, 2],
      [2, 1, 5],
      [4, 1, 8],
    ])
  })

  test('of each entity, bucket by bucket', async () => {
    const db = await openWith(PAIR)

    const { rows } = await db.query('SELECT entity, timestamp, max(timestamp) AS newest, count(*) AS n SAMPLE BY 1d GROUP BY entity HAVING n = 1')

    expect(rows).toEqual([
      { entity: 'a', timestamp: day(1, 4), newest: day(1, 4), n: 1 },
      { entity: 'b', timestamp: day(1, 2), newest: day(1, 2), n: 1 },
    ])
  })

  test('empty buckets count nothing, or are filled from their neighbours', async () => {
    expect(await taken('SAMPLE BY 1d FILL (NULL)')).toEqual([
      [1, 2, 2],
      [2, 1, 5],
      [3, 0, null],
      [4, 1, 8],
    ])
    expect((await taken('SAMPLE BY 1d FILL (PREVIOUS)'))[2]).toEqual([3, 0, 5])
    expect((await taken('SAMPLE BY 1d FILL (LINEAR)'))[2]).toEqual([3, 0, 6.5])
    expect(await taken("BETWEEN '2024-01-05' AND '2024-01-06' SAMPLE BY 1d FILL (LINEAR)")).toEqual([
      [5, 0, null],
      [6, 0, null],
    ])
    expect(await taken("BETWEEN '2024-01-05' AND '2024-01-06' SAMPLE BY 1d FILL (NULL) GROUP BY entity")).toEqual([])
    expect(await taken("BETWEEN '2024-01-01' AND '2024-01-02' SAMPLE BY 1d FILL (PREVIOUS) GROUP BY entity")).toEqual([
      [1, 2, 2],
      [2, 0, 2],
      [1, 0, null],
      [2, 1, 5],
    ])
  })

  test.each(['NONE', 'NULL', 'PREVIOUS', 'LINEAR'])('FILL (%s): counts of all buckets add up to the number of observations', async (fill) => {
    const db = await openWith(JANUARY)

    const { rows } = await db.query<{ all: number; some: number }>(
      `SELECT count(*) AS all, count(payload) AS some BETWEEN '2024' AND '2024-02' SAMPLE BY 1d FILL (${fill})`,
    )

    expect(rows.reduce((sum, { all }) => sum + all, 0)).toBe(3)
    expect(rows.every(({ some }) => some === 0)).toBe(true)
  })
})

test('EXPLAIN shows the grid, what fills it, and who predicts', async () => {
  const db = await openWith(JANUARY)
  const explained = async (statement: string) =>
    (await db.query(`EXPLAIN ${statement}`)).rows.map(({ operation, detail }) => `${operation as string}: ${detail as string}`)

  expect(await explained("SELECT vector SINCE '2024' SAMPLE BY 1d FILL (PREDICT) WHERE entity LIKE 'a%'")).toEqual([
    'project: vector',
    '  sample: the last of each entity, in buckets of 1 day from 2024-01-01T00:00:00.000Z, empty ones filled: predict',
    `    scan: "drift", all 1 entities with entity LIKE 'a%', from 2024-01-01T00:00:00.000Z`,
    '    route: neural_ode is not set and no trained model is active',
    '      linear: asked for, 2 observations',
    '      last: last resort, 1 observation',
  ])
  expect(
    await explained('SELECT count(*), avg(norm(vector)) WHERE norm(vector) > 1 GROUP BY entity HAVING count(*) > 1 ORDER BY count(*) LIMIT 1'),
  ).toEqual([
    'project: count(*), avg(norm(vector))',
    '  limit: 1 rows after 0',
    '    sort: count(*) ascending',
    '      filter: count(*) > 1',
    '        aggregate: count(*), avg(norm(vector)) of each entity',
    '          filter: norm(vector) > 1',
    '            scan: "drift", all 1 entities, all times, tested row by row',
  ])
})

test('EXPLAIN ANALYZE says how many rows each operator gave', async () => {
  const db = await openWith(JANUARY)
  const analyzed = async (statement: string) =>
    (await db.query(`EXPLAIN ANALYZE ${statement}`)).rows.map(({ operation, rows }) => `${(operation as string).trim()} ${String(rows)}`)

  expect(await analyzed('SELECT vector SAMPLE BY 1d FILL (LINEAR)')).toEqual(['project 5', 'sample 5', 'scan null'])
  expect(await analyzed('SELECT count(*) WHERE norm(vector) > 2 SAMPLE BY 1d GROUP BY entity')).toEqual([
    'project 2',
    'aggregate 2',
    'filter 2',
    'scan 3',
  ])
})
