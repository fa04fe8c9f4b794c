import { addIntervals, type Interval } from '../interval.js'
import type { Timestamp } from '../timestamp.js'
import { lengthOf, newest, type Trajectory } from '../trajectory.js'
import type { BoundContext } from './bind/bound.js'

/** What is left of a context for predictors after SINCE and LAST. It may be nothing. */
export function narrowed(context: Trajectory, { from, last }: BoundContext): Trajectory {
  if (from === undefined && (last === undefined || 'count' in last)) return context
  const since = Math.max(from ?? Number.NEGATIVE_INFINITY, startOf(context, last))
  const first = context.timestamps.findIndex((timestamp) => timestamp >= since)
  if (first === 0) return context
  return first < 0 ? newest(context, 0) : newest(context, lengthOf(context) - first)
}

/** Where a span before `end` begins: at minus infinity when that is before all timestamps. */
export function spanStart(end: Timestamp, span: Interval): Timestamp {
  const start = addIntervals(end, span, -1)
  return Number.isNaN(start) ? Number.NEGATIVE_INFINITY : start
}

/** LAST with a span counts back from the last observation. LAST with a number was heeded when the context was read. */
function startOf({ timestamps }: Trajectory, last: BoundContext['last']): number {
  const end = timestamps[timestamps.length - 1]
  if (last === undefined || 'count' in last || end === undefined) return Number.NEGATIVE_INFINITY
  return spanStart(end, last.interval)
}
