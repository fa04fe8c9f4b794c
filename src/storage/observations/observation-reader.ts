import type { StorageError } from '../../errors.js'
import { justAfter, justBefore } from '../../timestamp.js'
import { corruption, placeInWords } from '../care/corruption.js'
import { type Place, rowCount } from '../catalog.js'
import type { SqliteDatabase } from '../connection/sqlite-library.js'
import type { CollectionRecord } from '../store.js'
import { ObservationChecksum, ownerChecksum } from './checksum.js'
import type { KeptSegments } from './kept-segments.js'
import type { Recent } from './recent.js'
import { type Extent, greatest, isIntact, least, type ObservationRow, RowReader, rowsToStretch } from './row-reader.js'
import { type SegmentOwner, SegmentReader } from './segment-reader.js'
import { countBefore, hasMoment, isInOrder, joined, merged, part, type Stretch, totalCount, within } from './stretch.js'
import type { Strip } from './strip.js'
import type { StripDirectory } from './strip-directory.js'

/** Observations that are looked at before the next pause. */
const COUNTED_AT_ONCE = 500

/** Whose observations are read: an entity in its collection. */
export interface Owner {
  readonly collection: CollectionRecord
  readonly entity: Place
}

/** What messages need to know of it. */
interface NamedOwner {
  readonly collection: CollectionRecord
  readonly entity: Pick<Place, 'id'>
}

interface StripEntry {
  readonly timestamp: number
  readonly vector: Uint8Array
  readonly payload: string | null
}

/**
 * Reads observations of one entity at a time, on one connection. The only place that knows that they lie in three: packed in segments,
 * as rows of the tail (which stand in front of what a segment has at their moment), and, newer than all of these, in strips.
 *
 * Ends of ranges are included; -Infinity and Infinity leave them open. Whatever is returned is verified.
 */
export class ObservationReader {
  readonly rows: RowReader
  readonly segments: SegmentReader
  readonly #checksums = new Map<number, ObservationChecksum>()

  /** @param kept  Undefined: somebody may roll back what is read on this connection. */
  constructor(
    database: SqliteDatabase,
    private readonly strips: StripDirectory,
    kept: KeptSegments | undefined,
  ) {
    this.rows = new RowReader(database)
    this.segments = new SegmentReader(database, kept)
  }

  /** The newest `limit` in the range: in time order, in one piece or several. */
  newest(owner: Owner, from: number, to: number, limit: number): Stretch[] {
    const recent = this.#newestRecent(owner, from, to, limit)
    const left = limit - (recent?.count ?? 0)
    const settled = left > 0 && from <= (owner.entity.settledLast ?? Number.NEGATIVE_INFINITY) ? this.#newestSettled(owner, from, to, left) : []
    return withoutEmpty(settled, recent)
  }

  /** The oldest `limit` in the range: in time order, in one piece or several. */
  oldest(owner: Owner, from: number, to: number, limit: number): Stretch[] {
    const hasSettled = to >= (owner.entity.settledFirst ?? Number.POSITIVE_INFINITY)
    const settled = hasSettled ? this.#oldestSettled(owner, from, to, limit) : []
    const left = limit - totalCount(settled)
    const recent = left > 0 ? this.#oldestRecent(owner, from, to, left) : undefined
    return withoutEmpty(settled, recent)
  }

