import { channel } from 'node:diagnostics_channel'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Collection, type Database, type OpenOptions, openDatabase } from '../src/index.js'
import { collectWarnings, openForTest, openWith } from './support/database.js'

const TRAILS = {
  b: [
    [10, [1, 0]],
    [20, [2, 0]],
    [30, [3, 0]],
  ],
  a: [[5, [9, 9]]],
} as const

test('trajectory brings times and vectors as two arrays', async () => {
  const db = await openWith(TRAILS)
  const drift = db.collection('drift')

  expect(await drift.trajectory({ entity: 'b' })).toEqual({
    timestamps: Float64Array.of(10, 20, 30),
    vectors: Float32Array.of(1, 0, 2, 0, 3, 0),
    dimension: 2,
  })
  expect((await drift.trajectory({ entity: 'b', from: 15, to: 20 })).timestamps).toEqual(Float64Array.of(20))
  expect((await drift.trajectory({ entity: 'b', to: 25, last: 1 })).timestamps).toEqual(Float64Array.of(20))
  expect((await drift.trajectory({ entity: 'a', from: 6 })).timestamps).toEqual(new Float64Array(0))
  await expect(drift.trajectory({ entity: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND', kind: 'entity' })
})

test('asOf means what its text means', async () => {
  const db = await openWith(TRAILS)
  const drift = db.collection('drift')

  expect(await drift.asOf(20)).toEqual((await db.query('SELECT * AS OF 20')).rows)
  expect(await drift.asOf('latest')).toEqual((await db.query('SELECT * AS OF LATEST')).rows)
  expect((await drift.asOf('1970-01-01T00:00:00.020Z', { entities: ['b', 'x'] })).map(({ entity, timestamp }) => [entity, timestamp])).toEqual([
    ['b', 20],
  ])
})

test('entities and attributes tell what is known of each', async () => {
  const db = await openWith(TRAILS)
  const drift = db.collection('drift')
  await drift.setAttributes('a', { topic: 'x' })

  expect(await Array.fromAsync(drift.entities())).toEqual([
    { entity: 'a', attributes: { topic: 'x' }, observations: 1, firstTimestamp: 5, lastTimestamp: 5 },
    { entity: 'b', attributes: null, observations: 3, firstTimestamp: 10, lastTimestamp: 30 },
  ])
  expect(await drift.attributes('a')).toEqual({ topic: 'x' })
  expect(await drift.attributes('b')).toBeNull()
  await expect(drift.attributes('x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('attributes can make their entity, which then is one without observations', async () => {
  const drift = (await openWith(TRAILS)).collection('drift')
  await expect(drift.setAttributes('c', { topic: 'y' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await drift.setAttributes('c', { topic: 'y' }, { create: true })
  await drift.setAttributes('d', null, { create: true })
  await drift.setAttributes('c', { more: 1 }, { create: true, merge: true })

  const none = { observations: 0, firstTimestamp: null, lastTimestamp: null }
  expect((await Array.fromAsync(drift.entities())).slice(2)).toEqual([
    { entity: 'c', attributes: { topic: 'y', more: 1 }, ...none },
    { entity: 'd', attributes: null, ...none },
  ])
  expect(await drift.stats()).toEqual({ entities: 4, observations: 4 })
  await drift.insert([{ entity: 'd', timestamp: 1, vector: [1, 2] }])
  expect(await drift.stats()).toEqual({ entities: 4, observations: 5 })
})

test('batches that are under way at once keep their own vectors, whatever becomes of the arrays they came in', async () => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 2 })
  const given: Float32Array[] = []
  const batchOf = (batch: number) =>
    Array.from({ length: 20 }, (_, i) => {
      const vector = Float32Array.of(batch, i)
      given.push(vector)
      return { entity: `e${batch}`, timestamp: i, vector }
    })

  const writing = Array.from({ length: 8 }, (_, batch) => many.insert(batchOf(batch)))
  for (const vector of given) vector.fill(-1)
  await Promise.all(writing)

  for (let batch = 0; batch < 8; batch++) {
    const { vectors } = await many.trajectory({ entity: `e${batch}` })
    expect(vectors).toEqual(Float32Array.from({ length: 40 }, (_, k) => (k % 2 === 0 ? batch : (k - 1) / 2)))
  }
})

test('a gap in a batch is refused, and its place told', async () => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 1 })
  const batch = [{ entity: 'a', timestamp: 1, vector: [1] }]
  batch[2] = { entity: 'a', timestamp: 3, vector: [3] }

  await expect(many.insert(batch)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID', argument: 'batch[1]' })
  expect(await many.stats()).toEqual({ entities: 0, observations: 0 })
})

test('insertMany writes a stream in atomic batches and tells of each', async () => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 1 })
  async function* source() {
    for (let i = 0; i < 25; i++) yield { entity: 'a', timestamp: i % 20, vector: [i] }
  }
  const seen: number[] = []

  const total = await many.insertMany(source(), { batchSize: 10, onProgress: ({ inserted, replaced }) => seen.push(inserted + replaced) })

  expect(total).toEqual({ batches: 3, inserted: 20, replaced: 5 })
  expect(seen).toEqual([10, 20, 25])
  expect(await many.stats()).toEqual({ entities: 1, observations: 20 })
})

