import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Database, NearestRow } from '../src/index.js'
import { collectWarnings, openWith } from './support/database.js'

/** In the plane: `a` goes right along the axis, `b` up, `c` is seen late and once. */
const TRAILS = {
  a: [
    [0, [0, 0]],
    [10, [1, 0]],
    [20, [2, 0]],
  ],
  b: [
    [0, [0, 1]],
    [10, [0, 2]],
  ],
  c: [[20, [5, 5]]],
} as const

const openTrails = (metric: 'l2' | 'cosine' | 'dot' = 'l2') => openWith(TRAILS, {}, { metric })

/** `entity@timestamp`, the nearest first. */
async function neighbours(db: Database, text: string, values: unknown[] = []): Promise<string[]> {
  const { rows } = await db.query<NearestRow>(text, values)
  return rows.map(({ entity, timestamp }) => `${entity}@${timestamp}`)
}

describe('which vectors are candidates', () => {
  test.each([
    ['', ['b@10', 'a@20', 'c@20']],
    ['AS OF LATEST', ['b@10', 'a@20', 'c@20']],
    ['AS OF 10', ['a@10', 'b@10']],
    ['AS OF 9', ['a@0', 'b@0']],
    ['AS OF -1', []],
    ['AT 10', ['a@10', 'b@10']],
    ['AT 12', []],
    ['AT 12 TOLERANCE 2ms', ['a@10', 'b@10']],
    ['AT 21 TOLERANCE 1ms', ['a@20', 'c@20']],
    ['BETWEEN 0 AND 10', ['a@0', 'a@10', 'b@0', 'b@10']],
    ['BETWEEN 1 AND 20', ['a@10', 'a@20', 'b@10', 'c@20']],
    ['BETWEEN 0 AND 20 PER ENTITY 1', ['a@0', 'b@0', 'c@20']],
    ['BETWEEN 0 AND 20 PER ENTITY 2 WITHIN 1', ['a@0', 'a@10', 'b@0']],
    ['AS OF 10 WITHIN 0', []],
  ])('NEAREST 9 TO [0, 0] %s', async (clauses, expected) => {
    const db = await openTrails()
    // At the same distance the id decides, then the time.
    const found = await neighbours(db, `NEAREST 9 TO [0, 0] ${clauses}`)
    expect(found.toSorted()).toEqual(expected.toSorted())
  })

  test('the nearest comes first, ties by id and then by time, and k of them', async () => {
    const db = await openTrails()
    expect(await neighbours(db, 'NEAREST 4 TO [0, 0] BETWEEN 0 AND 20')).toEqual(['a@0', 'a@10', 'b@0', 'a@20'])
    expect(await neighbours(db, 'NEAREST 2 TO [0, 0] BETWEEN 0 AND 20')).toEqual(['a@0', 'a@10'])
    expect(await neighbours(db, 'NEAREST 4 TO [0, 0] BETWEEN 0 AND 20 LIMIT 2 OFFSET 1')).toEqual(['a@10', 'b@0'])
  })

  test.each<['l2' | 'cosine' | 'dot', [string, number][]]>([
    [
      'l2',
      [
        ['a', 0],
        ['b', Math.sqrt(8)],
        ['c', Math.sqrt(34)],
      ],
    ],
    [
      'cosine',
      [
        ['a', 0],
        ['c', 1 - 10 / Math.sqrt(4 * 50)],
        ['b', 1],
      ],
    ],
    [
      'dot',
      [
        ['c', -10],
        ['a', -4],
        ['b', 0],
      ],
    ],
  ])('by %s', async (metric, expected) => {
    const db = await openTrails(metric)
    const { rows } = await db.query<NearestRow>('NEAREST 3 TO [2, 0]')
    expect(rows.map(({ entity, distance }) => [entity, distance])).toEqual(expected)
  })

  test('WHERE and FOR choose before anything is ranked', async () => {
    const db = await openTrails()
    await db.collection('drift').setAttributes('c', { kind: 'late' })
    await db.collection('drift').insert([{ entity: 'b', timestamp: 30, vector: [9, 9], payload: { tag: 'far' } }])

    expect(await neighbours(db, "NEAREST 1 TO [0, 0] WHERE attributes.kind = 'late'")).toEqual(['c@20'])
    expect(await neighbours(db, "NEAREST 1 TO [0, 0] WHERE payload.tag = 'far'")).toEqual(['b@30'])
    expect(await neighbours(db, "NEAREST 1 TO [0, 0] WHERE payload.tag = 'far' AND entity = 'a'")).toEqual([])
    expect(await neighbours(db, 'NEAREST 9 TO [0, 0] BETWEEN 0 AND 30 WHERE norm(vector) BETWEEN 1 AND 2')).toEqual(['a@10', 'b@0', 'a@20', 'b@10'])
    expect(await neighbours(db, "NEAREST 9 TO [0, 0] FOR ENTITIES ('c', 'nobody', 'a', 'c')")).toEqual(['a@20', 'c@20'])
    expect(await neighbours(db, "NEAREST 9 TO [0, 0] FOR ENTITY 'c'")).toEqual(['c@20'])
    // As in SELECT ... AS OF, what is asked is the state at that time: an older observation does not stand in for it.
    expect(await neighbours(db, 'NEAREST 9 TO [0, 0] AS OF 10 WHERE timestamp < 10')).toEqual([])
  })
})

