import { isDate, isFloat32Array } from 'node:util/types'
import { described } from '../../errors.js'
import type { CollectionRecord } from '../../storage/index.js'
import type { Call, Span } from '../syntax/statement.js'
import type { ValueBinder } from './value-binder.js'

/** The value of an expression for one row; NULL is null. */
export type Evaluate = (row: never) => unknown

/** What an expression may yield. A time is a number of kind 'time', a span of time is always constant; `json` is known only row by row. */
export type Kind = 'text' | 'number' | 'boolean' | 'time' | 'interval' | 'vector' | 'json' | 'null'

export const KIND_IN_WORDS: Readonly<Record<Kind, string>> = {
  text: 'a text',
  number: 'a number',
  boolean: 'a condition',
  time: 'a time',
  interval: 'a span of time',
  vector: 'a vector',
  json: 'a JSON value',
  null: 'NULL',
}

export interface Compiled {
  readonly kind: Kind
  readonly evaluate: Evaluate
  /** Set when it is the same for every row. */
  readonly constant?: { readonly value: unknown }
}

/** The collection whose vectors expressions look at. */
export type Space = Pick<CollectionRecord, 'name' | 'dimension' | 'metric'>

/** The columns that expressions of one clause may name. */
export interface Scope {
  readonly names: readonly string[]
  /** In words, for messages: `a column of PREDICT`. */
  readonly what: string
  readonly space: Space
  /** @param name  In lower case. */
  column(name: string): Compiled | undefined
  /** `payload` or `attributes`, whole. */
  root(name: 'payload' | 'attributes'): Compiled | undefined
  /** Why a column that the statement has elsewhere cannot stand here. */
  refusal?(name: string): string | undefined
  /** Takes an aggregate, or says why there is none here. */
  aggregate(call: Call, values: ValueBinder): Compiled | { readonly refusal: string }
}

export function constant(kind: Kind, value: unknown): Compiled {
  return { kind, evaluate: () => value, constant: { value } }
}

/** The same value for every row, when that is what all of its parts are. */
export function folded(compiled: Compiled, ...parts: readonly Compiled[]): Compiled {
  return parts.every((part) => part.constant !== undefined) ? constant(compiled.kind, compiled.evaluate(undefined as never)) : compiled
}

/** @throws {QueryTypeError} a value that no expression can hold, such as a list or an object. */
export function constantOf(value: unknown, span: Span, values: ValueBinder): Compiled {
  if (value === null) return constant('null', null)
  if (typeof value === 'string') return constant('text', value)
  if (typeof value === 'boolean') return constant('boolean', value)
  if (typeof value === 'number' && Number.isFinite(value)) return constant('number', value)
  if (isFloat32Array(value) || (Array.isArray(value) && value.every((item) => typeof item === 'number'))) return vectorOf(value, span, values)
  const isTime = isDate(value) || (typeof value === 'object' && 'epochMilliseconds' in value)
  if (isTime) return constant('time', values.moment(value, span))
  throw values.mistakes.type(span, `${described(value)} cannot stand in an expression.`)
}

/** A constant vector, narrowed to float32. */
export function vectorOf(numbers: ArrayLike<number>, span: Span, { mistakes }: ValueBinder): Compiled {
  const vector = Float32Array.from(numbers)
  const index = vector.findIndex((value) => !Number.isFinite(value))
  if (index < 0) return constant('vector', vector)
  const claim = Number.isFinite(numbers[index]) ? `${numbers[index]}, beyond the range of float32` : String(numbers[index])
  throw mistakes.type(span, `Number ${index} of this vector is ${claim}; all must be finite.`)
}

/** What arithmetic cannot hold is NULL: a division by 0, a sum beyond the range of doubles. There is one zero. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value + 0 : null
}
