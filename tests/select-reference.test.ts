import { describe, expect, test } from 'vitest'
import { parse } from '../src/engine/syntax/parse.js'
import type { Select } from '../src/engine/syntax/statement.js'
import type { Database } from '../src/index.js'
import { openForTest } from './support/database.js'
import { Random, seedOfRun } from './support/random.js'
import { randomWorld, SelectGenerator } from './support/random-select.js'
import { referenceSelect, type Seen } from './support/reference-select.js'

const WORLDS = Number(process.env['WORLDS'] ?? 12)
const STATEMENTS = 150

async function openWorld(world: readonly Seen[]): Promise<Database> {
  const db = await openForTest({ storage: { path: ':memory:' } })
  const things = await db.createCollection('things', { dimension: 2, metric: 'l2' })
  await things.insert(
    world.map(({ entity, timestamp, vector, payload }) => ({
      entity,
      timestamp,
      vector: [...vector],
      ...(payload === null ? {} : { payload }),
    })) as never,
  )
  for (const { entity, attributes } of new Map(world.map((row) => [row.entity, row])).values())
    if (attributes !== null) await things.setAttributes(entity, attributes as never)
  return db
}

describe('random statements on random data', () => {
  const seed = seedOfRun()
  const random = new Random(seed)
  const generator = new SelectGenerator(random)

  test(
    `are answered as the definition says (seed ${seed})`,
    async () => {
      let answered = 0
      for (let i = 0; i < WORLDS; i++) {
        const world = randomWorld(random)
        const db = await openWorld(world)
        for (let k = 0; k < STATEMENTS; k++) {
          const text = generator.statement()
          const expected = referenceSelect(parse(text) as Select, world)
          const { rows } = await db.query(text, [], { vectors: 'array' })
          expect(rows, text).toEqual(expected)
          if (rows.length > 0) answered += 1
        }
      }
      expect(answered).toBeGreaterThan((WORLDS * STATEMENTS) / 2)
    },
    30_000 + WORLDS * 1000,
  )

  test(`a row is kept by a condition, by its negation, or by its being NULL, and by one of them alone (seed ${seed})`, async () => {
    const world = randomWorld(random)
    const db = await openWorld(world)
    const keys = async (where: string) => (await db.query(`SELECT entity, timestamp WHERE ${where}`)).rows.map((row) => JSON.stringify(row))
    const all = (await keys('TRUE')).sort()
    for (let i = 0; i < 150; i++) {
      const condition = generator.condition()
      const parts = [await keys(condition), await keys(`NOT (${condition})`), await keys(`(${condition}) IS NULL`)]
      expect(parts.flat().sort(), condition).toEqual(all)
      const [{ n }] = (await db.query<{ n: number }>(`SELECT count(*) AS n WHERE ${condition}`)).rows as [{ n: number }]
      expect(n, condition).toBe(parts[0]!.length)
    }
  })

  test(`a bucket that was filled holds what PREDICT, or AS OF, says of the moment at which it begins (seed ${seed})`, async () => {
    const kinds = new Map<unknown, number>()
    for (let i = 0; i < 10; i++) {
      const world = randomWorld(random)
      const db = await openWorld(world)
      const [from, to] = [random.below(200), 200 + random.below(300)].map((days) => days * 86_400_000)
      const step = random.pick(['5d', '1w', "INTERVAL '1 month'"])
      const sampled = async (fill: string) =>
        (await db.query(`SELECT entity, timestamp, vector, kind BETWEEN ${from} AND ${to} SAMPLE BY ${step} FILL (${fill})`)).rows

      const predicted = await db.query(
        `PREDICT entity, timestamp, vector AT BETWEEN ${from} AND ${to} STEP ${step} FOR EACH ENTITY CONTEXT UNTIL ${to}`,
      )
      const answers = new Map(predicted.rows.map(({ entity, timestamp, vector }) => [`${entity as string} ${timestamp as number}`, vector]))
      for (const { entity, timestamp, vector, kind } of await sampled('PREDICT')) {
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
        if (kind !== 'observed')
          expect(vector, `${entity as string} ${timestamp as number}`).toEqual(answers.get(`${entity as string} ${timestamp as number}`))
      }
      for (const { entity, timestamp, vector, kind } of (await sampled('PREVIOUS')).filter(() => random.chance(0.1))) {
        const { rows } = await db.query('SELECT vector FOR ENTITY $1 AS OF $2', [entity, timestamp])
        if (kind !== 'observed') expect(vector).toEqual(rows[0]?.['vector'] ?? null)
      }
    }
    expect([...kinds.keys()].sort()).toEqual(['extrapolated', 'interpolated', 'observed', null].sort())
  })
})