describe('what neighbours are near to', () => {
  test('a vector, written or given', async () => {
    const db = await openTrails()
    for (const values of [[[0, 2]], [Float32Array.of(0, 2)]]) expect(await neighbours(db, 'NEAREST 1 TO $1', values)).toEqual(['b@10'])
  })

  test('an entity is never its own neighbour, whenever it was', async () => {
    const db = await openTrails()
    expect(await neighbours(db, "NEAREST 9 TO ENTITY 'a' AT 0")).toEqual(['b@10', 'c@20'])
    expect(await neighbours(db, "NEAREST 9 TO ENTITY 'a' BETWEEN 0 AND 10")).toEqual(['b@0', 'b@10'])
  })

  test('ENTITY x AT t is its last observation at or before t', async () => {
    const db = await openTrails()
    const { rows } = await db.query<NearestRow>("NEAREST 1 TO ENTITY 'a' AT 19 FOR ENTITY 'b'")
    expect(rows[0]!.distance).toBe(Math.sqrt(1 + 4)) // a was at [1, 0], b is at [0, 2]
    expect((await db.query<NearestRow>("NEAREST 1 TO ENTITY 'a' AT LATEST AS OF 0")).rows[0]!.distance).toBe(Math.sqrt(5))
  })

  test('without AT it is as the scope sees its candidates, and nothing later', async () => {
    const db = await openTrails()
    const distanceTo = async (scope: string) => (await db.query<NearestRow>(`NEAREST 1 TO ENTITY 'a' FOR ENTITY 'b' ${scope}`)).rows[0]!.distance
    expect(await distanceTo('AS OF LATEST')).toBe(Math.sqrt(8))
    expect(await distanceTo('AS OF 10')).toBe(Math.sqrt(5))
    expect(await distanceTo('AS OF 9')).toBe(1)
    expect(await distanceTo('AT 10')).toBe(Math.sqrt(5))
    expect(await distanceTo('BETWEEN 0 AND 9')).toBe(1)
    expect(await distanceTo('PREDICTED AT 30')).toBe(5) // a at [3, 0], b at [0, 4]
  })

  test('AS OF leaks nothing later: later observations change nothing', async () => {
    const before = await openTrails()
    const after = await openTrails()
    await after.collection('drift').insert([
      { entity: 'a', timestamp: 11, vector: [7, 7] },
      { entity: 'd', timestamp: 11, vector: [0, 0] },
    ])
    const text = "NEAREST 5 TO ENTITY 'a' AS OF 10"
    expect((await after.query(text)).rows).toEqual((await before.query(text)).rows)
  })

  test('a PREDICT in parentheses, on the collection of NEAREST', async () => {
    const db = await openTrails()
    const { rows } = await db.query<NearestRow>("NEAREST 9 TO (PREDICT vector AT 30 FOR ENTITY 'a') FROM drift")
    expect(rows.map(({ entity, distance }) => [entity, distance])).toEqual([
      ['a', 1], // predicted at [3, 0]; where it stands is a neighbour of where it goes
      ['b', Math.sqrt(13)],
      ['c', Math.sqrt(29)],
    ])
    expect(await neighbours(db, 'NEAREST 1 TO (PREDICT vector AT LATEST + 10ms FOR EACH ENTITY ORDER BY entity DESC LIMIT 1)')).toEqual(['c@20'])
  })

  test('a nested PREDICT and the candidates are of one moment, whatever is written meanwhile', async () => {
    const db = await openTrails()
    const asked = db.query<NearestRow>("NEAREST 1 TO (PREDICT vector AT 30 FOR ENTITY 'a') FOR ENTITY 'a'")
    await Promise.all([asked, db.collection('drift').insert([{ entity: 'a', timestamp: 25, vector: [100, 100] }])])
    const { rows } = await asked
    const [before, after] = [1, Math.hypot(98, 100)] // [2, 0] to [3, 0], or [100, 100] to [198, 200]
    expect([before, after]).toContain(rows[0]!.distance)
  })
})

