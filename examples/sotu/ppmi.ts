import type { Counts } from './counts.ts'

/** Contexts are smoothed towards rare ones. Source: Levy, Goldberg & Dagan (2015), TACL 3, 211-225. */
const CONTEXT_POWER = 0.75

/** Half a pair's weight says half as much. Source, with 1 in its place: Pantel & Lin (2002), KDD, 613-619. */
const DISCOUNT = 0.5

/** @returns [contexts] the share of all pairs that a context would have by chance. */
export function contextShares({ contextTotals, total }: Counts): Float64Array {
  const smoothed = contextTotals.map((pairs) => pairs ** CONTEXT_POWER)
  const scale = sum(contextTotals) / total / sum(smoothed)
  return smoothed.map((value) => value * scale)
}

/**
 * How much more often than by chance a word stands near each context: positive pointwise mutual information, at unit length.
 *
 * Unit length, because a word that is often used has more entries above zero than the same word when it was new.
 *
 * @param shares  What `contextShares` says of the same counts.
 * @returns [contexts]
 */
export function ppmiRow(counts: Counts, row: number, shares: Float64Array): Float64Array {
  const information = new Float64Array(shares.length)
  for (let column = 0; column < shares.length; column++) {
    const pairs = counts.pairs[row * shares.length + column]!
    if (pairs === 0) continue
    const pointwise = Math.log(pairs / counts.rowTotals[row]! / shares[column]!)
    information[column] = Math.max(0, pointwise) * (pairs / (pairs + DISCOUNT))
  }
  const length = Math.sqrt(sum(information.map((value) => value * value)))
  return length === 0 ? information : information.map((value) => value / length)
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0)
}
