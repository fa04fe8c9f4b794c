import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { PredictRow } from '../../src/index.js'
import { openForTest, openWith, temporaryFolder } from '../support/database.js'

/** What went wrong once. */
const DAY = 86_400_000
const START = Date.UTC(2030, 0, 1)
const TWO = {
  a: [
    [START, [0]],
    [START + DAY, [1]],
  ],
} as const

describe('stopping', () => {
  test('a statement that is stopped at any moment leaves no rejection behind', async () => {
    const unhandled: unknown[] = []
    const listen = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', listen)
    onTestFinished(() => {
      process.off('unhandledRejection', listen)
    })
    const db = await openWith(TWO)
    for (let turns = 0; turns < 40; turns++) {
      const abort = new AbortController()
      const asked = db.query("PREDICT vector AT '2031' FOR ENTITY 'a'", [], { signal: abort.signal }).catch(() => undefined)
      for (let turn = 0; turn < turns; turn++) await null
      abort.abort()
      await asked
    }
    await pause(20)

    expect(unhandled).toEqual([])
  })

  test('a statement that waits for a reader heeds its time limit, and many open iterators are named', async () => {
    const db = await openForTest({ storage: { path: join(temporaryFolder(), 'x.db'), busy_timeout_ms: 300 } })
    const words = await db.createCollection('words', { dimension: 1 })
    await words.insert([{ entity: 'a', timestamp: 0, vector: [1] }])
    const open = Array.from({ length: 128 }, () => db.prepare('SELECT entity').iterate())
    await Promise.all(open.map((rows) => rows.next()))
    const start = performance.now()

    await expect(db.query('SELECT entity', [], { timeoutMs: 50 })).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' })
    expect(performance.now() - start).toBeLessThan(280)
    await expect(db.query('SELECT entity')).rejects.toMatchObject({ code: 'STORAGE_BUSY', message: expect.stringContaining('iterators') as string })

    for (const rows of open) await rows.return(undefined)
    expect((await db.query('SELECT entity')).rows).toHaveLength(1)
  })
})

describe('beyond all timestamps', () => {
  test('a span that reaches before them holds everything', async () => {
    const db = await openWith(TWO)

    expect((await db.query("SELECT timestamp LAST INTERVAL '300000 years'")).rows).toHaveLength(2)
    const { rows } = await db.query<PredictRow>("PREDICT vector AT '2031' FOR ENTITY 'a' CONTEXT LAST INTERVAL '300000 years'")
    expect(rows[0]).toMatchObject({ status: 'ok', method: 'linear' })
  })

  test('a moment that leaves them is refused with its place', async () => {
    const db = await openWith(TWO)

    for (const at of ["LATEST + INTERVAL '300000 years'", "HORIZON 2 STEP INTERVAL '200000 years'"]) {
      await expect(db.query(`PREDICT vector AT ${at} FOR ENTITY 'a'`), at).rejects.toMatchObject({ code: 'QUERY_TYPE', column: 19 })
    }
  })

  test('a span of LAST has a length', async () => {
    const db = await openWith(TWO)

    await expect(db.query("SELECT timestamp LAST INTERVAL '-1 day'")).rejects.toMatchObject({ code: 'QUERY_TYPE' })
    await expect(db.query("PREDICT vector AT '2031' FOR ENTITY 'a' CONTEXT LAST 0d")).rejects.toMatchObject({ code: 'QUERY_TYPE' })
  })
})

describe('text beside a time', () => {
  test.each([
    ["'2030-01-02' BETWEEN timestamp AND '2031'", [], 2],
    ["timestamp IN ('2030-01-01')", [], 1],
    ['timestamp IN $1', [['2030-01-01']], 1],
    ['timestamp NOT IN $1', [['2030-01-01']], 1],
    ["'2030-01-02' IN (timestamp)", [], 1],
  ])('%s', async (condition, values, count) => {
    const db = await openWith(TWO)

    expect((await db.query(`SELECT timestamp WHERE ${condition}`, values)).rows).toHaveLength(count)
  })
})