describe('PREDICTED AT', () => {
  test('ranks where entities will be, and says who predicted', async () => {
    const db = await openTrails()
    const { rows, columns, meta } = await db.query('NEAREST 2 TO [3, 1] PREDICTED AT 30')
    expect(columns).toEqual(['rank', 'entity', 'timestamp', 'distance', 'age_ms', 'vector', 'method', 'fallback_reason'])
    expect(rows).toEqual([
      { rank: 1, entity: 'a', timestamp: 30, distance: 1, age_ms: 0, vector: Float32Array.of(3, 0), method: 'linear', fallback_reason: null },
      {
        rank: 2,
        entity: 'b',
        timestamp: 30,
        distance: Math.sqrt(18),
        age_ms: 0,
        vector: Float32Array.of(0, 4),
        method: 'linear',
        fallback_reason: null,
      },
    ])
    expect(meta).toMatchObject({ candidates: 3, access: 'predicted', shortfall: null })
  })

  test('USING and CONTEXT say how, of the target too', async () => {
    const db = await openTrails()
    const { rows } = await db.query<NearestRow>("NEAREST 9 TO ENTITY 'a' PREDICTED AT 30 USING last CONTEXT UNTIL 10")
    expect(rows.map(({ entity, distance, method }) => [entity, distance, method])).toEqual([['b', Math.sqrt(5), 'last']]) // c is not known yet
    const then = await db.query<NearestRow>("NEAREST 1 TO ENTITY 'a' AT 20 PREDICTED AT 30 USING last CONTEXT UNTIL 10")
    expect(then.rows[0]!.distance).toBe(Math.sqrt(5)) // a is not yet seen at 20
  })

  test('between observations and at them, the store answers as it does PREDICT', async () => {
    const db = await openTrails()
    const { rows } = await db.query<NearestRow>('NEAREST 9 TO [0, 0] PREDICTED AT 5 RETURN kind, model, context_count, horizon_ms, last_timestamp')
    expect(rows.map(({ entity, vector, kind, method, context_count }) => [entity, [...vector!], kind, method, context_count])).toEqual([
      ['a', [0.5, 0], 'interpolated', null, 2],
      ['b', [0, 1.5], 'interpolated', null, 2],
    ])
  })

  test('who cannot be predicted is no candidate, and is told of', async () => {
    const db = await openTrails()
    await db.collection('drift').setAttributes('empty', {}, { create: true })
    const { rows, meta } = await db.query<NearestRow>("NEAREST 3 TO [0, 0] PREDICTED AT 15 FOR ENTITIES ('a', 'c', 'empty', 'nobody')")
    expect(rows.map(({ entity }) => entity)).toEqual(['a'])
    expect(meta.shortfall).toBe('There is only 1 candidate. Not predicted: before_first 1, no_observations 1.')
  })

  test("a refusal is the row's to tell, or with fallback = 'error' the statement's", async () => {
    const { logger } = collectWarnings()
    const db = await openWith(TRAILS, {}, { metric: 'l2', logger })
    const { rows, meta } = await db.query<NearestRow>("NEAREST 1 TO [5, 5] PREDICTED AT 30 FOR ENTITY 'c' USING linear WITH (fallback = 'last')")
    expect(rows[0]).toMatchObject({ method: 'last', fallback_reason: 'too_few_observations' })
    expect(meta.warnings).toHaveLength(1)
    await expect(db.query("NEAREST 1 TO [5, 5] PREDICTED AT 30 USING linear WITH (fallback = 'error')")).rejects.toMatchObject({
      code: 'PREDICTION_REFUSED',
      entity: 'c',
    })
  })

  test('is the brute force over what PREDICT answers, over many pages', async () => {
    const count = 2500
    const db = await openWith({}, {}, { dimension: 2, metric: 'l2' })
    await db.collection('drift').insert(
      Array.from({ length: count }, (_, i) => [
        { entity: `e${i}`, timestamp: 0, vector: [i % 50, 0] },
        { entity: `e${i}`, timestamp: 8, vector: [i % 50, Math.floor(i / 50)] },
      ]).flat(),
    )
    const predicted = await db.query<{ entity: string; vector: Float32Array }>('PREDICT vector AT 16 FOR EACH ENTITY')
    const byHand = predicted.rows
      .map(({ entity, vector }) => ({ entity, distance: Math.hypot(vector[0]! - 25, vector[1]! - 50) }))
      .sort((x, y) => x.distance - y.distance || Buffer.compare(Buffer.from(x.entity), Buffer.from(y.entity)))
    const { rows } = await db.query<NearestRow>('NEAREST 100 TO [25, 50] PREDICTED AT 16')
    expect(rows.map(({ entity }) => entity)).toEqual(byHand.slice(0, 100).map(({ entity }) => entity))
  })
})

