import { type BlockSize, blockSize } from './segment.js'

/** When observations go into segments, and how many at once. Tests make these small. */
export interface Packing {
  /** Of segments. */
  readonly blockSize: (dimension: number, pageBytes: number) => BlockSize
  /** A batch with fewer new observations than these goes into rows: a strip of its own would be worth little. */
  readonly stripCountMin: number
  /** Longer vectors never go into strips, and out of rows only by `compact`: writing them twice would cost more than packing saves. In bytes. */
  readonly stripVectorBytesMax: number
  /** Of the vectors of one strip. */
  readonly stripBytes: number
  /** Of all strips of a collection: beyond it the oldest are settled. */
  readonly stripsBytesMax: number
  /** What one write packs beside its own, in bytes, or twice as much as it brings. */
  readonly packedAtOnceBytes: number
}

export const PACKING: Packing = {
  blockSize,
  stripCountMin: 16,
  stripVectorBytesMax: 2048,
  stripBytes: 65_536,
  stripsBytesMax: 64 * 1024 * 1024,
  packedAtOnceBytes: 1024 * 1024,
}

/**
 * How `count` observations are divided into blocks: full ones, and what is left over in one or two of at least half that size.
 *
 * @returns the counts; what is less than half a block, and has no block before it to share with, is one block.
 */
export function blockCounts(count: number, { full, min }: BlockSize): number[] {
  const counts = new Array<number>(Math.floor(count / full)).fill(full)
  const left = count % full
  if (left === 0) return counts
  if (left >= min || counts.length === 0) return [...counts, left]
  const shared = full + left
  return [...counts.slice(0, -1), Math.ceil(shared / 2), Math.floor(shared / 2)]
}
