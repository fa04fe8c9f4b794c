import { justAfter, justBefore } from '../../timestamp.js'
import type { BinaryOperator, Expression } from '../syntax/statement.js'
import { ALWAYS, intersection, NEVER, type TimeBounds } from '../time-bounds.js'
import { comparable } from './comparison.js'
import type { Scope } from './compiled.js'
import { compile } from './expression.js'
import type { ValueBinder } from './value-binder.js'

/** How a comparison reads from its other side. */
const MIRRORED: Readonly<Partial<Record<BinaryOperator, BinaryOperator>>> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/**
 * When a condition is true, where it says that of `timestamp` and nothing else: one comparison, or BETWEEN, with what is known before any row is read.
 *
 * @param condition  One that compiles.
 */
export function timeBoundsOf(condition: Expression, scope: Scope, values: ValueBinder): TimeBounds | undefined {
  const known = (timestamp: Expression, at: Expression): number | null | undefined => {
    const operands = [timestamp, at].map((side) => ({ at: side, value: compile(side, scope, values) }))
    return comparable(operands[0]!, operands[1]!, values)[1].constant?.value as number | null | undefined
  }
  if (condition.kind === 'between') {
    const { operand, low, high, negated } = condition
    if (negated || !isTimestamp(operand)) return undefined
    const [from, to] = [known(operand, low), known(operand, high)]
    return from === undefined || to === undefined ? undefined : intersection(boundsOf('>=', from), boundsOf('<=', to))
  }
  if (condition.kind !== 'binary') return undefined
  const { left, right } = condition
  const isFlipped = !isTimestamp(left)
  if (isFlipped && !isTimestamp(right)) return undefined
  const operator = isFlipped ? MIRRORED[condition.operator] : condition.operator
  if (operator === undefined || MIRRORED[operator] === undefined) return undefined
  const value = isFlipped ? known(right, left) : known(left, right)
  return value === undefined ? undefined : intersection(ALWAYS, boundsOf(operator, value))
}

function isTimestamp(node: Expression): boolean {
  return node.kind === 'column-reference' && node.name.toLowerCase() === 'timestamp'
}

/** @param value  NULL is neither before nor after anything. */
function boundsOf(operator: BinaryOperator, value: number | null): TimeBounds {
  if (value === null) return NEVER
  switch (operator) {
    case '=':
      return { from: value, to: value }
    case '>':
      return { ...ALWAYS, from: justAfter(value) }
    case '<':
      return { ...ALWAYS, to: justBefore(value) }
    case '>=':
      return { ...ALWAYS, from: value }
    default:
      return { ...ALWAYS, to: value }
  }
}