describe('what a row says', () => {
  test('rank, entity, timestamp, distance, age, and what RETURN names', async () => {
    const db = await openTrails()
    await db.collection('drift').insert([{ entity: 'd', timestamp: 4, vector: [0, 0], payload: { n: 1 } }])
    await db.collection('drift').setAttributes('d', { kind: 'new' })
    const one = async (items: string) => (await db.query(`NEAREST 1 TO [0, 0] ${items}`)).rows[0]
    expect(await one('')).toEqual({ rank: 1, entity: 'd', timestamp: 4, distance: 0, age_ms: 16 })
    expect(await one('RETURN vector, payload AS p, attributes, entity')).toEqual({
      rank: 1,
      entity: 'd',
      timestamp: 4,
      distance: 0,
      age_ms: 16,
      vector: Float32Array.of(0, 0),
      p: { n: 1 },
      attributes: { kind: 'new' },
    })
    expect(Object.keys((await one('RETURN *'))!)).toEqual([
      ...['rank', 'entity', 'timestamp', 'distance', 'age_ms', 'attributes', 'vector', 'payload', 'recorded_at'],
    ])
    expect((await db.query('NEAREST 1 TO [0, 0] RETURN vector', [], { vectors: 'none' })).columns).not.toContain('vector')
    expect((await db.query('NEAREST 1 TO [0, 0] RETURN vector', [], { vectors: 'array' })).rows[0]).toMatchObject({ vector: [0, 0] })
  })

  test.each([
    ['AS OF LATEST', [0, 10]], // from the newest candidate, of which a is one
    ['AS OF 25', [5, 15]],
    ['AT 20 TOLERANCE 20ms', [0, 10]],
    ['BETWEEN 10 AND 30', [10, 20]],
    ['AS OF LATEST WITH (at = 100)', [80, 90]],
    ['PREDICTED AT 30', [0, 0]],
  ])('ages are counted from the moment that the search is about: %s', async (scope, [a, b]) => {
    const db = await openTrails()
    const { rows } = await db.query<NearestRow>(`NEAREST 9 TO [0, 0] ${scope} FOR ENTITIES ('a', 'b') PER ENTITY 1 RETURN timestamp`)
    const ages = new Map(rows.map(({ entity, timestamp, age_ms }) => [entity, [timestamp, age_ms]]))
    if (scope.startsWith('BETWEEN')) expect([...ages.values()]).toEqual(rows.map(({ timestamp }) => [timestamp, 30 - timestamp]))
    else expect([ages.get('a')![1], ages.get('b')![1]]).toEqual([a, b])
  })

  test('alpha weighs distance against age, and the score is what ranks', async () => {
    const db = await openTrails()
    const ranked = async (alpha: number) =>
      (await db.query<NearestRow>(`NEAREST 2 TO [0, 0] FOR ENTITIES ('a', 'b') WITH (alpha = ${alpha}, at = 30)`)).rows
    // a: distance 2, age 10; b: distance 2, age 20, which is the greatest.
    expect((await ranked(0.75)).map(({ entity, distance, score }) => [entity, distance, score])).toEqual([
      ['a', 2, 0.75 * 2 + 0.25 * 0.5],
      ['b', 2, 0.75 * 2 + 0.25],
    ])
    expect((await ranked(1)).map(({ score }) => score)).toEqual([2, 2])
    expect((await ranked(0)).map(({ score }) => score)).toEqual([0.5, 1])
    expect(
      (await db.query<NearestRow>('NEAREST 3 TO [0, 0] PREDICTED AT 30 WITH (alpha = 0.5)')).rows.map(({ score, distance }) => score! / distance),
    ).toEqual([0.5, 0.5, 0.5])
  })

  test('meta tells how it was found, and why there are fewer than k', async () => {
    const db = await openTrails()
    const metaOf = async (text: string) => (await db.query(text)).meta
    expect(await metaOf('NEAREST 3 TO [0, 0]')).toMatchObject({ candidates: 3, threads: 0, shortfall: null })
    expect((await metaOf('NEAREST 3 TO [0, 0]')).kernel).toMatch(/^(avx512|avx2|sse2|neon|scalar|wasm)$/)
    expect((await metaOf('NEAREST 4 TO [0, 0]')).shortfall).toBe('There are only 3 candidates.')
    expect((await metaOf("NEAREST 4 TO [0, 0] WHERE entity = 'x'")).shortfall).toBe('There is no candidate.')
    expect((await metaOf('NEAREST 4 TO [0, 0] BETWEEN 0 AND 20 WITHIN 1 PER ENTITY 1')).shortfall).toBe(
      'There are 6 candidates, and 2 of them are left (within 1, at most 1 an entity).',
    )
    expect(await metaOf('SELECT entity')).not.toHaveProperty('candidates')
  })
})

