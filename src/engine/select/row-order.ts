import type { BoundOrderKey } from '../bind/bound.js'
import { compareValues } from '../expression/comparison.js'

/** A row with the values of its keys. */
export interface KeyedRow {
  readonly row: object
  readonly values: readonly unknown[]
}

/** Lets others in when it is time to; throws when the statement was stopped. */
export type Pause = () => Promise<void> | undefined

/** How many rows are sorted, or merged, without looking at the clock: well below a millisecond's worth. */
const RUN_ROWS = 512

/** Both not NULL: booleans before numbers before text before what has no order. */
export function compareForOrder(a: unknown, b: unknown): number {
  return compareValues(a, b) ?? kindRank(a) - kindRank(b)
}

function kindRank(value: unknown): number {
  const rank = ['boolean', 'number', 'string'].indexOf(typeof value)
  return rank < 0 ? 3 : rank
}

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

/** Sorts rows by merging, in slices; rows that are equal keep their order. */
export async function sortRows(rows: KeyedRow[], keys: readonly BoundOrderKey[], pause: Pause): Promise<KeyedRow[]> {
  const inOrder = (a: KeyedRow, b: KeyedRow): number => compareRows(a, b, keys)
  let from = rows
  for (let start = 0; start < rows.length; start += RUN_ROWS) {
    const run = rows.slice(start, start + RUN_ROWS).sort(inOrder)
    for (let i = 0; i < run.length; i++) rows[start + i] = run[i]!
    await pause()
  }
  let to = rows.length > RUN_ROWS ? new Array<KeyedRow>(rows.length) : rows
  for (let width = RUN_ROWS; width < rows.length; width *= 2) {
    for (let start = 0; start < rows.length; start += 2 * width) {
      await merge(from, to, start, Math.min(start + width, rows.length), Math.min(start + 2 * width, rows.length), inOrder, pause)
    }
    ;[from, to] = [to, from]
  }
  return from
}

/** Merges `from[start, middle)` and `from[middle, end)`, both in order, into `to`. */
async function merge(
  from: readonly KeyedRow[],
  to: KeyedRow[],
  start: number,
  middle: number,
  end: number,
  inOrder: (a: KeyedRow, b: KeyedRow) => number,
  pause: Pause,
): Promise<void> {
  let left = start
  let right = middle
  for (let i = start; i < end; i++) {
    const takesLeft = left < middle && (right >= end || inOrder(from[left]!, from[right]!) <= 0)
    to[i] = takesLeft ? from[left++]! : from[right++]!
    if ((i & (RUN_ROWS - 1)) === 0) await pause()
  }
}