test('ORDER BY sorts values of different kinds by kind, and NULL last', async () => {
  const db = await openForTest()
  const things = await db.createCollection('things', { dimension: 1 })
  const values = [3, 'a', 1, null, 2, 'b', true, 0]
  await things.insert(values.map((x, timestamp) => ({ entity: 'a', timestamp, vector: [0], payload: { x } })))

  const { rows } = await db.query('SELECT payload.x AS x ORDER BY x')

  expect(rows.map(({ x }) => x)).toEqual([true, 0, 1, 2, 3, 'a', 'b', null])
})

test('a few of many can be asked for in order, whatever maxRows is', async () => {
  const db = await openForTest()
  const many = await db.createCollection('many', { dimension: 1 })
  await many.insert(Array.from({ length: 4000 }, (_, i) => ({ entity: 'a', timestamp: i, vector: [(i * 7919) % 4000] })))

  const { rows } = await db.query('SELECT norm(vector) AS n ORDER BY n DESC LIMIT 3 OFFSET 1', [], { maxRows: 10 })

  expect(rows).toEqual([{ n: 3998 }, { n: 3997 }, { n: 3996 }])
  expect((await db.query('SELECT timestamp LIMIT 50 OFFSET 3998', [], { maxRows: 10 })).rows).toHaveLength(2)
})

test('a handle of a dropped collection says so, also when there is another one of its name', async () => {
  const db = await openForTest()
  const old = await db.createCollection('c', { dimension: 2 })
  await db.dropCollection('c')
  for (let round = 0; round < 2; round++) {
    const calls = [
      old.predict({ entity: 'a', at: 0 }),
      old.asOf(0),
      old.stats(),
      old.trajectory({ entity: 'a' }),
      old.attributes('a'),
      old.insert([]),
    ]
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ code: 'NOT_FOUND', kind: 'collection' })))
    await db.createCollection('c', { dimension: 3 })
  }
})

/** A collection as JavaScript sees it: nothing checks what it is given. */
type Loose = Readonly<Record<'delete' | 'trajectory' | 'asOf' | 'predict' | 'setAttributes', (...given: unknown[]) => Promise<unknown>>>

describe('misspelt or missing members', () => {
  test.each<[string, (words: Loose) => Promise<unknown>]>([
    ['delete', (words) => words.delete({ entity: 'a', form: '2030-01-02' })],
    ['delete()', (words) => words.delete()],
    ['trajectory', (words) => words.trajectory({ entity: 'a', too: 1 })],
    ['asOf', (words) => words.asOf(START, { entites: ['a'] })],
    ['asOf entities', (words) => words.asOf(START, { entities: 'a' })],
    ['asOf null', (words) => words.asOf(START, null)],
    ['context', (words) => words.predict({ entity: 'a', at: START, context: { untl: 0 } })],
    ['two of entity and entities', (words) => words.predict({ entity: 'a', entities: ['b'], at: START })],
    ['using', (words) => words.predict({ entity: 'a', at: START, using: 5 })],
    ['setAttributes', (words) => words.setAttributes('a', {}, null)],
  ])('%s is ARGUMENT_INVALID, and nothing is done', async (_, call) => {
    const db = await openWith(TWO)
    const words = db.collection('drift')

    await expect(call(words as unknown as Loose)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })

    expect(await words.stats()).toEqual({ entities: 1, observations: 2 })
  })

  test('options of a query, too', async () => {
    const db = await openWith(TWO)

    await expect(db.query('SELECT *', [], { maxrows: 1 } as never)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    await expect(db.query('SELECT *', [], null as never)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
  })
})

test('a bad item of a stream says what is written', async () => {
  const db = await openForTest()
  const words = await db.createCollection('words', { dimension: 1 })
  const items = [1, 2, 3, 4, 5, Number.NaN].map((value, timestamp) => ({ entity: 'a', timestamp, vector: [value] }))

  await expect(words.insertMany(items, { batchSize: 2 })).rejects.toThrow('Item 5 of this stream')
  expect((await words.stats()).observations).toBe(4)
})

test('a column cannot be called __proto__', async () => {
  const db = await openWith(TWO)

  await expect(db.query('SELECT entity AS "__proto__"')).rejects.toMatchObject({ code: 'QUERY_SYNTAX' })
})