test('EXPLAIN tells what is searched, ANALYZE how it was', async () => {
  const db = await openTrails()
  const explained = async (text: string) =>
    (await db.query<{ operation: string; detail: string }>(text)).rows.map(({ operation, detail }) => `${operation}: ${detail}`)
  const { meta } = await db.query('NEAREST 1 TO [0, 0]')
  expect(
    await explained("EXPLAIN NEAREST 5 TO ENTITY 'a' AT 10 BETWEEN 0 AND 20 WHERE entity <> 'b' WITHIN 9 PER ENTITY 2 WITH (alpha = 0.7)"),
  ).toEqual([
    'project: rank, entity, timestamp, distance, age_ms, score',
    `  nearest: the 5 nearest in "drift" by l2 to entity 'a' at 1970-01-01T00:00:00.010Z, within 9, at most 2 an entity, ranked by 0.7 * distance + 0.3 * age from 1970-01-01T00:00:00.020Z`,
    `    search: at most 6 candidates, kernel ${meta.kernel}, on the event loop, resident, or streamed where memory_limit has no room for the matrix or too little is searched to build it`,
    "      filter: entity <> 'b', once an entity",
    '      candidates: all 3 entities, every observation from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:00.020Z',
  ])
  expect(await explained('EXPLAIN ANALYZE NEAREST 5 TO [0, 0]')).toEqual([
    'project: rank, entity, timestamp, distance, age_ms',
    '  nearest: the 5 nearest in "drift" by l2 to a vector',
    `    search: 3 candidates, kernel ${meta.kernel}, on the event loop, ${meta.access}; There are only 3 candidates.`,
    '      candidates: all 3 entities, the last observation of each',
  ])
  expect(await explained("EXPLAIN NEAREST 1 TO (PREDICT vector AT 30 FOR ENTITY 'a') PREDICTED AT 30 USING last")).toEqual([
    'project: rank, entity, timestamp, distance, age_ms, vector, method, fallback_reason',
    '  nearest: the 1 nearest in "drift" by l2 to a prediction',
    '    target: one prediction',
    expect.stringMatching(/^ {6}project: entity/),
    expect.stringMatching(/^ {8}predict: "drift", entity 'a' x 1970/),
    expect.stringMatching(/^ {10}context: /),
    expect.stringMatching(/^ {10}route: /),
    expect.stringMatching(/^ {12}linear: /),
    expect.stringMatching(/^ {12}last: /),
    expect.stringMatching(/^ {4}search: at most 3 candidates, .*, predicted$/),
    expect.stringMatching(/^ {6}predict: "drift", 3 entities x 1970/),
    expect.stringMatching(/^ {8}context: /),
    expect.stringMatching(/^ {8}route: USING/),
    expect.stringMatching(/^ {10}last: asked for/),
    expect.stringMatching(/^ {10}linear: fallback/),
  ])
})

