import type { Database } from 'chronode'
import type { WordObservation } from './words.ts'

/** Mean squared errors of several methods over the same cases. */
export interface Replay {
  readonly horizonYears: number
  /** Cases that every method answered itself. */
  readonly cases: number
  /** One a method, in the order asked: the mean over cases and dimensions. */
  readonly errors: readonly number[]
}

interface Predicted {
  readonly entity: string
  readonly vector: Float32Array
  readonly method: string
}

/** A method is an identifier and cannot be a parameter. */
const statementOf = (method: string): string => `PREDICT vector AT $1 FOR ENTITIES $2 FROM words CONTEXT UNTIL $3 USING ${method}`

/**
 * Predicts every year from `firstTarget` on as it would have been predicted `horizonYears` before, and compares with what came.
 *
 * A case is a word that an address used in both years. `CONTEXT UNTIL` hides everything after the earlier one.
 */
export async function replay(
  db: Database,
  observations: readonly WordObservation[],
  { methods, horizonYears, firstTarget }: { methods: readonly string[]; horizonYears: number; firstTarget: number },
): Promise<Replay> {
  const byYear = wordsByYear(observations)
  const lastYear = Math.max(...byYear.keys())
  const sums = methods.map(() => 0)
  let cases = 0
  for (let target = firstTarget; target <= lastYear; target++) {
    const origin = target - horizonYears
    const [now, then] = [byYear.get(origin), byYear.get(target)]
    if (now === undefined || then === undefined) continue // a year without an address
    const words = [...then.keys()].filter((word) => now.has(word))
    const answers = await Promise.all(methods.map((method) => predictAll(db, { words, method, origin, target })))
    for (const word of words) {
      const vectors = answers.map((answer) => answer.get(word))
      if (vectors.includes(undefined)) continue // a method had too little to go by, and another one answered
      vectors.forEach((vector, i) => {
        sums[i]! += meanSquare(vector!, then.get(word)!)
      })
      cases++
    }
  }
  return { horizonYears, cases, errors: sums.map((sum) => sum / cases) }
}

interface Asked {
  readonly words: readonly string[]
  readonly method: string
  readonly origin: number
  readonly target: number
}

/** @returns the answers that the method gave itself, by word. */
async function predictAll(db: Database, { words, method, origin, target }: Asked): Promise<Map<string, Float32Array>> {
  const { rows } = await db.query<Predicted>(statementOf(method), [`${target}-12-31`, words, `${origin}-12-31`])
  return new Map(rows.filter((row) => row.method === method).map(({ entity, vector }) => [entity, vector]))
}

function wordsByYear(observations: readonly WordObservation[]): Map<number, Map<string, Float32Array>> {
  const byYear = new Map<number, Map<string, Float32Array>>()
  for (const { entity, timestamp, vector } of observations) {
    const year = new Date(timestamp).getUTCFullYear()
    if (!byYear.has(year)) byYear.set(year, new Map())
    byYear.get(year)!.set(entity, vector)
  }
  return byYear
}

function meanSquare(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length
}