  /** All that strips hold of an entity. */
  recent(owner: Owner): Stretch | undefined {
    return this.#newestRecent(owner, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  }

  /** All rows of the tail in the range, at most `limit` of them: in time order. */
  tail(owner: Owner, from: number, to: number, limit: number): Stretch {
    return this.#verifiedRows(owner, from, to, this.rows.oldest(owner.entity.key, from, to, limit))
  }

  #newestSettled(owner: Owner, from: number, to: number, limit: number): Stretch[] {
    const { entity } = owner
    if (entity.packedCount === 0) return [this.#newestRows(owner, from, to, limit)]
    if (rowCount(entity) === 0) return this.#newestPacked(owner, from, to, limit)
    const rows = this.#newestRows(owner, from, to, limit)
    const packedLast = this.segments.lastBefore(entity.key, to) ?? Number.NEGATIVE_INFINITY
    if (rows.count === limit && rows.timestamps[0]! > packedLast) return [rows]
    const packed = this.#newestPacked(owner, from, to, limit)
    if (rows.count === 0) return packed
    const { vectorBytes } = this.#sizes(owner)
    const both = merged(joined(packed, vectorBytes), rows, vectorBytes)
    return [part(both, Math.max(0, both.count - limit), both.count)]
  }

  #oldestSettled(owner: Owner, from: number, to: number, limit: number): Stretch[] {
    const { entity } = owner
    if (entity.packedCount === 0) return [this.tail(owner, from, to, limit)]
    const packed = this.#oldestPacked(owner, from, to, limit)
    if (rowCount(entity) === 0) return packed
    const rows = this.tail(owner, from, to, limit)
    if (rows.count === 0) return packed
    const { vectorBytes } = this.#sizes(owner)
    const both = merged(joined(packed, vectorBytes), rows, vectorBytes)
    return [part(both, 0, Math.min(limit, both.count))]
  }

