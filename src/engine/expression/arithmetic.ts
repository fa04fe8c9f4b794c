import { addIntervals, type Interval, parseInterval } from '../../interval.js'
import type { Binary, Expression, Unary } from '../syntax/statement.js'
import { type Compiled, constant, finiteOrNull, folded, KIND_IN_WORDS, type Kind } from './compiled.js'
import { millisecondsOf, spanOf, timeOf } from './time-operand.js'
import type { ValueBinder } from './value-binder.js'

const NUMERIC: ReadonlySet<Kind> = new Set(['number', 'time', 'interval', 'json', 'null'])
const NULL = constant('null', null)

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
}

/**
 * `+ - * /` of two operands. Numbers are doubles; what they cannot hold, a division by 0 among it, is NULL.
 *
 * A time minus a time is milliseconds, a time plus a span a time by calendar steps. Text beside a time or a span is a time; of JSON, text is
 * one there, and elsewhere only a number counts.
 */
export function arithmetic(node: Binary, left: Compiled, right: Compiled, values: ValueBinder): Compiled {
  const a = besideTime(left, right, node.left, node.operator, values)
  const b = besideTime(right, left, node.right, node.operator, values)
  for (const [side, at] of [[a, node.left] as const, [b, node.right] as const]) {
    if (!NUMERIC.has(side.kind)) throw values.mistakes.type(at, `${node.operator} needs numbers here; this is ${KIND_IN_WORDS[side.kind]}.`)
  }
  if (a.kind === 'null' || b.kind === 'null') return NULL
  if (a.kind === 'interval' || b.kind === 'interval') return withSpan(node, a, b, values)
  return a.kind === 'time' || b.kind === 'time' ? withTime(node, a, b, values) : withNumbers(node.operator, 'number', a, b)
}

/** Unary minus of a number or a span. */
export function negative({ operand }: Unary, compiled: Compiled, values: ValueBinder): Compiled {
  const { kind, evaluate } = compiled
  if (kind === 'null') return NULL
  if (kind === 'interval') return constant('interval', scaled(spanOf(compiled), -1))
  if (kind !== 'number' && kind !== 'json') throw values.mistakes.type(operand, `A number is needed here; this is ${KIND_IN_WORDS[kind]}.`)
  const negated = (row: never): number | null => {
    const value = evaluate(row)
    return typeof value === 'number' ? 0 - value : null // not -0
  }
  return folded({ kind: 'number', evaluate: negated }, compiled)
}

/** Text that is known and stands beside a time or a span. A parameter may hold either, as after AT. */
function besideTime(side: Compiled, other: Compiled, node: Expression, operator: string, values: ValueBinder): Compiled {
  const { constant: known } = side
  if (side.kind !== 'text' || known === undefined || (other.kind !== 'time' && other.kind !== 'interval')) return side
  const span = other.kind === 'time' ? parseInterval(known.value as string) : undefined
  if (span === undefined) return constant('time', values.moment(known.value, node))
  if (node.kind === 'parameter') return constant('interval', span)
  throw values.mistakes.type(node, `${operator} needs a span of time here; this is a text. Write INTERVAL '${known.value as string}'.`)
}

function withNumbers(operator: string, kind: Kind, left: Compiled, right: Compiled): Compiled {
  const apply = ARITHMETIC[operator]!
  const evaluate = (row: never): number | null => {
    const a = left.evaluate(row)
    const b = right.evaluate(row)
    return typeof a === 'number' && typeof b === 'number' ? finiteOrNull(apply(a, b)) : null
  }
  return folded({ kind, evaluate }, left, right)
}

/** At least one of both is a time, and none is a span. */
function withTime(node: Binary, left: Compiled, right: Compiled, { mistakes }: ValueBinder): Compiled {
  const { operator } = node
  if (operator === '*' || operator === '/') throw mistakes.type(node, `A time cannot be ${operator === '*' ? 'multiplied' : 'divided'}.`)
  if (operator === '+') {
    if (left.kind === right.kind) throw mistakes.type(node, 'Two times can be subtracted, not added.')
    return withNumbers('+', 'time', left, right)
  }
  const isShift = left.kind === 'time' && right.kind === 'number'
  return withNumbers('-', isShift ? 'time' : 'number', timeOf(left), timeOf(right))
}

function withSpan(node: Binary, left: Compiled, right: Compiled, values: ValueBinder): Compiled {
  if (left.kind === 'interval' && right.kind === 'interval') return ofSpans(node, spanOf(left), spanOf(right), values)
  const [span, other] = left.kind === 'interval' ? [left, right] : [right, left]
  const isSum = node.operator === '+' || (node.operator === '-' && span === right)
  if (isSum && other.kind !== 'number') return shifted(timeOf(other), spanOf(span), node.operator === '-' ? -1 : 1)
  if (node.operator === '*' || (node.operator === '/' && span === left)) return multiple(node, span, other, values)
  if (node.operator === '/') throw values.mistakes.type(node, 'A span of time cannot divide. Divide milliseconds: a time minus a time.')
  if (other.kind !== 'number') throw values.mistakes.type(node, 'A span of time minus a time means nothing. Swap them.')
  return withNumbers(node.operator, 'number', millisecondsOf(left, node.left, values), millisecondsOf(right, node.right, values))
}

function shifted(time: Compiled, span: Interval, sign: 1 | -1): Compiled {
  const evaluate = (row: never): number | null => {
    const at = time.evaluate(row)
    return typeof at === 'number' ? finiteOrNull(addIntervals(at, span, sign)) : null
  }
  return folded({ kind: 'time', evaluate }, time)
}

function ofSpans(node: Binary, left: Interval, right: Interval, { mistakes }: ValueBinder): Compiled {
  if (node.operator !== '+' && node.operator !== '-')
    throw mistakes.type(node, `Two spans of time can be added and subtracted, not combined with ${node.operator}.`)
  const { months, ms } = scaled(right, node.operator === '+' ? 1 : -1)
  return constant('interval', { months: left.months + months, ms: left.ms + ms })
}

/** `2 * 1d`, `INTERVAL '1 year' / 2`: both sides are known, and months stay whole. */
function multiple(node: Binary, span: Compiled, other: Compiled, { mistakes }: ValueBinder): Compiled {
  const count = other.constant?.value
  const factor = typeof count === 'number' ? (node.operator === '*' ? count : 1 / count) : Number.NaN
  const { months, ms } = spanOf(span)
  const product = { months: months === 0 ? 0 : months * factor, ms: ms === 0 ? 0 : ms * factor }
  if (Number.isSafeInteger(product.months) && Number.isFinite(product.ms)) return constant('interval', product)
  throw mistakes.type(node, 'A span of time is multiplied by a number that is known before any row is read, and its months stay whole.')
}

function scaled({ months, ms }: Interval, sign: 1 | -1): Interval {
  return sign === 1 ? { months, ms } : { months: 0 - months, ms: 0 - ms }
}
