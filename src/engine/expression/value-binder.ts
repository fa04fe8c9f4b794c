import { described, InvalidTimestampError } from '../../errors.js'
import { addIntervals, INTERVAL_UNITS, type Interval, parseInterval } from '../../interval.js'
import { type Timestamp, toTimestamp } from '../../timestamp.js'
import type { Mistakes } from '../syntax/mistakes.js'
import type { Count, IntervalNode, Span, Time, Value } from '../syntax/statement.js'
import type { Parameters } from './parameters.js'

/** One moment: the same for all entities, or counted from each entity's first or last observation. */
export type BoundTime =
  | { readonly kind: 'instant'; readonly at: Timestamp }
  /** `beyond`: the error for a moment that leaves the range of timestamps. */
  | { readonly kind: 'latest' | 'first'; readonly shifts: readonly Interval[]; readonly beyond: () => Error }

/** How many values a list may hold, be it of entities or of times. */
const LIST_LENGTH_MAX = 100_000
const MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** Turns literals and parameters into values. One for each run of a statement. */
export class ValueBinder {
  constructor(
    readonly parameters: Parameters,
    readonly mistakes: Mistakes,
    /** What `now()` is, the same throughout the statement. */
    readonly now: Timestamp,
  ) {}

  /** The plain value of a literal or a parameter. */
  value(node: Value): unknown {
    switch (node.kind) {
      case 'parameter':
        return this.parameters.get(node)
      case 'null':
        return null
      default:
        return node.value
    }
  }

  text(node: Value, what: string): string {
    const value = this.value(node)
    if (typeof value === 'string') return value
    const hint = node.kind === 'number' ? ` Write it in single quotes: '${node.value}'.` : ''
    throw this.mistakes.type(node, `${what} should be text; it is ${described(value)}.${hint}`)
  }

  /** The texts of a list: written out, or in one parameter. */
  texts(nodes: readonly Value[], lone: boolean, what: string, span: Span): string[] {
    if (!lone) return nodes.map((node) => this.text(node, what))
    const list = this.value(nodes[0]!)
    if (!Array.isArray(list)) throw this.mistakes.type(span, `This parameter should hold a list; it holds ${described(list)}.`)
    this.limitList(list.length, span)
    return list.map((value: unknown, i) => {
      if (typeof value === 'string') return value
      throw this.mistakes.type(span, `${what} should be text; item ${i} of this list is ${described(value)}.`)
    })
  }

  /** A whole number, zero or more. */
  count(node: Count, what: string, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}): number {
    const value = this.value(node)
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
    const isTooGreat = typeof value === 'number' && value > max
    const limits = max === Number.MAX_SAFE_INTEGER && !isTooGreat ? `${min} or more` : `from ${min} to ${max}`
    throw this.mistakes.type(node, `${what} should be a whole number, ${limits}; it is ${described(value)}.`)
  }

  /** A count, or a span of time: the two things that LAST takes. */
  countOrInterval(node: Count | IntervalNode, what: string): { readonly count: number } | { readonly interval: Interval } {
    if (node.kind === 'interval') return { interval: this.span(this.interval(node), what, node) }
    if (node.kind === 'parameter') {
      const value = this.parameters.get(node)
      if (typeof value === 'string') return { interval: this.span(this.parsedInterval(value, node), what, node) }
    }
    return { count: this.count(node, what, { min: 1 }) }
  }

  /** An interval that has a length. */
  private span(interval: Interval, what: string, span: Span): Interval {
    if (interval.months >= 0 && interval.ms >= 0 && interval.months + interval.ms > 0) return interval
    throw this.mistakes.type(span, `${what} takes a span of time above 0.`)
  }

  interval(node: IntervalNode): Interval {
    const { value } = node
    if (value.kind === 'duration') return { months: 0, ms: value.amount * MS[value.unit]! }
    const given = value.kind === 'text' ? value.value : this.parameters.get(value)
    if (typeof given === 'number' && Number.isFinite(given)) return { months: 0, ms: given }
    if (typeof given === 'string') return this.parsedInterval(given, value)
    throw this.mistakes.type(value, `A span of time should be text such as '7 days', or a number of milliseconds; it is ${described(given)}.`)
  }

  private parsedInterval(text: string, span: Span): Interval {
    const interval = parseInterval(text)
    if (interval !== undefined) return interval
    throw this.mistakes.type(
      span,
      `${described(text)} is not a span of time. Expected a number and a unit, such as '7 days'; the units are ${INTERVAL_UNITS}.`,
    )
  }

  /** One moment, absolute or relative to each entity's observations. */
  time(node: Time): BoundTime {
    const shifts = node.shifts.map(({ sign, by }) => scaled(this.interval(by), sign))
    const { base } = node
    if (base.kind === 'latest' || base.kind === 'first') return { kind: base.kind, shifts, beyond: () => this.beyond(node) }
    const start = base.kind === 'now' ? this.now : this.moment(this.value(base), base)
    return { kind: 'instant', at: this.shifted(start, shifts, node) }
  }

  /** A moment that does not depend on the entity. */
  instant(node: Time, clause: string): Timestamp {
    const time = this.time(node)
    if (time.kind === 'instant') return time.at
    throw this.mistakes.type(node, `${clause} takes one moment for all entities; ${time.kind.toUpperCase()} is another one for each of them.`)
  }

  /** The moments of a list; one that is a parameter alone may hold a list itself. */
  times(nodes: readonly Time[], parenthesised: boolean): BoundTime[] {
    const lone = nodes.length === 1 && nodes[0]!.shifts.length === 0 && nodes[0]!.base.kind === 'parameter' ? nodes[0]! : undefined
    if (lone === undefined || lone.base.kind !== 'parameter') return nodes.map((node) => this.time(node))
    const value = this.parameters.get(lone.base)
    if (!Array.isArray(value)) return [{ kind: 'instant', at: this.moment(value, lone) }]
    this.limitList(value.length, lone)
    if (value.length === 0) throw this.mistakes.type(lone, `AT needs at least one moment; this list${parenthesised ? '' : ' of times'} is empty.`)
    return value.map((item: unknown) => ({ kind: 'instant', at: this.moment(item, lone) }))
  }

  moment(value: unknown, span: Span): Timestamp {
    try {
      return toTimestamp(value)
    } catch (error) {
      if (error instanceof InvalidTimestampError) throw this.mistakes.type(span, error.message)
      throw error
    }
  }

  private shifted(start: Timestamp, shifts: readonly Interval[], span: Span): Timestamp {
    const at = shift(start, shifts)
    if (Number.isNaN(at)) throw this.beyond(span)
    return at
  }

  beyond(span: Span): Error {
    return this.mistakes.type(span, 'This moment is beyond ±8.64e15 milliseconds of 1970.')
  }

  limitList(length: number, span: Span): void {
    if (length > LIST_LENGTH_MAX)
      throw this.mistakes.type(span, `A list may hold ${LIST_LENGTH_MAX} values; this one holds ${length}. Ask in several statements.`)
  }
}

/** @returns NaN beyond the range of timestamps. */
export function shift(start: Timestamp, shifts: readonly Interval[]): Timestamp {
  return shifts.reduce((at, interval) => addIntervals(at, interval, 1), start)
}

function scaled({ months, ms }: Interval, sign: 1 | -1): Interval {
  return sign === 1 ? { months, ms } : { months: -months, ms: -ms }
}
