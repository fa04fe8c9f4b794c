import type { TensorBatch } from '../native/runtime.js'
import type { PredictionItem } from '../prediction.js'
import { lengthOf } from '../trajectory.js'
import type { ModelCard } from './model-card.js'

/** Bounds what one native call copies, and how long it keeps a thread. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024
/** Beyond this many rows libtorch gains nothing more from a batch. */
const BATCH_ROWS_MAX = 256
const FLOAT_BYTES = 4

/** One row of a batch: a context with the targets that it is asked for. */
interface Row {
  /** Position of the item. */
  readonly item: number
  /** Position of its first target in this row. */
  readonly target: number
}

/** Rows of equal length: which tensors they make, and where their answers go. */
export interface PlannedBatch {
  readonly rows: readonly Row[]
  /** T */
  readonly length: number
  /** K */
  readonly targetsPerItem: number
}

/**
 * Groups the contexts by length, in the order of their first item: nothing is padded, so no answer depends on its neighbours' lengths.
 *
 * With the unit scheme time itself depends on the target, so each target is a row of its own; so it is for a model that takes one target.
 */
export function* planBatches(items: readonly PredictionItem[], card: ModelCard, dimension: number): Generator<PlannedBatch> {
  const isShared = card.targets === 'many' && card.time.scheme === 'from_last'
  const groups = new Map<string, { length: number; targetsPerItem: number; rows: Row[] }>()
  for (const [i, { context, targets }] of items.entries()) {
    const length = lengthOf(context)
    const targetsPerItem = isShared ? targets.length : 1
    const key = `${length} ${targetsPerItem}`
    const group = groups.get(key) ?? { length, targetsPerItem, rows: [] }
    if (group.rows.length === 0) groups.set(key, group)
    for (let target = 0; target < targets.length; target += targetsPerItem) group.rows.push({ item: i, target })
  }
  for (const { rows, ...shape } of groups.values()) {
    const count = Math.max(1, Math.min(BATCH_ROWS_MAX, Math.floor(BATCH_BYTES_MAX / rowBytes(shape, dimension))))
    for (let from = 0; from < rows.length; from += count) yield { ...shape, rows: rows.slice(from, from + count) }
  }
}

export function rowBytes({ length, targetsPerItem }: Pick<PlannedBatch, 'length' | 'targetsPerItem'>, dimension: number): number {
  return (length * (dimension + 1) + targetsPerItem) * FLOAT_BYTES
}

/** Lays the contexts of a batch out as the model wants them. Times are normalised in double, and only then narrowed. */
export function toTensorBatch(
  { rows, length, targetsPerItem }: PlannedBatch,
  items: readonly PredictionItem[],
  card: ModelCard,
  dimension: number,
): TensorBatch {
  const width = dimension + 1
  const trajectories = new Float32Array(rows.length * length * width)
  const targets = new Float32Array(rows.length * targetsPerItem)
  for (const [r, row] of rows.entries()) {
    const { context, targets: moments } = items[row.item]!
    const { timestamps, vectors } = context
    const scale = timeScale(card, timestamps, moments[row.target]!)
    for (let i = 0, at = r * length * width; i < length; i++, at += width) {
      trajectories[at] = scale(timestamps[i]!)
      trajectories.set(vectors.subarray(i * dimension, (i + 1) * dimension), at + 1)
    }
    for (let k = 0; k < targetsPerItem; k++) targets[r * targetsPerItem + k] = scale(moments[row.target + k]!)
  }
  return { count: rows.length, length, width, trajectories, targets, targetsPerItem }
}

/** docs/model-contract.md, "Time". */
function timeScale({ time }: ModelCard, timestamps: Float64Array, target: number): (t: number) => number {
  if (time.scheme === 'from_last') {
    const last = timestamps.at(-1)!
    return (t) => (t - last) / time.scaleMs
  }
  const first = timestamps[0]!
  return (t) => (t - first) / (target - first)
}
