import { TIMESTAMP_MAX } from '../timestamp.js'

/** A stretch of time, ends included; -Infinity and Infinity leave them open. Nothing lies in one that ends before it begins. */
export interface TimeBounds {
  readonly from: number
  readonly to: number
}

export const ALWAYS: TimeBounds = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }
export const NEVER: TimeBounds = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY }

/** When both are true. No observation lies beyond the range of timestamps. */
export function intersection(a: TimeBounds, b: TimeBounds): TimeBounds {
  const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)]
  if (from > to || from > TIMESTAMP_MAX || to < -TIMESTAMP_MAX) return NEVER
  return { from: from < -TIMESTAMP_MAX ? ALWAYS.from : from, to: to > TIMESTAMP_MAX ? ALWAYS.to : to }
}

export function isNever({ from, to }: TimeBounds): boolean {
  return from > to
}
