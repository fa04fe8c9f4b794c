import { placeOf, rowCount } from '../catalog.js'
import type { Work } from '../connection/transaction.js'
import type { ObservationReader } from './observation-reader.js'
import { type OpenCollection, type OpenEntity, ownerOf, segmentOwnerOf } from './open-entity.js'
import type { RowWriter } from './row-writer.js'
import { type Segment, SPANS_AT_ONCE } from './segment-reader.js'
import type { SegmentWriter } from './segment-writer.js'
import { countBefore, joined, merged, part, type Stretch } from './stretch.js'

/** Moves rows of the tail into segments, and makes few segments of many small ones. What is stored stays the same. */
export class Packer {
  constructor(
    private readonly reader: ObservationReader,
    private readonly rows: RowWriter,
    private readonly segments: SegmentWriter,
  ) {}

  /**
   * Packs rows of the tail, together with the segments that they lie in.
   *
   * @param whole  Also the newest few that are not worth a block yet.
   * @returns the bytes that it wrote. Pauses in between.
   */
  *packRows(collection: OpenCollection, entity: OpenEntity, whole: boolean): Work<number> {
    const { block } = collection
    let bytes = 0
    for (let from = Number.NEGATIVE_INFINITY; rowCount(placeOf(entity)) > 0; ) {
      const rows = this.reader.tail(ownerOf(collection, entity), from, Number.POSITIVE_INFINITY, 4 * block.full)
      if (rows.count === 0) return bytes
      const { base, gap } = this.#gapOf(collection, entity, rows)
      const isNewest = gap.count === rows.count && rows.count < 4 * block.full
      const isApart = base === undefined || gap.timestamps[0]! > base.observations.timestamps.at(-1)!
      if (isNewest && isApart && gap.count < block.min && !whole) return bytes
      bytes += this.#packGap(collection, entity, gap, isApart && gap.count >= block.min ? undefined : base)
      from = gap.timestamps.at(-1)!
      yield
    }
    return bytes
  }

  /** The first of the rows that lie between two segments, and the segment to pack them with: the one before, or else the one after. */
  #gapOf(collection: OpenCollection, entity: OpenEntity, rows: Stretch): { base: Segment | undefined; gap: Stretch } {
    const owner = segmentOwnerOf(collection, entity)
    const first = rows.timestamps[0]!
    const before = this.reader.segments.before(owner, first)
    const next = this.reader.segments.after(owner, first)
    const gap = part(rows, 0, next === undefined ? rows.count : countBefore(rows.timestamps, next.observations.timestamps[0]!))
    return { base: before ?? (gap.count < collection.block.min ? next : undefined), gap }
  }

  #packGap(collection: OpenCollection, entity: OpenEntity, gap: Stretch, base: Segment | undefined): number {
    const whole = base === undefined ? gap : merged(base.observations, gap, collection.vectorBytes)
    if (base !== undefined) {
      this.segments.remove(entity, base)
      entity.shadowedCount -= base.observations.count + gap.count - whole.count
    }
    this.rows.removeAll(entity.key, gap.timestamps[0]!, gap.timestamps.at(-1)!)
    this.segments.insert(collection, entity, whole)
    return whole.count * collection.block.observationBytes
  }

  /** Joins neighbouring segments that are no more than a block together. Pauses in between. */
  *joinSegments(collection: OpenCollection, entity: OpenEntity): Work<void> {
    for (let after = Number.NEGATIVE_INFINITY; ; ) {
      const spans = this.reader.segments.spansAfter(entity.key, after)
      const second = spans.findIndex(([, , count], i) => i > 0 && spans[i - 1]![2] + count <= collection.block.full)
      if (second === -1) {
        if (spans.length < SPANS_AT_ONCE) return
        after = spans.at(-2)![0] // the last one of these is the first of the next
      } else {
        this.#joinTwo(collection, entity, spans[second - 1]![0], spans[second]![0])
        after = spans[second - 2]?.[0] ?? after
      }
      yield
    }
  }

  #joinTwo(collection: OpenCollection, entity: OpenEntity, first: number, second: number): void {
    const owner = segmentOwnerOf(collection, entity)
    const both = [this.reader.segments.before(owner, first)!, this.reader.segments.before(owner, second)!]
    for (const segment of both) this.segments.remove(entity, segment)
    const whole = joined(
      both.map(({ observations }) => observations),
      collection.vectorBytes,
    )
    this.segments.insert(collection, entity, whole)
  }
}