test('conditions on time alone leave the search in memory, and EXPLAIN shows what they leave of it', async () => {
  const db = await openTrails()
  await neighbours(db, 'NEAREST 1 TO [0, 0]') // so that there is a matrix
  const searched = async (text: string) => {
    const { rows } = await db.query<{ operation: string; detail: string }>(`EXPLAIN ANALYZE NEAREST 5 TO [0, 0] ${text}`)
    const [found, ...below] = rows.slice(2).map(({ operation, detail }) => `${operation.trim()}: ${detail}`)
    return [/\d+ candidates/.exec(found!)![0], /resident|streamed/.exec(found!)![0], ...below]
  }
  expect(await searched("BETWEEN 0 AND 20 WHERE timestamp > 0 AND timestamp <= 19 AND entity <> 'c'")).toEqual([
    '2 candidates',
    'resident',
    "filter: entity <> 'c', once an entity",
    'candidates: all 3 entities, every observation after 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:00.019Z',
  ])
  expect(await searched('WHERE timestamp < 20')).toEqual([
    '1 candidates',
    'resident',
    'filter: timestamp < 20, once an entity',
    'candidates: all 3 entities, the last observation of each',
  ])
  expect(await searched('AS OF 15 WHERE timestamp >= 10')).toEqual([
    '2 candidates',
    'resident',
    'candidates: all 3 entities, the last observation of each from 1970-01-01T00:00:00.010Z to 1970-01-01T00:00:00.015Z',
  ])
  expect(await searched('AS OF 15 WHERE timestamp > 15')).toEqual([
    '0 candidates',
    'resident',
    'candidates: all 3 entities, the last observation of each at no time',
  ])
  expect(await searched('BETWEEN 0 AND 20 WHERE timestamp >= 10 AND (recorded_at > 0 OR timestamp = 5)')).toEqual([
    '4 candidates',
    'streamed',
    'filter: (recorded_at > 0 OR timestamp = 5), once an observation',
    'candidates: all 3 entities, every observation from 1970-01-01T00:00:00.010Z to 1970-01-01T00:00:00.020Z',
  ])
})

test('EXPLAIN says before it is done which conditions have the candidates read', async () => {
  const db = await openTrails()
  const text = "NEAREST 5 TO [0, 0] AS OF 15 WHERE (payload.n = 1 OR entity = 'a') AND entity <> 'c' AND timestamp <= 12 AND timestamp >= 0"
  const { rows } = await db.query<{ operation: string; detail: string }>(`EXPLAIN ${text}`)
  const [, , search, filter, candidates] = rows.map(({ detail }) => detail)
  expect(search).toMatch(/, streamed, because each observation is asked: \(payload\.n = 1 OR entity = 'a'\) AND timestamp <= 12$/)
  expect(filter).toBe("entity <> 'c', once an entity; (payload.n = 1 OR entity = 'a') AND timestamp <= 12, once an observation")
  expect(candidates).toBe('all 3 entities, the last observation of each from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:00.015Z')
  expect((await db.query(text)).meta.access).toBe('streamed')
})

