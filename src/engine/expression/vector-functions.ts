import { distance, dotProduct, norm } from '../../distance.js'
import type { Call } from '../syntax/statement.js'
import { type Compiled, finiteOrNull, folded, KIND_IN_WORDS, type Space } from './compiled.js'
import type { ValueBinder } from './value-binder.js'

interface VectorFunction {
  readonly takes: 1 | 2
  readonly apply: (space: Space, a: Float32Array, b: Float32Array) => number
}

/** Functions of vectors, each a number. `dimension` looks at the length alone, but what it is given is a vector all the same. */
const FUNCTIONS: Readonly<Record<string, VectorFunction>> = {
  norm: { takes: 1, apply: (_, a) => norm(a) },
  dimension: { takes: 1, apply: (_, a) => a.length },
  distance: { takes: 2, apply: ({ metric }, a, b) => distance(metric, a, b) },
  dot: { takes: 2, apply: (_, a, b) => dotProduct(a, b) },
  cosine: { takes: 2, apply: (_, a, b) => 1 - distance('cosine', a, b) },
}

export const VECTOR_FUNCTIONS = Object.keys(FUNCTIONS)

/** NULL where an argument is; a list of numbers in a payload or in attributes counts as a vector. */
export function vectorFunction(node: Call, operands: readonly Compiled[], space: Space, values: ValueBinder): Compiled {
  const name = node.name.name.toLowerCase()
  const { takes, apply } = FUNCTIONS[name]!
  if (operands.length !== takes) {
    const wanted = takes === 1 ? 'one vector' : 'two vectors'
    throw values.mistakes.type(node, `${name} takes ${wanted}; it was given ${operands.length}.`)
  }
  operands.forEach(({ kind }, i) => {
    const isVector = kind === 'vector' || kind === 'json' || kind === 'null'
    if (!isVector) throw values.mistakes.type(node.arguments[i]!, `${name} takes a vector; this is ${KIND_IN_WORDS[kind]}.`)
  })
  const [first, second] = operands
  if (second !== undefined) requireOneLength(node, first!, second, space, values)
  const evaluate = (row: never): number | null => {
    const a = asVector(first!.evaluate(row))
    const b = second === undefined ? a : asVector(second.evaluate(row))
    return a === null || b === null || a.length !== b.length ? null : finiteOrNull(apply(space, a, b))
  }
  return folded({ kind: 'number', evaluate }, ...operands)
}

function requireOneLength(node: Call, first: Compiled, second: Compiled, space: Space, { mistakes }: ValueBinder): void {
  const [a, b] = [lengthOf(first, space), lengthOf(second, space)]
  if (a === undefined || b === undefined || a === b) return
  const [left, right] = node.arguments
  const [at, has, other] = first.constant === undefined ? [right!, b, a] : [left!, a, b]
  const isStored = first.constant === undefined || second.constant === undefined
  const others = isStored ? `collection "${space.name}" stores vectors of ${other}` : `the other one has ${other}`
  throw mistakes.type(at, `Two vectors of one length are compared: this one has ${has} numbers, and ${others}.`)
}

function lengthOf({ kind, constant }: Compiled, { dimension }: Space): number | undefined {
  if (kind !== 'vector') return undefined
  return constant === undefined ? dimension : (constant.value as Float32Array).length
}

function asVector(value: unknown): Float32Array | null {
  if (value instanceof Float32Array) return value
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === 'number')) return null
  const vector = Float32Array.from(value as number[])
  return vector.every(Number.isFinite) ? vector : null
}
