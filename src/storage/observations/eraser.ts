import type { Work } from '../connection/transaction.js'
import type { ObservationReader } from './observation-reader.js'
import { type OpenCollection, type OpenEntity, segmentOwnerOf } from './open-entity.js'
import { greatest, least } from './row-reader.js'
import { ROWS_REMOVED_AT_ONCE, type RowWriter } from './row-writer.js'
import type { Segment } from './segment-reader.js'
import type { SegmentWriter } from './segment-writer.js'
import { countBefore, joined, part, type Stretch, within } from './stretch.js'

/** Removes observations that are settled: rows, segments, and parts of segments. */
export class Eraser {
  constructor(
    private readonly reader: ObservationReader,
    private readonly rows: RowWriter,
    private readonly segments: SegmentWriter,
  ) {}

  /** @returns how many observations are gone. Pauses in between. */
  *deleteRange(collection: OpenCollection, entity: OpenEntity, from: number, to: number): Work<number> {
    const before = entity.observationCount
    yield* this.#deletePacked(collection, entity, from, to)
    let rows = 0
    for (let changes = ROWS_REMOVED_AT_ONCE; changes === ROWS_REMOVED_AT_ONCE; rows += changes) {
      changes = this.rows.removeSome(entity.key, from, to)
      yield
    }
    entity.observationCount -= rows
    const removed = before - entity.observationCount
    if (removed === 0) return 0
    this.#findEnds(entity)
    entity.isChanged = true
    return removed
  }

  *#deletePacked(collection: OpenCollection, entity: OpenEntity, from: number, to: number): Work<void> {
    const owner = segmentOwnerOf(collection, entity)
    let segment = entity.packedCount === 0 ? undefined : (this.reader.segments.before(owner, from) ?? this.reader.segments.after(owner, from))
    while (segment !== undefined && segment.observations.timestamps[0]! <= to) {
      const next = this.reader.segments.after(owner, segment.observations.timestamps[0]!)
      this.#deleteFrom(collection, entity, segment, from, to)
      segment = next
      yield
    }
  }

  #deleteFrom(collection: OpenCollection, entity: OpenEntity, segment: Segment, from: number, to: number): void {
    const { observations } = segment
    const doomed = within(observations, from, to)
    if (doomed.count === 0) return
    const shadowed = this.#shadowed(entity, doomed)
    this.segments.remove(entity, segment)
    entity.shadowedCount -= shadowed
    entity.observationCount -= doomed.count - shadowed // those in the shadow go with their rows
    const start = countBefore(observations.timestamps, from)
    const kept = [part(observations, 0, start), part(observations, start + doomed.count, observations.count)].filter(({ count }) => count > 0)
    if (kept.length > 0) this.segments.insert(collection, entity, joined(kept, collection.vectorBytes))
  }

  #shadowed(entity: OpenEntity, { timestamps, count }: Stretch): number {
    if (entity.shadowedCount === 0) return 0
    const packed = new Set(timestamps)
    const rows = this.reader.rows.timestamps(entity.key, timestamps[0]!, timestamps[count - 1]!, Number.MAX_SAFE_INTEGER)
    return rows.filter((timestamp) => packed.has(timestamp)).length
  }

  #findEnds(entity: OpenEntity): void {
    const [rowFirst, rowLast] = this.rows.ends(entity.key)
    const packedFirst = this.segments.first(entity.key)
    const packedLast = this.reader.segments.lastBefore(entity.key, Number.POSITIVE_INFINITY)
    entity.firstTimestamp = least(rowFirst, packedFirst) ?? null
    entity.lastTimestamp = greatest(rowLast, packedLast) ?? null
  }

  /** Whatever rows and segments there are of an entity, without a look at them. Pauses in between. */
  *removeAll(entityKey: number): Work<{ rows: number; packed: number }> {
    const removed = { rows: 0, packed: 0 }
    for (let counts = this.segments.removeSome(entityKey); counts.length > 0; counts = this.segments.removeSome(entityKey)) {
      for (const count of counts) removed.packed += count
      yield
    }
    for (;;) {
      const changes = this.rows.removeSome(entityKey, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
      removed.rows += changes
      if (changes < ROWS_REMOVED_AT_ONCE) return removed
      yield
    }
  }
}
