import { expectTypeOf } from 'vitest'
import type { Collection, Database, PredictRow, RefusalReason } from '../../src/index.js'

/** Never called: what is wrong here must not compile, and tsc, which runs before the tests, says when it does. */
export async function wrongUses(db: Database, words: Collection): Promise<void> {
  // @ts-expect-error a collection needs its dimension
  await db.createCollection('words', { metric: 'cosine' })
  // @ts-expect-error there is no such metric
  await db.createCollection('words', { dimension: 2, metric: 'cosin' })
  // @ts-expect-error an observation needs its vector
  await words.insert([{ entity: 'a', timestamp: 0 }])
  // @ts-expect-error a BigInt is no timestamp
  await words.insert([{ entity: 'a', timestamp: 0n, vector: [1] }])
  // @ts-expect-error a payload is JSON
  await words.insert([{ entity: 'a', timestamp: 0, vector: [1], payload: () => 1 }])
  // @ts-expect-error PREDICT needs to know whom
  await words.predict({ at: 0 })
  // @ts-expect-error and when
  await words.predict({ entity: 'a' })
  // @ts-expect-error a misspelt member
  await words.predict({ entity: 'a', at: 0, contxt: {} })
  // @ts-expect-error NEAREST needs to know how many
  await words.nearest({ to: [0] })
  // @ts-expect-error and to what
  await words.nearest({ k: 1 })
  // @ts-expect-error there is no such column
  await words.nearest({ k: 1, to: [0], columns: ['vectr'] })
  // @ts-expect-error a condition is text
  await words.nearest({ k: 1, to: [0], where: { topic: 'x' } })
  // @ts-expect-error the values of its parameters are a list or an object
  await words.asOf(0, { where: 'entity = $1', parameters: 'a' })
  // @ts-expect-error a prediction that is a target is of one entity
  await words.nearest({ k: 1, to: { predict: { entity: 'a', at: 0, where: "entity = 'a'" } } })
  // @ts-expect-error candidates are chosen once
  await words.nearest({ k: 1, to: [0], asOf: 0, at: 0 })
  // @ts-expect-error a tolerance is of at
  await words.nearest({ k: 1, to: [0], asOf: 0, tolerance: '1 day' })
  // @ts-expect-error stored vectors are not predicted
  await words.nearest({ k: 1, to: [0], using: 'last' })
  // @ts-expect-error either one or some
  await words.predict({ entity: 'a', entities: ['b'], at: 0 })
  // @ts-expect-error vectors come in three ways
  await db.query('SELECT *', [], { vectors: 'float64' })
  // @ts-expect-error a closed union of statuses
  expectTypeOf<PredictRow['status']>().toEqualTypeOf<'ok' | 'missing'>()
}

/** Never called: what a row is, once its status is known. */
export function narrowed(row: PredictRow): void {
  if (row.status !== 'ok') {
    expectTypeOf(row.vector).toEqualTypeOf<null>()
    return
  }
  expectTypeOf(row.vector).toEqualTypeOf<Float32Array>()
  expectTypeOf(row.timestamp).toEqualTypeOf<number>()
  if (row.kind === 'extrapolated') {
    expectTypeOf(row.method).toEqualTypeOf<string>()
    expectTypeOf(row.fallback_reason).toEqualTypeOf<RefusalReason | null>()
  } else {
    expectTypeOf(row.method).toEqualTypeOf<null>()
  }
}

/** Never called: what may be left open must compile, whether it is left out or undefined. */
export async function rightUses(words: Collection, asOf?: string, within?: number, where?: string): Promise<void> {
  await words.nearest({ k: 1, to: [0], asOf, within, where, columns: undefined })
  await words.nearest({ k: 1, to: { entity: 'a', at: 'latest' }, asOf: 'latest' })
  await words.nearest({ k: 1, to: [0], predictedAt: 0, using: undefined, context: { last: undefined } })
  await words.predict({ entity: 'a', at: 0, fallback: undefined, where })
  await words.asOf('latest', { entities: undefined, where })
}