test('a target without a time of its own is as the scope sees it, and ages count from the end of that, whatever WHERE says', async () => {
  const db = await openTrails()
  const { rows } = await db.query<NearestRow>("NEAREST 2 TO ENTITY 'a' BETWEEN 0 AND 15 WHERE timestamp < 5")
  expect(rows).toMatchObject([{ entity: 'b', timestamp: 0, distance: Math.SQRT2, age_ms: 15 }]) // from a at 10, where it is [1, 0]
})

test('it can be stopped, and read row by row', async () => {
  const db = await openTrails()
  const controller = new AbortController()
  controller.abort()
  for (const scope of ['', 'PREDICTED AT 30', 'BETWEEN 0 AND 20'])
    await expect(db.query(`NEAREST 3 TO [0, 0] ${scope}`, [], { signal: controller.signal })).rejects.toMatchObject({ code: 'QUERY_ABORTED' })
  const ranks: unknown[] = []
  for await (const row of db.prepare<NearestRow>('NEAREST $1 TO $2').iterate([2, [0, 0]])) ranks.push(row.rank)
  expect(ranks).toEqual([1, 2])
})

test.each([
  'NEAREST 1 TO [0, 0] PREDICTED AT 30 USING deaf',
  "NEAREST 1 TO ENTITY 'a' PREDICTED AT 30 USING deaf",
  "NEAREST 1 TO (PREDICT vector AT 30 FOR ENTITY 'a' USING deaf)",
])('%s: an abort ends a predictor that does not listen, and lets the snapshot go', async (text) => {
  const db = await openTrails()
  db.registerPredictor('deaf', { context: { min: 1 }, predict: () => new Promise(() => undefined) })
  const abort = new AbortController()
  const running = db.query(text, [], { signal: abort.signal })
  setTimeout(() => abort.abort('enough'), 10)
  await expect(running).rejects.toMatchObject({ code: 'QUERY_ABORTED', cause: 'enough' })
  await db.collection('drift').insert([{ entity: 'a', timestamp: 40, vector: [0, 0] }])
  expect(await neighbours(db, 'NEAREST 1 TO [0, 0]')).toEqual(['a@40'])
})

test('an abort ends a search that reads much', async () => {
  const db = await openWith({}, {}, { dimension: 8 })
  const drift = db.collection('drift')
  for (let e = 0; e < 20; e++)
    await drift.insert(
      Array.from({ length: 2000 }, (_, i) => ({ entity: `e${e}`, timestamp: i, vector: new Float32Array(8).fill(i), payload: { i } })),
    )
  const abort = new AbortController()
  const running = db.query('NEAREST 5 TO [1, 1, 1, 1, 1, 1, 1, 1] BETWEEN 0 AND 2000 WHERE payload.i >= 0', [], { signal: abort.signal })
  setTimeout(() => abort.abort(), 10)
  await expect(running).rejects.toMatchObject({ code: 'QUERY_ABORTED' })
})

