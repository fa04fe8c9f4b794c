import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openDatabase } from '../src/index.js'
import { openForTest, openWith, temporaryFolder } from './support/database.js'

/** DESIGN promises 50 ms on a machine that has time; a loaded one is given more. */
const PROMPT_MS = 250

test('an abort ends a statement that reads much, soon', async () => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 8 })
  for (let e = 0; e < 40; e++) {
    await many.insert(Array.from({ length: 1000 }, (_, i) => ({ entity: `e${e}`, timestamp: i, vector: new Float32Array(8).fill(i) })))
  }
  const abort = new AbortController()
  const running = db.query('SELECT * WHERE norm(vector) >= 0 ORDER BY norm(vector)', [], { signal: abort.signal })
  await setTimeout(10)
  const start = performance.now()
  abort.abort('enough')

  await expect(running).rejects.toMatchObject({ code: 'QUERY_ABORTED', cause: 'enough' })

  expect(performance.now() - start).toBeLessThan(PROMPT_MS)
})

test.each(['SELECT vector WHERE attributes.x = 1', 'SELECT vector FOR ENTITIES $1', 'SELECT count(*) WHERE attributes.x = 1'])(
  'an abort ends %s, which meets none of many entities',
  async (text) => {
    const db = await openForTest({ storage: { path: ':memory:' } })
    const many = await db.createCollection('many', { dimension: 1 })
    await many.insert(Array.from({ length: 40_000 }, (_, e) => ({ entity: `e${e}`, timestamp: 0, vector: [e] })))
    const values = text.includes('$1') ? [Array.from({ length: 40_000 }, (_, e) => `x${e}`)] : []
    await db.query(text, values) // so that both are warm
    const whole = performance.now()
    await db.query(text, values)
    const wholeMs = performance.now() - whole
    const abort = new AbortController()
    const start = performance.now()
    const running = db.query(text, values, { signal: abort.signal })
    await setTimeout(wholeMs / 10)
    abort.abort()

    await expect(running).rejects.toMatchObject({ code: 'QUERY_ABORTED' })

    expect(performance.now() - start).toBeLessThan(wholeMs / 2)
  },
)

test('an abort ends a statement whose predictor does not listen, at once', async () => {
  const db = await openWith({ a: [[0, [1]]] })
  db.registerPredictor('deaf', { context: { min: 1 }, predict: () => new Promise(() => undefined) })
  const abort = new AbortController()
  const running = db.query('PREDICT vector AT 9 FOR EACH ENTITY USING deaf', [], { signal: abort.signal })
  await setTimeout(10)
  const start = performance.now()
  abort.abort()

  await expect(running).rejects.toMatchObject({ code: 'QUERY_ABORTED' })

  expect(performance.now() - start).toBeLessThan(PROMPT_MS)
})

test('await using closes the database', async () => {
  const path = join(temporaryFolder(), 'test.db')
  async function use() {
    await using db = await openDatabase({ storage: { path } })
    await db.createCollection('words', { dimension: 1 })
    return db
  }

  const db = await use()

  expect(() => db.collections()).toThrow(expect.objectContaining({ code: 'DATABASE_CLOSED' }))
})

test('an iterator that is left early lets go of what it read', async () => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 1 })
  await many.insert(Array.from({ length: 5000 }, (_, i) => ({ entity: 'a', timestamp: i, vector: [i] })))

  for (let round = 0; round < 100; round++) {
    for await (const row of db.prepare('SELECT timestamp').iterate()) if (row['timestamp'] === 3) break
  }
  await many.insert([{ entity: 'a', timestamp: 5000, vector: [0] }])

  expect(await many.stats()).toEqual({ entities: 1, observations: 5001 })
})
