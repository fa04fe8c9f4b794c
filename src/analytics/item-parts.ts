import type { PredictionItem } from '../prediction.js'

/** How much context is copied for one call of a predictor. */
const PART_BYTES = 16 * 1024 * 1024

/** The items in order, in parts whose contexts hold at most `bytesMax`, or one item. */
export function* inParts(items: readonly PredictionItem[], bytesMax = PART_BYTES): Generator<readonly PredictionItem[]> {
  let from = 0
  let bytes = 0
  for (const [i, { context }] of items.entries()) {
    const size = context.vectors.byteLength + context.timestamps.byteLength
    if (i > from && bytes + size > bytesMax) {
      yield items.slice(from, i)
      from = i
      bytes = 0
    }
    bytes += size
  }
  if (from < items.length) yield from === 0 ? items : items.slice(from)
}

/** A copy that may be written to: what comes from storage may be a view of what it keeps. */
export function copied({ entity, context, targets }: PredictionItem): PredictionItem {
  const { dimension, timestamps, vectors } = context
  return { entity, context: { dimension, timestamps: timestamps.slice(), vectors: vectors.slice() }, targets: targets.slice() }
}
