import { describe, expect, test } from 'vitest'
import type { Database } from '../src/index.js'
import { openForTest } from './support/database.js'
import { Random, seedOfRun } from './support/random.js'
import { isRead, type Metric, type Placed, randomPlaces, randomSearch, referenceNearest, textOf } from './support/reference-nearest.js'

const WORLDS = Number(process.env['WORLDS'] ?? 12)
const STATEMENTS = 120

async function openWorld(world: readonly Placed[], metric: Metric): Promise<Database> {
  const db = await openForTest({ storage: { path: ':memory:' } })
  const things = await db.createCollection('things', { dimension: 3, metric })
  for (const entity of ['a', 'b', 'ab', 'é', '\uffff', '😀', 'z'])
    await things.setAttributes(entity, { g: world.find((row) => row.entity === entity)?.group ?? 0 }, { create: true })
  await things.insert(world.map(({ entity, timestamp, vector, flag }) => ({ entity, timestamp, vector: [...vector], payload: { p: flag } })))
  return db
}

describe('random searches on random data', () => {
  const seed = seedOfRun()
  const random = new Random(seed)

  test(
    `are answered as the definition says (seed ${seed})`,
    async () => {
      const counts = { answered: 0, without: 0, short: 0, resident: 0, streamed: 0 }
      for (let i = 0; i < WORLDS; i++) {
        const world = randomPlaces(random)
        const metric = random.pick(['l2', 'cosine', 'dot'] as const)
        const db = await openWorld(world, metric)
        await db.query('NEAREST 1 TO [0, 0, 0]') // so that there is a matrix
        for (let n = 0; n < STATEMENTS; n++) {
          const search = randomSearch(random)
          const { text, values } = textOf(search, random)
          const told = `${text} ${JSON.stringify(values)} by ${metric} in ${JSON.stringify(world)}`
          const expected = referenceNearest(search, world, metric)
          if (expected === undefined) {
            await expect(db.query(text, values), told).rejects.toMatchObject({ code: 'NOT_FOUND' })
            counts.without += 1
            continue
          }
          const { rows, meta } = await db.query(text, values)
          const core = rows.map(({ vector: _, method: __, fallback_reason: ___, ...row }) => row)
          expect(core, told).toEqual(expected.rows)
          expect(meta.candidates, told).toBe(expected.candidates)
          expect(meta.shortfall === null, told).toBe(rows.length === search.k)
          if (search.scope.kind !== 'predicted') counts[meta.access as 'resident' | 'streamed'] += 1
          if (search.where !== undefined && search.scope.kind !== 'predicted') {
            if (!isRead(search)) expect(meta.access, told).toBe('resident')
            const read = await db.query(text.replace(/WHERE (.*)/, 'WHERE ($1) AND payload IS NOT NULL'), values)
            expect(read.meta.access, told).toBe('streamed')
            expect(read.rows, told).toEqual(rows)
          }
          if (search.scope.kind !== 'predicted' && random.chance(0.3)) {
            const shown = await db.query(`${text} RETURN vector, payload LIMIT 3 OFFSET 1`, values, { vectors: 'array' })
            const wanted = expected.rows.map((row, i) => ({ ...row, ...expected.shown[i] }))
            expect(shown.rows, told).toEqual(wanted.slice(1, 4))
          }
          counts.answered += rows.length > 0 ? 1 : 0
          counts.short += meta.shortfall === null ? 0 : 1
        }
      }
      expect(Math.min(...Object.values(counts))).toBeGreaterThan((WORLDS * STATEMENTS) / 20)
    },
    30_000 + WORLDS * 1000,
  )

  test(`a wider window never raises the k-th distance, and AS OF is constant between observations (seed ${seed})`, async () => {
    const world = randomPlaces(random)
    const db = await openWorld(world, 'l2')
    const kth = async (from: number, to: number, k: number) =>
      ((await db.query(`NEAREST ${k} TO [0, 1, 0] BETWEEN ${from} AND ${to}`)).rows[k - 1]?.['distance'] as number | undefined) ??
      Number.POSITIVE_INFINITY
    for (let i = 0; i < 40; i++) {
      const [from, to, k] = [random.below(30), 30 + random.below(5), 1 + random.below(5)]
      const inside = await kth(from, to, k)
      expect(await kth(from - random.below(10), to + random.below(10), k)).toBeLessThanOrEqual(inside)
    }
    const moments = [...new Set(world.map(({ timestamp }) => timestamp))].sort((a, b) => a - b)
    const asOf = async (at: number) => (await db.query(`NEAREST 5 TO [1, 0, 0] AS OF ${at}`)).rows.map(({ age_ms: _, ...row }) => row)
    for (const [i, at] of moments.entries()) {
      const next = moments[i + 1] ?? at + 10
      expect(await asOf(at + (next - at) / 2)).toEqual(await asOf(at))
    }
  })

  test(`a selective filter still yields k rows where there are k (seed ${seed})`, async () => {
    const world = randomPlaces(random)
    const db = await openWorld(world, 'cosine')
    const newest = [...new Map(world.toSorted((a, b) => a.timestamp - b.timestamp).map((row) => [row.entity, row])).values()]
    for (const flag of [0, 1, 2]) {
      const k = newest.filter((row) => row.flag === flag).length
      if (k === 0) continue
      const { rows } = await db.query(`NEAREST ${k} TO [1, 1, 1] WHERE payload.p = ${flag}`)
      expect(rows).toHaveLength(k)
    }
  })
})
