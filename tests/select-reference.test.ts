import { describe, expect, test } from 'vitest'
import { parse } from '../src/engine/parse.js'
import type { Select } from '../src/engine/statement.js'
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
})