describe('the typed method', () => {
  test('means what its text means', async () => {
    const db = await openTrails()
    const drift = db.collection('drift')
    const same = async (request: Parameters<typeof drift.nearest>[0], text: string) =>
      expect(await drift.nearest(request)).toEqual((await db.query(text)).rows)
    await same({ k: 2, to: [0, 0] }, 'NEAREST 2 TO [0, 0]')
    await same({ k: 2, to: Float32Array.of(0, 0), asOf: 10 }, 'NEAREST 2 TO [0, 0] AS OF 10')
    await same({ k: 2, to: { entity: 'a', at: 0 }, at: 21, tolerance: '1 ms' }, "NEAREST 2 TO ENTITY 'a' AT 0 FROM drift AT 21 TOLERANCE 1ms")
    await same({ k: 2, to: { entity: 'a', at: 'latest' }, asOf: 'latest' }, "NEAREST 2 TO ENTITY 'a' AT LATEST AS OF LATEST")
    await same({ k: 2, to: [0, 0], asOf: undefined, within: undefined, predictedAt: undefined }, 'NEAREST 2 TO [0, 0]')
    await same({ k: 2, to: { entity: 'a' }, at: 10 }, "NEAREST 2 TO ENTITY 'a' FROM drift AT 10")
    await same(
      { k: 9, to: [0, 0], between: [0, 20], within: 2, perEntity: 2, alpha: 0.5, reference: 30, columns: ['payload', 'vector'] },
      'NEAREST 9 TO [0, 0] BETWEEN 0 AND 20 WITHIN 2 PER ENTITY 2 RETURN payload, vector WITH (alpha = 0.5, at = 30)',
    )
    await same(
      {
        k: 9,
        to: { predict: { entity: 'a', at: 30, using: 'last' } },
        entities: ['b', 'c'],
        predictedAt: 30,
        context: { until: 10 },
        using: ['linear'],
      },
      "NEAREST 9 TO (PREDICT * AT 30 FOR ENTITY 'a' USING last) FOR ENTITIES ('b', 'c') PREDICTED AT 30 CONTEXT UNTIL 10 USING linear",
    )
    expectTypeOf(await drift.nearest({ k: 1, to: [0, 0] })).toEqualTypeOf<NearestRow[]>()
  })

  test.each<[string, object, object]>([
    ['no k', { to: [0, 0] }, { code: 'ARGUMENT_INVALID', argument: 'k' }],
    ['a k of 0', { k: 0, to: [0, 0] }, { code: 'ARGUMENT_INVALID', argument: 'k' }],
    ['a misspelt member', { k: 1, to: [0, 0], asof: 1 }, { code: 'ARGUMENT_INVALID', message: expect.stringContaining('Did you mean "asOf"?') }],
    [
      'two scopes',
      { k: 1, to: [0, 0], asOf: 1, predictedAt: 2 },
      { code: 'ARGUMENT_INVALID', message: expect.stringContaining('asOf and predictedAt') },
    ],
    ['USING without a prediction', { k: 1, to: [0, 0], using: 'last' }, { code: 'ARGUMENT_INVALID', argument: 'using' }],
    ['a tolerance of nothing', { k: 1, to: [0, 0], tolerance: 5 }, { code: 'ARGUMENT_INVALID', argument: 'tolerance' }],
    ['an alpha of 2', { k: 1, to: [0, 0], alpha: 2 }, { code: 'ARGUMENT_INVALID', argument: 'alpha' }],
    ['half a window', { k: 1, to: [0, 0], between: [0] }, { code: 'ARGUMENT_INVALID', argument: 'between' }],
    [
      'a window that ends before it begins',
      { k: 1, to: [0, 0], between: [2, 1] },
      { message: 'BETWEEN ends before it begins. Swap its ends.', frame: '' },
    ],
    ['another length', { k: 1, to: [0, 0, 0] }, { code: 'DIMENSION_MISMATCH', expected: 2, received: 3 }],
    ['no target', { k: 1 }, { code: 'ARGUMENT_INVALID', argument: 'to' }],
    ['no vector', { k: 1, to: 'a' }, { code: 'VECTOR_INVALID' }],
    ['an unknown entity', { k: 1, to: { entity: 'x' } }, { code: 'NOT_FOUND', kind: 'entity' }],
    ['an unknown column', { k: 1, to: [0, 0], columns: ['vectr'] }, { code: 'ARGUMENT_INVALID', argument: 'columns' }],
    ['a column of predictions without one', { k: 1, to: [0, 0], columns: ['method'] }, { code: 'ARGUMENT_INVALID', argument: 'columns' }],
  ])('refuses %s', async (_, request, error) => {
    const db = await openTrails()
    await expect(db.collection('drift').nearest(request as never)).rejects.toMatchObject(error)
  })
})