test('insertMany of what is at hand lets the event loop turn, and closes its source when it stops', async () => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 1 })
  const stop = new AbortController()
  let isClosed = false
  function* long() {
    try {
      for (let i = 0; i < 50_000; i++) yield { entity: 'a', timestamp: i, vector: [i] }
    } finally {
      isClosed = true
    }
  }
  setTimeout(() => stop.abort(), 20)

  await expect(many.insertMany(long(), { batchSize: 10, signal: stop.signal })).rejects.toMatchObject({ code: 'QUERY_ABORTED' })
  expect(isClosed).toBe(true)
})

test("an app's tests may fake the clock and its timers: calls awaited again and again end all the same", async () => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 1 })
  vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout', 'setInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const endsAt = performance.now() + 50

  for (let i = 0; performance.now() < endsAt; i++) await many.insert([{ entity: 'a', timestamp: i, vector: [i] }])

  expect((await many.stats()).observations).toBeGreaterThan(2)
})

test('attributes among observations are refused, not lost', async () => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 1 })
  const item = { entity: 'a', timestamp: 0, vector: [1], attributes: { topic: 'x' } }

  const error = await many.insert([{ entity: 'b', timestamp: 0, vector: [1] }, item]).catch((reason: Error) => reason)

  expect(error).toMatchObject({ code: 'ARGUMENT_INVALID', argument: 'batch[1].attributes' })
  expect((error as Error).message).toMatch(/Attributes belong to the entity: setAttributes\(/)
  expect(await many.stats()).toEqual({ entities: 0, observations: 0 })
})

test.each<[string, (many: Collection, range: { from: string; to: string }) => Promise<unknown>]>([
  ['delete', (many, range) => many.delete({ entity: 'a', ...range })],
  ['trajectory', (many, range) => many.trajectory({ entity: 'a', ...range })],
])('%s refuses a range that ends before it begins', async (_name, call) => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 1 })
  await many.insert([{ entity: 'a', timestamp: '2022', vector: [1] }])

  await expect(call(many, { from: '2025', to: '2020' })).rejects.toThrow(
    '"to" should be 2025-01-01T00:00:00.000Z, which is from, or later; it is 2020-01-01T00:00:00.000Z. Swap them.',
  )
  expect(await many.stats()).toEqual({ entities: 1, observations: 1 })
})

test.each<[string, (db: Database, many: Collection, i: number) => Promise<unknown>]>([
  ['insert', (_, many, i) => many.insert([{ entity: 'a', timestamp: i, vector: [i] }])],
  ['setAttributes', (_, many, i) => many.setAttributes('a', { i }, { create: true })],
  ['delete', (_, many, i) => many.delete({ entity: 'a', from: i })],
  ['removeEntity', (_, many) => many.removeEntity('a')],
  ['predict', (_, many) => many.predict({ entity: 'first', at: 0 })],
  ['query', (db) => db.query('NEAREST 1 TO [1]')],
  ['stats', (_, many) => many.stats()],
])('%s, awaited again and again, lets the event loop turn', async (_name, call) => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 1 })
  await many.insert([{ entity: 'first', timestamp: 0, vector: [1] }])
  let isRung = false
  setTimeout(() => {
    isRung = true
  }, 20)

  const endsAt = performance.now() + 5000
  for (let i = 0; !isRung && performance.now() < endsAt; i++) await call(db, many, i)

  expect(isRung).toBe(true)
})

test('a bad item of a stream is named by its position in the stream, and only its batch is not written', async () => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 1 })
  const items = Array.from({ length: 25 }, (_, i) => ({ entity: 'a', timestamp: i, vector: i === 13 ? [Number.NaN] : [i] }))

  await expect(many.insertMany(items, { batchSize: 10 })).rejects.toMatchObject({ code: 'VECTOR_NOT_FINITE', index: 13 })

  expect(await many.stats()).toEqual({ entities: 1, observations: 10 })
})

