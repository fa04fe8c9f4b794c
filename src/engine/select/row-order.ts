import { sortedStepwise } from '../../stepwise-sort.js'
import type { BoundOrderKey } from '../bind/bound.js'
import { compareForOrder } from '../expression/comparison.js'

/** A row with the values of its keys. */
export interface KeyedRow {
  readonly row: object
  readonly values: readonly unknown[]
}

/** Lets others in when it is time to; throws when the statement was stopped. */
export type Pause = () => Promise<void> | undefined

/** NULL comes last, whichever the direction. */
export function compareRows(a: KeyedRow, b: KeyedRow, keys: readonly BoundOrderKey[]): number {
  for (let i = 0; i < keys.length; i++) {
    const left = a.values[i]
    const right = b.values[i]
    if (left === null || right === null) {
      if (left !== right) return left === null ? 1 : -1
      continue
    }
    const order = compareForOrder(left, right)
    if (order !== 0) return keys[i]!.descending ? -order : order
  }
  return 0
}

/** Sorts rows in slices; rows that are equal keep their order. */
export async function sortRows(rows: KeyedRow[], keys: readonly BoundOrderKey[], pause: Pause): Promise<KeyedRow[]> {
  const work = sortedStepwise(rows, (a, b) => compareRows(a, b, keys))
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    await pause()
  }
}
