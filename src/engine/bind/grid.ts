import { addIntervals, type Interval } from '../../interval.js'
import type { Timestamp } from '../../timestamp.js'

/** How many steps a grid or a horizon may have. */
export const STEPS_MAX = 1_000_000

/**
 * The moments from `from` to `to`, `step` apart; moment k is `from` plus k steps, so that month ends do not drift.
 *
 * @returns undefined: more than `countMax`.
 */
export function gridTimes(from: Timestamp, to: Timestamp, step: Interval, endIncluded: boolean, countMax: number): Timestamp[] | undefined {
  const times: Timestamp[] = []
  for (let k = 0; ; k++) {
    const at = addIntervals(from, step, k)
    if (Number.isNaN(at) || at > to || (at === to && !endIncluded)) return times
    if (times.length === countMax) return undefined
    times.push(at)
  }
}