test('insertMany stops between two batches when its signal says so', async () => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 1 })
  const abort = new AbortController()
  const items = Array.from({ length: 25 }, (_, i) => ({ entity: 'a', timestamp: i, vector: [i] }))

  const writing = many.insertMany(items, { batchSize: 10, signal: abort.signal, onProgress: () => abort.abort('enough') })

  await expect(writing).rejects.toMatchObject({ code: 'QUERY_ABORTED', cause: 'enough' })
  expect(await many.stats()).toEqual({ entities: 1, observations: 10 })
})

test('a batch in seconds raises one warning', async () => {
  const { warnings, logger } = collectWarnings()
  const db = await openForTest({}, { logger })
  const times = await db.createCollection('times', { dimension: 1 })

  await times.insert([{ entity: 'a', timestamp: 1_700_000_000, vector: [1] }])
  await times.insert([{ entity: 'a', timestamp: 1_700_000_001, vector: [1] }])

  expect(warnings).toMatchObject([{ code: 'TIMESTAMP_SUSPICIOUS', collection: 'times' }])
})

test('the same settings return the collection there is, others are an error; a dropped one is gone', async () => {
  const db = await openForTest()
  const first = await db.createCollection('words', { dimension: 2 })
  await first.insert([{ entity: 'a', timestamp: 0, vector: [1, 2] }])

  expect((await db.createCollection('words', { dimension: 2, metric: 'cosine' })).dimension).toBe(2)
  await expect(db.createCollection('words', { dimension: 3 })).rejects.toMatchObject({ code: 'COLLECTION_EXISTS' })
  await db.dropCollection('words')
  expect(() => db.collection('words')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  await expect(first.trajectory({ entity: 'a' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(first.insert([{ entity: 'a', timestamp: 0, vector: [1, 2] }])).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test.each([undefined, null, 5, {}, [], true, Symbol('words')])('a collection is asked for by its name, not by %o', async (name) => {
  const db = await openForTest()
  const refused = expect.objectContaining({ code: 'ARGUMENT_INVALID', argument: 'name' })
  expect(() => db.collection(name as string)).toThrow(refused)
  await expect(db.dropCollection(name as string)).rejects.toEqual(refused)
})

test.each<[unknown, string, string]>([
  [null, 'options', '"options" should be an object of logger, predictors, readonly, connection; it is null.'],
  [{ readOnly: true }, 'options', 'it is one with "readOnly". Did you mean "readonly"?'],
  [{ readonly: 'yes' }, 'readonly', '"readonly" should be true or false; it is'],
  [{ logger: () => undefined }, 'logger', '"logger" should be an object with a function warn(), such as console; it is'],
])('opening with the options %o is refused', async (options, argument, words) => {
  const error = await openDatabase({ storage: { path: ':memory:' } }, options as OpenOptions).catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'ARGUMENT_INVALID', argument, message: expect.stringContaining(words) })
})

test('every statement is told on its diagnostics channel, without its values', async () => {
  const db = await openWith(TRAILS)
  const messages: unknown[] = []
  const listen = (message: unknown) => messages.push(message)
  channel('chronode:query').subscribe(listen)
  onTestFinished(() => {
    channel('chronode:query').unsubscribe(listen)
  })

  await db.query('SELECT entity WHERE entity = $1', ['a'])

  expect(messages).toEqual([{ text: 'SELECT entity WHERE entity = $1', rows: 1, elapsedMs: expect.any(Number) as number }])
})

test('close ends open iterators and waits for running statements; then everything says that it is closed', async () => {
  const db = await openForTest()
  const long = await db.createCollection('long', { dimension: 1 })
  await long.insert(Array.from({ length: 5000 }, (_, i) => ({ entity: 'a', timestamp: i, vector: [i] })))
  const rows = db.prepare('SELECT timestamp').iterate()
  await rows.next()
  const running = db.query('SELECT timestamp')

  await db.close()
  await db.close()

  expect((await running).rows).toHaveLength(5000)
  const rest = async () => {
    for await (const _ of rows);
  }
  await expect(rest()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
  await expect(db.query('SELECT *')).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
  await expect(long.insert([])).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
  expect(() => db.collection('long')).toThrow(expect.objectContaining({ code: 'DATABASE_CLOSED' }))
})
