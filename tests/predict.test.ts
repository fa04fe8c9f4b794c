import { describe, expect, test } from 'vitest'
import type { PredictRow } from '../src/index.js'
import { openForTest, openWith } from './support/database.js'

const LINE = {
  a: [
    [0, [0, 0]],
    [1000, [1, 2]],
    [2000, [2, 4]],
  ],
} as const

describe('what a PREDICT row says', () => {
  test('a straight line is continued exactly', async () => {
    const db = await openWith(LINE)

    const { rows, columns } = await db.query<PredictRow>('PREDICT vector AT 3000 FOR ENTITY $1', ['a'])

    expect(rows).toEqual([
      {
        entity: 'a',
        timestamp: 3000,
        vector: Float32Array.of(3, 6),
        kind: 'extrapolated',
        horizon_ms: 1000,
        last_timestamp: 2000,
        context_count: 2,
        method: 'linear',
        model: null,
        fallback_reason: null,
        status: 'ok',
      },
    ])
    expect(columns).toEqual(Object.keys(rows[0]!))
  })

  test('a stored moment is observed, one between two is on their line, one before the first has no answer', async () => {
    const db = await openWith(LINE)

    const { rows } = await db.query<PredictRow>('PREDICT vector AT (1000, 1250, -1) FOR ENTITY $1', ['a'])

    const unpredicted = { entity: 'a', method: null, model: null, fallback_reason: null }
    expect(rows).toEqual([
      {
        ...unpredicted,
        timestamp: 1000,
        vector: Float32Array.of(1, 2),
        kind: 'observed',
        horizon_ms: 0,
        last_timestamp: 1000,
        context_count: 1,
        status: 'ok',
      },
      {
        ...unpredicted,
        timestamp: 1250,
        vector: Float32Array.of(1.25, 2.5),
        kind: 'interpolated',
        horizon_ms: 250,
        last_timestamp: 1000,
        context_count: 2,
        status: 'ok',
      },
      { ...unpredicted, timestamp: -1, vector: null, kind: null, horizon_ms: null, last_timestamp: null, context_count: 0, status: 'before_first' },
    ])
  })

  test('rows are entities in the order named times moments, even where one has no answer', async () => {
    const db = await openWith({ ...LINE, b: [[0, [5, 5]]] })

    const { rows } = await db.query<PredictRow>("PREDICT entity, timestamp AT (3000, 500) FOR ENTITIES ('b', 'nobody', 'a', 'b')")

    expect(rows.map(({ entity, timestamp, status, method }) => [entity, timestamp, status, method])).toEqual([
      ['b', 3000, 'ok', 'last'],
      ['b', 500, 'ok', 'last'],
      ['nobody', 3000, 'not_found', null],
      ['nobody', 500, 'not_found', null],
      ['a', 3000, 'ok', 'linear'],
      ['a', 500, 'ok', null],
      ['b', 3000, 'ok', 'last'],
      ['b', 500, 'ok', 'last'],
    ])
  })

  test('one observation is too few for a line: the last value answers and the row says why', async () => {
    const db = await openWith({ b: [[0, [5, 5]]] })

    const { rows, meta } = await db.query<PredictRow>("PREDICT vector AT 1 FOR ENTITY 'b'")

    expect(rows[0]).toMatchObject({ vector: Float32Array.of(5, 5), method: 'last', context_count: 1, fallback_reason: 'too_few_observations' })
    expect(meta.warnings).toMatchObject([{ code: 'PREDICTION_FALLBACK', reason: 'too_few_observations' }])
  })

  test('each entity comes by id, in the order of UTF-8 bytes', async () => {
    const ids = ['ﬀ', 'b', '😀', 'a', 'ä']
    const db = await openWith(Object.fromEntries(ids.map((id) => [id, [[0, [1, 1]]]])))

    const { rows } = await db.query<PredictRow>('PREDICT entity AT 5 FOR EACH ENTITY')

    expect(rows.map(({ entity }) => entity)).toEqual([...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
  })

  test('an entity whose observations were all deleted has none', async () => {
    const db = await openWith(LINE)
    await db.collection('drift').delete({ entity: 'a' })

    const { rows } = await db.query<PredictRow>("PREDICT vector AT (5, LATEST) FOR ENTITY 'a'")

    expect(rows).toMatchObject([
      { timestamp: 5, status: 'no_observations', vector: null },
      { timestamp: null, status: 'no_observations', vector: null },
    ])
  })

  test('named columns are those, and what every answer says', async () => {
    const db = await openWith(LINE)

    const { rows, columns } = await db.query('PREDICT entity AS who, horizon_ms AT 3000 FOR ENTITY $1', ['a'])

    expect(columns).toEqual(['who', 'horizon_ms', 'status', 'method', 'fallback_reason'])
    expect(rows).toEqual([{ who: 'a', horizon_ms: 1000, status: 'ok', method: 'linear', fallback_reason: null }])
  })
})

describe('moments', () => {
  test('a grid leaves out its end, BETWEEN includes it', async () => {
    const db = await openWith(LINE)
    const times = async (clause: string) => (await db.query(`PREDICT timestamp AT ${clause} FOR ENTITY 'a'`)).rows.map((row) => row['timestamp'])

    expect(await times('FROM 2000 TO 4000 STEP 1s')).toEqual([2000, 3000])
    expect(await times('BETWEEN 2000 AND 4000 STEP 1s')).toEqual([2000, 3000, 4000])
  })

  test('a step of a month is counted from the start, not chained', async () => {
    const db = await openWith({ a: [[Date.UTC(2023, 11, 31), [1]]] })

    const { rows } = await db.query("PREDICT timestamp AT BETWEEN '2024-01-31' AND '2024-04-30' STEP INTERVAL '1 month' FOR ENTITY 'a'")

    expect(rows.map(({ timestamp }) => timestamp)).toEqual([
      Date.UTC(2024, 0, 31),
      Date.UTC(2024, 1, 29),
      Date.UTC(2024, 2, 31),
      Date.UTC(2024, 3, 30),
    ])
  })

  test('HORIZON counts from the last observation of each entity', async () => {
    const db = await openWith({
      a: [
        [0, [0]],
        [1000, [1]],
      ],
      b: [
        [0, [0]],
        [5000, [10]],
      ],
    })

    const { rows } = await db.query<PredictRow>('PREDICT vector AT HORIZON 2 STEP 1s FOR EACH ENTITY')

    expect(rows.map(({ entity, timestamp, vector }) => [entity, timestamp, [...vector!]])).toEqual([
      ['a', 2000, [2]],
      ['a', 3000, [3]],
      ['b', 6000, [12]],
      ['b', 7000, [14]],
    ])
  })

  test('LATEST and FIRST are those of each entity, and can be shifted', async () => {
    const db = await openWith(LINE)

    const { rows } = await db.query<PredictRow>("PREDICT vector AT (LATEST, FIRST, LATEST + 1s, FIRST + INTERVAL '1 second') FOR ENTITY 'a'")

    expect(rows.map(({ timestamp, kind }) => [timestamp, kind])).toEqual([
      [2000, 'observed'],
      [0, 'observed'],
      [3000, 'extrapolated'],
      [1000, 'observed'],
    ])
  })

  test('a parameter holds one moment or a list, in any accepted form', async () => {
    const db = await openWith(LINE)
    const times = async (value: unknown) => (await db.query("PREDICT timestamp AT $1 FOR ENTITY 'a'", [value])).rows.map((row) => row['timestamp'])

    expect(await times([new Date(3000), '1970-01-01T00:00:04Z', 5000, { epochMilliseconds: 6000 }])).toEqual([3000, 4000, 5000, 6000])
    expect(await times('1970-01-01T00:00:00.0005Z')).toEqual([0.5])
  })

  test('stamps near today a few microseconds apart keep their distances', async () => {
    const start = Date.UTC(2026, 0, 1)
    const db = await openWith({
      a: [
        [start, [0]],
        [start + 0.5, [1]],
      ],
    })

    const { rows } = await db.query<PredictRow>("PREDICT vector AT $1 FOR ENTITY 'a'", [start + 1])

    expect(rows[0]!.vector).toEqual(Float32Array.of(2))
  })
})

describe('CONTEXT', () => {
  const BEND = {
    a: [
      [0, [0]],
      [1000, [10]],
      [2000, [0]],
      [3000, [100]],
    ],
  } as const

  test('UNTIL hides everything after it from the whole statement', async () => {
    const db = await openWith(BEND)

    const { rows } = await db.query<PredictRow>("PREDICT vector AT (1500, 3000, LATEST) FOR ENTITY 'a' CONTEXT UNTIL 1000")

    expect(rows).toMatchObject([
      { vector: Float32Array.of(15), kind: 'extrapolated', last_timestamp: 1000 },
      { vector: Float32Array.of(30), kind: 'extrapolated', last_timestamp: 1000 },
      { timestamp: 1000, vector: Float32Array.of(10), kind: 'observed' },
    ])
  })

  test('an entity that begins after UNTIL has no observations', async () => {
    const db = await openWith(BEND)

    const { rows } = await db.query<PredictRow>("PREDICT vector AT 5 FOR ENTITY 'a' CONTEXT UNTIL -1")

    expect(rows).toMatchObject([{ timestamp: 5, status: 'no_observations' }])
  })

  test('SINCE and LAST narrow what predictors are given and nothing else', async () => {
    const db = await openWith(BEND)
    const ask = async (context: string) => (await db.query<PredictRow>(`PREDICT vector AT (500, 4000) FOR ENTITY 'a' CONTEXT ${context}`)).rows

    for (const context of ['LAST 1', 'SINCE 2500', 'LAST 0.5s', "LAST INTERVAL '500 ms'", 'BETWEEN 2500 AND 3500']) {
      const rows = await ask(context)
      expect(rows, context).toMatchObject([
        { vector: Float32Array.of(5), kind: 'interpolated' },
        { vector: Float32Array.of(100), method: 'last', context_count: 1, fallback_reason: 'too_few_observations' },
      ])
    }
  })

  test('a context with nothing left is said, not guessed', async () => {
    const db = await openWith(BEND)

    const { rows } = await db.query<PredictRow>("PREDICT vector AT (500, 4000) FOR ENTITY 'a' CONTEXT SINCE 3500")

    expect(rows).toMatchObject([
      { kind: 'interpolated', status: 'ok' },
      { timestamp: 4000, vector: null, status: 'no_context', context_count: 0 },
    ])
  })
})

describe('which method', () => {
  test('USING tries its methods in order, and the first refusal stays with the answer', async () => {
    const db = await openWith({ b: [[0, [5, 5]]] })

    const { rows } = await db.query<PredictRow>("PREDICT vector AT 1 FOR ENTITY 'b' USING linear, last")

    expect(rows[0]).toMatchObject({ method: 'last', fallback_reason: 'too_few_observations' })
  })

  test('a registered predictor answers by its name', async () => {
    const db = await openWith(LINE)
    db.registerPredictor('mean', {
      context: { min: 1 },
      predict: async (items) =>
        items.map(({ context, targets }) => {
          const mean = new Float32Array(context.dimension)
          context.vectors.forEach((value, i) => {
            mean[i % context.dimension]! += value / context.timestamps.length
          })
          return Array.from(targets, () => ({ kind: 'vector', vector: mean }) as const)
        }),
    })

    const { rows } = await db.query<PredictRow>("PREDICT vector AT (3000, 4000) FOR ENTITY 'a' USING mean")

    expect(rows).toMatchObject([
      { vector: Float32Array.of(1, 2), method: 'mean', context_count: 3 },
      { vector: Float32Array.of(1, 2), method: 'mean', context_count: 3 },
    ])
  })

  test("fallback = 'error' throws the first reason once all asked-for methods refuse", async () => {
    const db = await openWith({ b: [[0, [5, 5]]] })

    const asked = db.query("PREDICT vector AT 1 FOR ENTITY 'b' USING linear WITH (fallback = 'error')")

    await expect(asked).rejects.toMatchObject({ code: 'PREDICTION_REFUSED', reason: 'too_few_observations', entity: 'b' })
  })

  test('neural_ode without being switched on refuses with its reason', async () => {
    const db = await openWith(LINE, { analytics: { neural_ode: false } })

    const { rows } = await db.query<PredictRow>("PREDICT vector AT 3000 FOR ENTITY 'a' USING neural_ode")

    expect(rows[0]).toMatchObject({ method: 'linear', vector: Float32Array.of(3, 6), fallback_reason: 'disabled' })
  })

  test('the vector of a line that overflows float32 is never returned', async () => {
    const db = await openWith({
      a: [
        [0, [-3e38]],
        [1, [3e38]],
      ],
    })

    const { rows } = await db.query<PredictRow>("PREDICT vector AT 3 FOR ENTITY 'a'")

    expect(rows[0]).toMatchObject({ vector: Float32Array.of(3e38), method: 'last', fallback_reason: 'non_finite_output' })
  })
})

describe('whom', () => {
  test('WHERE chooses entities by id and attributes', async () => {
    const db = await openWith({ a: [[0, [1]]], b: [[0, [2]]], c: [[0, [3]]] })
    await db.collection('drift').setAttributes('b', { topic: 'x', rank: 2 })
    await db.collection('drift').setAttributes('c', { topic: 'y', rank: 3 })
    const who = async (where: string) => (await db.query(`PREDICT entity AT 5 FOR EACH ENTITY WHERE ${where}`)).rows.map((row) => row['entity'])

    expect(await who("attributes.topic = 'x'")).toEqual(['b'])
    expect(await who("attributes.topic <> 'x'")).toEqual(['c'])
    expect(await who('attributes.topic IS NULL')).toEqual(['a'])
    expect(await who("attributes.rank >= 2 AND entity LIKE '_'")).toEqual(['b', 'c'])
    expect(await who("NOT attributes.topic = 'x'")).toEqual(['c'])
  })

  test('ORDER BY and LIMIT work on the rows', async () => {
    const db = await openWith({ a: [[0, [1]]], b: [[1000, [2]]], c: [[500, [3]]] })

    const { rows } = await db.query('PREDICT entity, horizon_ms AT 2000 FOR EACH ENTITY ORDER BY horizon_ms DESC LIMIT 2 OFFSET 1')

    expect(rows.map(({ entity }) => entity)).toEqual(['c', 'b'])
  })

  test('many entities in many pages come whole and in order', async () => {
    const db = await openForTest()
    const many = await db.createCollection('many', { dimension: 3 })
    await many.insert(
      Array.from({ length: 6000 }, (_, i) => ({ entity: `e${String(i >> 1).padStart(5, '0')}`, timestamp: i & 1, vector: [i, 0, 1] })),
    )

    const { rows } = await db.query<PredictRow>('PREDICT vector AT (2, 3) FOR EACH ENTITY')

    expect(rows).toHaveLength(6000)
    rows.forEach((row, i) => {
      const first = (i >> 1) * 2
      expect([row.entity, row.vector![0]]).toEqual([`e${String(i >> 1).padStart(5, '0')}`, first + 2 + (i & 1)])
    })
  })
})

describe('the typed method', () => {
  test('predict means what its text means', async () => {
    const db = await openWith({ ...LINE, b: [[0, [5, 5]]] })
    const drift = db.collection('drift')
    const text = async (statement: string) => (await db.query<PredictRow>(statement)).rows

    expect(await drift.predict({ entity: 'a', at: 3000 })).toEqual(await text("PREDICT vector AT 3000 FOR ENTITY 'a'"))
    expect(await drift.predict({ entities: ['b', 'x'], at: { horizon: 2, step: '1 day' } })).toEqual(
      await text("PREDICT vector AT HORIZON 2 STEP 1d FOR ENTITIES ('b', 'x')"),
    )
    expect(
      await drift.predict({ each: true, at: { from: 0, to: 3000, step: 500, endIncluded: true }, context: { until: 1000, last: 1 }, using: 'last' }),
    ).toEqual(await text('PREDICT vector AT BETWEEN 0 AND 3000 STEP 500ms FOR EACH ENTITY CONTEXT UNTIL 1000 LAST 1 USING last'))
  })

  test.each<[unknown, string]>([
    [{ at: 5 }, '"request" should be an object with entity, entities, or each: true; it is one with at.'],
    [{ each: false, at: 5 }, '"request" should be an object with entity, entities, or each: true; it is one with each: false and at.'],
    [{}, '"request" should be an object with entity, entities, or each: true; it is an empty object.'],
    [{ entity: 'a' }, `"at" should be a moment such as '2030-12-31', a list of them, a grid or a horizon; it is undefined.`],
  ])('predict(%j) says what it lacks', async (request, message) => {
    const db = await openWith(LINE)
    await expect(db.collection('drift').predict(request as never)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID', message })
  })

  test('an unknown method is NOT_FOUND: there is no text to point at', async () => {
    const db = await openWith(LINE)

    const asked = db.collection('drift').predict({ entity: 'a', at: 1, using: 'liner' })

    await expect(asked).rejects.toMatchObject({ code: 'NOT_FOUND', kind: 'predictor', suggestions: ['linear'], frame: undefined })
  })

  test('an unknown entity is NOT_FOUND with what might have been meant', async () => {
    const db = await openWith({ climate: [[0, [1]]] })

    await expect(db.collection('drift').predict({ entity: 'climat', at: 1 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      kind: 'entity',
      suggestions: ['climate'],
    })
    await expect(db.query("PREDICT vector AT 1 FOR ENTITY 'climat'")).rejects.toMatchObject({ code: 'NOT_FOUND', line: 1, column: 32 })
  })
})
