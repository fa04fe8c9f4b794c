import type { Interval } from '../../interval.js'
import { parseTimestamp } from '../../timestamp.js'
import type { Span } from '../syntax/statement.js'
import { type Compiled, constant } from './compiled.js'
import type { ValueBinder } from './value-binder.js'

/** A value beside a time: a number is one, and so is text that can be read as one. */
function asTime(value: unknown): number | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return null
  const parsed = parseTimestamp(value)
  return typeof parsed === 'number' ? parsed : null
}

/** What is known only row by row, beside a time. */
export function timeOf(compiled: Compiled): Compiled {
  if (compiled.kind !== 'json' && compiled.kind !== 'text') return compiled
  return { kind: 'time', evaluate: (row) => asTime(compiled.evaluate(row)) }
}

/** The value of an operand of kind 'interval': spans are known before any row is read. */
export function spanOf({ constant: known }: Compiled): Interval {
  return known!.value as Interval
}

/** A span beside a number: its milliseconds, unless it is counted by the calendar. */
export function millisecondsOf(side: Compiled, at: Span, { mistakes }: ValueBinder): Compiled {
  if (side.kind !== 'interval') return side
  const { months, ms } = spanOf(side)
  if (months === 0) return constant('number', ms)
  throw mistakes.type(at, 'Months and years have no fixed length. Add them to a time, or write days.')
}