  #newestRows(owner: Owner, from: number, to: number, limit: number): Stretch {
    return this.#verifiedRows(owner, from, to, this.rows.newest(owner.entity.key, from, to, limit))
  }

  #newestPacked(owner: Owner, from: number, to: number, limit: number): Stretch[] {
    const segmentOwner = this.#segmentOwner(owner)
    const pieces: Stretch[] = []
    let end = to
    for (let left = limit; left > 0; ) {
      const segment = this.segments.before(segmentOwner, end)
      if (segment === undefined) break
      const inRange = within(segment.observations, from, to)
      const piece = part(inRange, Math.max(0, inRange.count - left), inRange.count)
      if (piece.count > 0) pieces.push(piece)
      left -= piece.count
      const first = segment.observations.timestamps[0]!
      if (first <= from) break
      end = justBefore(first)
    }
    return pieces.reverse()
  }

  #oldestPacked(owner: Owner, from: number, to: number, limit: number): Stretch[] {
    const segmentOwner = this.#segmentOwner(owner)
    const pieces: Stretch[] = []
    const before = from === Number.NEGATIVE_INFINITY ? undefined : this.segments.before(segmentOwner, from)
    let left = limit
    let next = from
    let last = Number.NEGATIVE_INFINITY
    for (let segments = before === undefined ? this.segments.range(segmentOwner, next, to) : [before]; segments.length > 0; ) {
      for (const { observations } of segments) {
        const first = observations.timestamps[0]!
        if (first <= last) throw outOfOrder(owner, 'segments')
        const inRange = within(observations, from, to)
        const piece = part(inRange, 0, Math.min(left, inRange.count))
        if (piece.count > 0) pieces.push(piece)
        left -= piece.count
        if (left === 0) return pieces
        next = justAfter(first)
        last = observations.timestamps.at(-1)!
      }
      segments = this.segments.range(segmentOwner, next, to)
    }
    return pieces
  }

  #newestRecent(owner: Owner, from: number, to: number, limit: number): Stretch | undefined {
    const recent = this.#recent(owner)
    if (recent === undefined || recent.lastTimestamp < from || recent.firstTimestamp > to) return undefined
    let end = recent.strips.length
    while (recent.timestamp(end - 1) > to) end--
    let start = Math.max(recent.start, end - limit)
    while (start < end && recent.timestamp(start) < from) start++
    return start === end ? undefined : this.#readRecent(owner, recent, start, end)
  }

  #oldestRecent(owner: Owner, from: number, to: number, limit: number): Stretch | undefined {
    const recent = this.#recent(owner)
    if (recent === undefined || recent.lastTimestamp < from || recent.firstTimestamp > to) return undefined
    let start = recent.start
    while (recent.timestamp(start) < from) start++
    let end = Math.min(recent.strips.length, start + limit)
    while (end > start && recent.timestamp(end - 1) > to) end--
    return start === end ? undefined : this.#readRecent(owner, recent, start, end)
  }

  #recent({ collection, entity }: Owner): Recent | undefined {
    return this.strips.recent(collection.key, entity.key, entity.settledStrip)
  }

  #readRecent(owner: Owner, recent: Recent, start: number, end: number): Stretch {
    const { collection, entity } = owner
    const { vectorBytes } = this.#sizes(owner)
    const ownerPart = ownerChecksum(collection.key, entity.id)
    const count = end - start
    const timestamps = new Float64Array(count)
    const recordedAt = new Float64Array(count)
    const vectors = new Uint8Array(count * vectorBytes)
    let payloads: (string | null)[] | undefined
    for (let i = 0; i < count; i++) {
      const strip = recent.strips[start + i]!
      const position = recent.positions[start + i]!
      const { timestamp, vector, payload } = this.#readEntry(owner, ownerPart, strip, position)
      timestamps[i] = timestamp
      recordedAt[i] = strip.recordedAt
      vectors.set(vector, i * vectorBytes)
      if (payload === null) continue
      payloads ??= new Array<string | null>(count).fill(null)
      payloads[i] = payload
    }
    return { count, timestamps, recordedAt, vectors, payloads }
  }

  /** One of a strip, without its payload. Its vector is not to be changed. */
  ofStrip(collection: CollectionRecord, id: string, strip: Strip, position: number): Stretch {
    const ownerPart = ownerChecksum(collection.key, id)
    const { timestamp, vector } = this.#readEntry({ collection, entity: { id } }, ownerPart, strip, position)
    return { count: 1, timestamps: Float64Array.of(timestamp), recordedAt: strip.recordedAt, vectors: vector, payloads: undefined }
  }

  #readEntry({ collection, entity }: NamedOwner, ownerPart: number, strip: Strip, position: number): StripEntry {
    const { checksum, vectorBytes } = this.#sizes({ collection })
    const timestamp = strip.timestamps[position]!
    const vector = this.strips.vector(strip, position, vectorBytes)
    const payload = this.strips.payload(strip, position, vectorBytes)
    const isIntact = () => checksum.of(ownerPart, timestamp, strip.recordedAt, vector!, payload) === strip.checksums[position]
    if (vector === undefined || !(strip.isAsWritten || isIntact()))
      throw corruption(placeInWords(collection.name, entity.id, timestamp), 'does not match its checksum')
    return { timestamp, vector, payload }
  }

  /** The timestamp where the newest `count` of the range begin; `from` when there are fewer. Pauses in between. */
  *startOfNewest(owner: Owner, from: number, to: number, count: number): Generator<void, number> {
    const { entity } = owner
    if (entity.packedCount === 0 && this.#recent(owner) === undefined) return yield* this.rows.startOfNewest(entity.key, from, to, count)
    let end = to
    for (let left = count; ; ) {
      const pieces = this.newest(owner, from, end, Math.min(left, COUNTED_AT_ONCE))
      const first = pieces[0]?.timestamps[0]
      left -= totalCount(pieces)
      if (first === undefined) return from
      if (left <= 0) return first
      end = justBefore(first)
      yield
    }
  }

  /** Count, first and last timestamp at or before `to`. Pauses in between. */
  *extent(owner: Owner, to: number): Generator<void, Extent> {
    const extent = yield* this.#settledExtent(owner, to)
    const recent = this.#recent(owner)
    if (recent === undefined || recent.firstTimestamp > to) return extent
    let end = recent.strips.length
    while (recent.timestamp(end - 1) > to) end--
    extent.count += end - recent.start
    extent.first ??= recent.firstTimestamp
    extent.last = recent.timestamp(end - 1)
    return extent
  }

  *#settledExtent(owner: Owner, to: number): Generator<void, Extent> {
    const { rows, packed, shadowed } = yield* this.counted(owner, to)
    return {
      count: rows.count + packed.count - shadowed,
      first: least(rows.first, packed.first),
      last: greatest(rows.last, packed.last),
    }
  }

  /** What lies where at or before `to`, by the entity's own account of where something lies. Pauses in between. */
  *counted(owner: Owner, to: number): Generator<void, { rows: Extent; packed: Extent; shadowed: number }> {
    const { entity } = owner
    const rows = rowCount(entity) === 0 ? NOTHING : yield* this.rows.extent(entity.key, to)
    const packed = entity.packedCount === 0 ? NOTHING : yield* this.#packedExtent(owner, to)
    const shadowed = entity.shadowedCount === 0 || rows.count === 0 ? 0 : yield* this.#shadowed(owner, to)
    return { rows, packed, shadowed }
  }

  *#packedExtent(owner: Owner, to: number): Generator<void, Extent> {
    const extent: Extent = { count: 0, first: undefined, last: undefined }
    for (let after = Number.NEGATIVE_INFINITY; ; ) {
      const spans = this.segments.spansAfter(owner.entity.key, after)
      for (const [first, last, count] of spans) {
        if (first > to) return extent
        extent.first ??= first
        if (last <= to) {
          extent.count += count
          extent.last = last
          continue
        }
        const { observations } = this.segments.before(this.#segmentOwner(owner), first)!
        const inside = countBefore(observations.timestamps, to, true)
        return { count: extent.count + inside, first: extent.first, last: observations.timestamps[inside - 1] }
      }
      if (spans.length === 0) return extent
      after = spans.at(-1)![0]
      yield
    }
  }

  /** How many observations of segments at or before `to` stand behind a row. */
  *#shadowed(owner: Owner, to: number): Generator<void, number> {
    let count = 0
    for (let after = Number.NEGATIVE_INFINITY; ; ) {
      const timestamps = this.rows.timestamps(owner.entity.key, after, to, COUNTED_AT_ONCE)
      for (const timestamp of timestamps) if (this.isPacked(owner, timestamp)) count++
      if (timestamps.length < COUNTED_AT_ONCE) return count
      after = justAfter(timestamps.at(-1)!)
      yield
    }
  }

  /** Whether a segment holds an observation of this moment. */
  isPacked(owner: Owner, timestamp: number): boolean {
    if (owner.entity.packedCount === 0) return false
    const segment = this.segments.before(this.#segmentOwner(owner), timestamp)
    return segment !== undefined && hasMoment(segment.observations, timestamp)
  }

  #verifiedRows(owner: Owner, from: number, to: number, rows: ObservationRow[]): Stretch {
    const { collection, entity } = owner
    const { checksum, vectorBytes } = this.#sizes(owner)
    const ownerPart = ownerChecksum(collection.key, entity.id)
    for (const row of rows) {
      if (!isIntact(row, ownerPart, checksum)) throw corruption(placeInWords(collection.name, entity.id, row[0]), 'does not match its checksum')
    }
    const stretch = rowsToStretch(rows, vectorBytes)
    if (isInOrder(stretch, from, to)) return stretch
    throw outOfOrder(owner, 'observations')
  }

  #segmentOwner({ collection, entity }: Owner): SegmentOwner {
    const checksum = ownerChecksum(collection.key, entity.id)
    return { collection: collection.name, dimension: collection.dimension, entity: entity.key, id: entity.id, checksum }
  }

  #sizes({ collection: { dimension } }: Pick<Owner, 'collection'>): { checksum: ObservationChecksum; vectorBytes: number } {
    let checksum = this.#checksums.get(dimension)
    if (checksum === undefined) {
      checksum = new ObservationChecksum(dimension)
      this.#checksums.set(dimension, checksum)
    }
    return { checksum, vectorBytes: dimension * 4 }
  }
}

/** Damage to SQLite's index can do that. */
function outOfOrder({ collection, entity }: Owner, what: string): StorageError {
  return corruption(`${placeInWords(collection.name, entity.id)}: the index of its ${what}`, 'has them out of order')
}

function withoutEmpty(settled: readonly Stretch[], recent: Stretch | undefined): Stretch[] {
  const stretches = recent === undefined ? settled : [...settled, recent]
  return stretches.filter(({ count }) => count > 0)
}

const NOTHING: Extent = { count: 0, first: undefined, last: undefined }
