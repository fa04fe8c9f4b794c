import { compareText } from '../../text-order.js'
import type { Span } from '../syntax/statement.js'
import { type Compiled, constant, type Evaluate, KIND_IN_WORDS, type Kind } from './compiled.js'
import { KnownMembers } from './known-members.js'
import { likeTest } from './like.js'
import { millisecondsOf, timeOf } from './time-operand.js'
import type { ValueBinder } from './value-binder.js'

/** A compiled expression with its place. */
export interface Operand {
  readonly at: Span
  readonly value: Compiled
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

export function comparison(operator: string, a: Operand, b: Operand, values: ValueBinder): Compiled {
  const [left, right] = comparable(a, b, values)
  const holds = COMPARISONS[operator]!
  return {
    kind: 'boolean',
    evaluate(row) {
      const order = compareValues(left.evaluate(row), right.evaluate(row))
      return order === null ? null : holds(order)
    },
  }
}

/** `x BETWEEN low AND high`, ends included: false as soon as one end says so, NULL when the other one is. */
export function between(operand: Operand, low: Operand, high: Operand, values: ValueBinder): Compiled {
  const [overLow, bottom] = comparable(operand, low, values)
  const [underHigh, top] = comparable(operand, high, values)
  const isOne = overLow === underHigh
  return {
    kind: 'boolean',
    evaluate(row) {
      const value = overLow.evaluate(row)
      const above = compareValues(value, bottom.evaluate(row))
      if (above !== null && above < 0) return false
      const below = compareValues(isOne ? value : underHigh.evaluate(row), top.evaluate(row))
      if (below !== null && below > 0) return false
      return above === null || below === null ? null : true
    },
  }
}

/**
 * `x IN (...)`: true when one is equal, else NULL when one cannot be compared. What is known beforehand is looked up, however long the list.
 *
 * @param plain  More members, which can be compared as they are.
 */
export function inList(operand: Operand, list: readonly Operand[], plain: readonly unknown[], values: ValueBinder): Compiled {
  const known = new KnownMembers(plain)
  const pairs: (readonly [Compiled, Compiled])[] = []
  for (const item of list) {
    const [left, right] = comparable(operand, item, values)
    if (left !== operand.value || right.constant === undefined) pairs.push([left, right])
    else known.add(right.constant.value)
  }
  return {
    kind: 'boolean',
    evaluate(row) {
      const value = operand.value.evaluate(row)
      const isKnown = known.has(value)
      if (isKnown === true) return true
      let isUnknown = isKnown === null
      for (const [left, right] of pairs) {
        const order = compareValues(left.evaluate(row), right.evaluate(row))
        if (order === 0) return true
        if (order === null) isUnknown = true
      }
      return isUnknown ? null : false
    },
  }
}

export function like(operand: Operand, pattern: Operand, { mistakes }: ValueBinder): Compiled {
  for (const { at, value } of [operand, pattern]) {
    const isText = value.kind === 'text' || value.kind === 'json' || value.kind === 'null'
    if (!isText) throw mistakes.type(at, `LIKE compares text; this is ${KIND_IN_WORDS[value.kind]}.`)
  }
  const known = pattern.value.constant?.value
  const knownTest = typeof known === 'string' ? likeTest(known) : undefined
  const evaluate: Evaluate = (row) => {
    const text = operand.value.evaluate(row)
    const wanted = pattern.value.evaluate(row)
    return typeof text === 'string' && typeof wanted === 'string' ? (knownTest ?? likeTest(wanted))(text) : null
  }
  return { kind: 'boolean', evaluate }
}

/** Both sides, of one kind as far as that is known: text beside a time becomes one, a span beside a number its milliseconds. */
export function comparable(a: Operand, b: Operand, values: ValueBinder): readonly [Compiled, Compiled] {
  const left = adapted(a, b, values)
  const right = adapted(b, a, values)
  const [one, other] = [family(left.kind), family(right.kind)]
  const place = { start: Math.min(a.at.start, b.at.start), end: Math.max(a.at.end, b.at.end) }
  if (one === 'vector' || other === 'vector')
    throw values.mistakes.type(place, 'Vectors cannot be compared with each other. Compare their distance(a, b) with a number.')
  if (one !== undefined && other !== undefined && one !== other) {
    const [first, second] = [KIND_IN_WORDS[a.value.kind], KIND_IN_WORDS[b.value.kind]]
    throw values.mistakes.type(place, `${first[0]!.toUpperCase()}${first.slice(1)} and ${second} cannot be compared.`)
  }
  return [left, right]
}

/** What is compared alike. Undefined: known only row by row, or never. */
function family(kind: Kind): Kind | undefined {
  if (kind === 'json' || kind === 'null') return undefined
  return kind === 'time' ? 'number' : kind
}

function adapted({ value: side, at }: Operand, { value: other }: Operand, values: ValueBinder): Compiled {
  if (side.kind === 'interval' && other.kind !== 'time') return millisecondsOf(side, at, values)
  if (other.kind !== 'time') return side
  return side.kind === 'text' && side.constant !== undefined ? constant('time', values.moment(side.constant.value, at)) : timeOf(side)
}

/** @returns null when either is NULL or they are of different kinds: neither equal nor different. */
export function compareValues(a: unknown, b: unknown): number | null {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  return null
}

/** Both not NULL: booleans before numbers before text before what has no order. */
export function compareForOrder(a: unknown, b: unknown): number {
  return compareValues(a, b) ?? kindRank(a) - kindRank(b)
}

function kindRank(value: unknown): number {
  const rank = ['boolean', 'number', 'string'].indexOf(typeof value)
  return rank < 0 ? 3 : rank
}
