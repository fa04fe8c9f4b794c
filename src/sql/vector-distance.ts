import { distance, type Metric } from '../distance.js'
import { ArgumentError, described } from '../errors.js'
import { toFloats } from './sql-vector.js'

export const VECTOR_DISTANCE = 'chronode_distance'

const METRICS: readonly unknown[] = ['cosine', 'l2', 'dot'] satisfies Metric[]

/** How far apart two vectors of one length are; NULL when one of them is. */
export function vectorDistance(metric: unknown, a: unknown, b: unknown): number | null {
  if (metric === null || a === null || b === null) return null
  if (!METRICS.includes(metric)) throw wrong('metric', "'cosine', 'l2' or 'dot'", described(metric))
  const [left, right] = [floats('a', a), floats('b', b)]
  if (left.length === right.length) return distance(metric as Metric, left, right)
  throw wrong('b', `a vector of ${left.length} numbers, as a is`, `one of ${right.length}`)
}

function floats(name: string, value: unknown): Float32Array {
  const given = toFloats(value)
  if ('vector' in given) return given.vector
  throw wrong(name, 'a BLOB of float32 (little-endian) or JSON text of a list of numbers', described(value), given.problem)
}

function wrong(name: string, expected: string, received: string, advice?: string): ArgumentError {
  return new ArgumentError(`${name} of ${VECTOR_DISTANCE}`, expected, received, advice)
}
