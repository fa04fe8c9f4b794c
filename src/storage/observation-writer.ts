import { ENCODING, placeOf, rowCount, type StoredCollection } from './catalog.js'
import { type EntityFields, ObservationChecksum, ownerChecksum } from './checksum.js'
import { ObservationReader, type Owner } from './observation-reader.js'
import { blockCounts, type Packing } from './packing.js'
import { type BlockSize, encodeSegment, SEGMENT_FORMAT, segmentChecksum } from './segment.js'
import { type Segment, type SegmentOwner, SPANS_AT_ONCE } from './segment-reader.js'
import type { SqliteDatabase } from './sqlite-library.js'
import { NUMBER, Statement } from './statement.js'
import type { NewObservation } from './store.js'
import { countBefore, joined, merged, part, recordedAtOf, type Stretch, within } from './stretch.js'
import { Strip, StripDraft, stripChecksum } from './strip.js'
import type { Recent, StripDirectory } from './strip-directory.js'
import type { Work } from './transaction.js'

type RowValues = [entity: number, timestamp: number, recordedAt: number, vector: Uint8Array, payload: string | null, checksum: number]

/** How many rows one statement removes: a few milliseconds. */
const ROWS_REMOVED_AT_ONCE = 1000
const SEGMENTS_REMOVED_AT_ONCE = 50

/** An entity while something is written to it. */
export type OpenEntity = { -readonly [Field in keyof EntityFields]: EntityFields[Field] } & {
  /** `ownerChecksum` */
  readonly owner: number
  /** Its row is to be written. */
  isChanged: boolean
}

export function openEntity(fields: EntityFields): OpenEntity {
  return { ...fields, owner: ownerChecksum(fields.collection, fields.id), isChanged: false }
}

/** A collection while something is written to it. */
export interface OpenCollection {
  readonly fields: StoredCollection
  readonly generation: number
  /** Epoch milliseconds. */
  readonly recordedAt: number
  readonly vectorBytes: number
  readonly block: BlockSize
  readonly checksum: ObservationChecksum
  /** What is brought is enough to make strips of it. */
  readonly isForStrips: boolean
  stripCount: number
  readonly drafts: StripDraft[]
  /** Entities that strips or rows hold a block's worth of. */
  readonly ripe: OpenEntity[]
}

/**
 * Writes the observations of one entity at a time: appended ones to strips or straight into segments, late ones to rows of the tail. It keeps
 * what `ObservationReader` relies on: strips hold what is newer than all else of an entity, and segments of one never overlap.
 *
 * Nothing here writes the row of an entity or a collection: what it changes in them it changes in what it was given.
 */
export class ObservationWriter {
  readonly #reader
  readonly #insertRow
  readonly #insertRowUnlessThere
  readonly #updateRow
  readonly #deleteRows
  readonly #insertSegment
  readonly #deleteSegment
  readonly #deleteSegments
  readonly #insertStrip
  readonly #deleteStrip
  readonly #rowEnds
  readonly #segmentFirst
  readonly #pageBytes

  constructor(
    database: SqliteDatabase,
    private readonly strips: StripDirectory,
    private readonly packing: Packing,
  ) {
    this.#reader = new ObservationReader(database, strips, true)
    const insert = 'INSERT INTO chronode_observation (entity, timestamp, recorded_at, vector, payload, checksum) VALUES (?, ?, ?, ?, ?, ?)'
    this.#insertRow = new Statement<RowValues>(database, insert)
    this.#insertRowUnlessThere = new Statement<RowValues>(database, `${insert} ON CONFLICT DO NOTHING`)
    this.#updateRow = new Statement<[number, Uint8Array, string | null, number, number, number]>(
      database,
      'UPDATE chronode_observation SET recorded_at = ?, vector = ?, payload = ?, checksum = ? WHERE entity = ? AND timestamp = ?',
    )
    this.#deleteRows = new Statement<[number, number, number]>(
      database,
      `DELETE FROM chronode_observation WHERE key IN
       (SELECT key FROM chronode_observation WHERE entity = ? AND timestamp >= ? AND timestamp <= ? LIMIT ${ROWS_REMOVED_AT_ONCE})`,
    )
    this.#insertSegment = new Statement<[number, number, number, number, string, number, Uint8Array, number]>(
      database,
      `INSERT INTO chronode_segment (entity, first_timestamp, last_timestamp, observation_count, encoding, format, data, checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#deleteSegment = new Statement<[number]>(database, 'DELETE FROM chronode_segment WHERE key = ?')
    this.#deleteSegments = new Statement<[number], number>(
      database,
      `DELETE FROM chronode_segment WHERE key IN
       (SELECT key FROM chronode_segment WHERE entity = ? LIMIT ${SEGMENTS_REMOVED_AT_ONCE}) RETURNING observation_count`,
    )
    this.#insertStrip = new Statement<[number, number, number, number, number, Uint8Array, Uint8Array]>(
      database,
      'INSERT INTO chronode_strip (collection, generation, recorded_at, observation_count, checksum, entries, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#deleteStrip = new Statement<[number]>(database, 'DELETE FROM chronode_strip WHERE key = ?')
    this.#rowEnds = new Statement<[number, number], [number | null, number | null]>(
      database,
      `SELECT (SELECT min(timestamp) FROM chronode_observation WHERE entity = ${NUMBER}), (SELECT max(timestamp) FROM chronode_observation WHERE entity = ${NUMBER})`,
    )
    this.#segmentFirst = new Statement<[number], number | null>(
      database,
      `SELECT min(first_timestamp) FROM chronode_segment WHERE entity = ${NUMBER}`,
    )
    this.#pageBytes = new Statement<[], number>(database, 'PRAGMA page_size').get()!
  }

  /** After a rollback. */
  forget(): void {
    this.#reader.segments.forget()
  }

  /** @param batchCount  How many observations are to come. */
  open(fields: StoredCollection, batchCount: number): OpenCollection {
    const vectorBytes = fields.dimension * 4
    return {
      fields,
      generation: fields.generation + 1,
      recordedAt: Date.now(),
      vectorBytes,
      block: this.packing.blockSize(fields.dimension, this.#pageBytes),
      checksum: new ObservationChecksum(fields.dimension),
      isForStrips: batchCount >= this.packing.stripCountMin && vectorBytes <= this.packing.stripVectorBytesMax,
      stripCount: fields.stripCount,
      drafts: [],
      ripe: [],
    }
  }

  /**
   * @param items  Of this entity: in time order, each moment once.
   * @returns how many are new.
   */
  put(collection: OpenCollection, entity: OpenEntity, items: readonly NewObservation[]): number {
    const last = this.#recent(entity)?.lastTimestamp ?? entity.lastTimestamp ?? Number.NEGATIVE_INFINITY
    let late = 0
    while (late < items.length && items[late]!.timestamp <= last) late++
    const inserted = late === 0 ? 0 : this.#putLate(collection, entity, late === items.length ? items : items.slice(0, late))
    if (late < items.length) this.#append(collection, entity, late === 0 ? items : items.slice(late))
    return inserted + items.length - late
  }

  #append(collection: OpenCollection, entity: OpenEntity, items: readonly NewObservation[]): void {
    if (items.length >= collection.block.min) this.#appendPacked(collection, entity, items)
    else if (collection.isForStrips) this.#appendToStrips(collection, entity, items)
    else this.#appendRows(collection, entity, items)
  }

  #appendRows(collection: OpenCollection, entity: OpenEntity, items: readonly NewObservation[]): void {
    this.settle(collection, entity)
    for (const { timestamp, vector, payload } of items)
      this.#insert(this.#insertRow, collection, entity, timestamp, collection.recordedAt, bytesOf(vector), payload ?? null)
    extend(entity, items[0]!.timestamp, items.at(-1)!.timestamp, items.length)
    this.#ripenRows(collection, entity)
  }

  /** What fills blocks, with what strips hold before it. The rest is not worth one yet. */
  #appendPacked(collection: OpenCollection, entity: OpenEntity, items: readonly NewObservation[]): void {
    const recent = this.#takeRecent(collection, entity)
    const count = items.length + (recent?.count ?? 0)
    const left = count % collection.block.full
    const packed = left < collection.block.min && count > left && left <= items.length ? items.length - left : items.length
    const brought = toStretch(items, packed, collection)
    this.#pack(collection, entity, recent === undefined ? brought : joined([recent, brought], collection.vectorBytes))
    if (packed < items.length) this.#append(collection, entity, items.slice(packed))
  }

  #appendToStrips(collection: OpenCollection, entity: OpenEntity, items: readonly NewObservation[]): void {
    const { vectorBytes, checksum, recordedAt } = collection
    for (const { timestamp, vector, payload } of items) {
      let draft = collection.drafts.at(-1)
      if (draft === undefined || draft.isFull) {
        draft = new StripDraft(Math.max(1, Math.floor(this.packing.stripBytes / vectorBytes)), vectorBytes)
        collection.drafts.push(draft)
      }
      const bytes = bytesOf(vector)
      const text = payload ?? null
      const moment = withoutSign(timestamp)
      draft.add(entity.key, moment, bytes, text, checksum.of(entity.owner, moment, recordedAt, bytes, text))
    }
    if ((this.#recent(entity)?.count ?? 0) + items.length >= collection.block.full) collection.ripe.push(entity)
  }

  /** Ones that are not newer than all of their entity: some may replace. */
  #putLate(collection: OpenCollection, entity: OpenEntity, items: readonly NewObservation[]): number {
    const recent = this.#recent(entity)
    if (recent !== undefined && items.at(-1)!.timestamp >= recent.firstTimestamp) this.settle(collection, entity)
    const owner = ownerOf(collection, entity)
    let inserted = 0
    for (const { timestamp, vector, payload } of items) {
      const bytes = bytesOf(vector)
      const isNewRow = this.#insert(this.#insertRowUnlessThere, collection, entity, timestamp, collection.recordedAt, bytes, payload ?? null)
      if (!isNewRow) this.#replaceRow(collection, entity, timestamp, bytes, payload ?? null)
      else if (this.#reader.isPacked(owner, timestamp)) entity.shadowedCount++
      else {
        extend(entity, timestamp, timestamp, 1)
        inserted++
      }
    }
    entity.isChanged = true
    this.#ripenRows(collection, entity)
    return inserted
  }

  #ripenRows(collection: OpenCollection, entity: OpenEntity): void {
    if (collection.vectorBytes <= this.packing.stripVectorBytesMax && rowCount(placeOf(entity)) >= collection.block.full) collection.ripe.push(entity)
  }

  #insert(
    statement: Statement<RowValues>,
    { checksum }: OpenCollection,
    entity: OpenEntity,
    timestamp: number,
    recordedAt: number,
    vector: Uint8Array,
    payload: string | null,
  ): boolean {
    const moment = withoutSign(timestamp)
    const sum = checksum.of(entity.owner, moment, recordedAt, vector, payload)
    return statement.run(entity.key, moment, recordedAt, vector, payload, sum).changes > 0
  }

  #replaceRow({ checksum, recordedAt }: OpenCollection, entity: OpenEntity, timestamp: number, vector: Uint8Array, payload: string | null): void {
    const moment = withoutSign(timestamp)
    const sum = checksum.of(entity.owner, moment, recordedAt, vector, payload)
    this.#updateRow.run(recordedAt, vector, payload, sum, entity.key, moment)
  }

  #recent({ collection, key, settledStrip }: OpenEntity): Recent | undefined {
    return this.strips.recent(collection, key, settledStrip)
  }

  /** What strips hold of an entity, from now on to be written elsewhere. */
  #takeRecent(collection: OpenCollection, entity: OpenEntity): Stretch | undefined {
    const recent = this.#recent(entity)
    if (recent === undefined) return undefined
    const settledStrip = recent.strips.at(-1)!.key
    const stretch = this.#reader.recent(ownerOf(collection, entity))
    entity.settledStrip = settledStrip
    entity.isChanged = true
    this.#recent(entity) // so that the strips know of it
    return stretch
  }

  /** Moves what strips hold of an entity into segments, or into rows what is too little for one. @returns the bytes that it wrote. */
  settle(collection: OpenCollection, entity: OpenEntity): number {
    const recent = this.#takeRecent(collection, entity)
    if (recent === undefined) return 0
    if (recent.count >= collection.block.min) this.#pack(collection, entity, recent)
    else this.#insertRows(collection, entity, recent)
    return recent.count * collection.block.observationBytes
  }

  #insertRows(collection: OpenCollection, entity: OpenEntity, stretch: Stretch): void {
    const { vectorBytes } = collection
    for (let i = 0; i < stretch.count; i++) {
      const vector = stretch.vectors.subarray(i * vectorBytes, (i + 1) * vectorBytes)
      const payload = stretch.payloads?.[i] ?? null
      this.#insert(this.#insertRow, collection, entity, stretch.timestamps[i]!, recordedAtOf(stretch, i), vector, payload)
    }
    extend(entity, stretch.timestamps[0]!, stretch.timestamps.at(-1)!, stretch.count)
  }

  /** As segments: what is new to the entity, and newer than all that is settled of it. */
  #pack(collection: OpenCollection, entity: OpenEntity, stretch: Stretch): void {
    this.#insertSegments(collection, entity, stretch)
    extend(entity, stretch.timestamps[0]!, stretch.timestamps.at(-1)!, stretch.count)
  }

  #insertSegments(collection: OpenCollection, entity: OpenEntity, stretch: Stretch): void {
    let start = 0
    for (const count of blockCounts(stretch.count, collection.block)) {
      const piece = part(stretch, start, start + count)
      const data = encodeSegment(piece)
      const [first, last] = [piece.timestamps[0]!, piece.timestamps[count - 1]!]
      this.#insertSegment.run(entity.key, first, last, count, ENCODING, SEGMENT_FORMAT, data, segmentChecksum(entity.owner, data))
      start += count
    }
    entity.packedCount += stretch.count
    entity.isChanged = true
  }

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
      const rows = this.#reader.tail(ownerOf(collection, entity), from, Number.POSITIVE_INFINITY, 4 * block.full)
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
    const before = this.#reader.segments.before(owner, first)
    const next = this.#reader.segments.after(owner, first)
    const gap = part(rows, 0, next === undefined ? rows.count : countBefore(rows.timestamps, next.observations.timestamps[0]!))
    return { base: before ?? (gap.count < collection.block.min ? next : undefined), gap }
  }

  #packGap(collection: OpenCollection, entity: OpenEntity, gap: Stretch, base: Segment | undefined): number {
    const whole = base === undefined ? gap : merged(base.observations, gap, collection.vectorBytes)
    if (base !== undefined) {
      this.#deleteSegment.run(base.key)
      entity.packedCount -= base.observations.count
      entity.shadowedCount -= base.observations.count + gap.count - whole.count
    }
    this.#removeRows(entity, gap.timestamps[0]!, gap.timestamps.at(-1)!)
    this.#insertSegments(collection, entity, whole)
    return whole.count * collection.block.observationBytes
  }

  #removeRows(entity: OpenEntity, from: number, to: number): void {
    while (this.#deleteRows.run(entity.key, from, to).changes === ROWS_REMOVED_AT_ONCE);
  }

  /** Joins neighbouring segments that are no more than a block together. Pauses in between. */
  *joinSegments(collection: OpenCollection, entity: OpenEntity): Work<void> {
    const owner = segmentOwnerOf(collection, entity)
    for (let after = Number.NEGATIVE_INFINITY; ; ) {
      const spans = this.#reader.segments.spansAfter(entity.key, after)
      const second = spans.findIndex(([, , count], i) => i > 0 && spans[i - 1]![2] + count <= collection.block.full)
      if (second === -1) {
        if (spans.length < SPANS_AT_ONCE) return
        after = spans.at(-2)![0] // the last one of these is the first of the next
      } else {
        this.#joinTwo(collection, entity, owner, spans[second - 1]![0], spans[second]![0])
        after = spans[second - 2]?.[0] ?? after
      }
      yield
    }
  }

  #joinTwo(collection: OpenCollection, entity: OpenEntity, owner: SegmentOwner, first: number, second: number): void {
    const both = [this.#reader.segments.before(owner, first)!, this.#reader.segments.before(owner, second)!]
    for (const { key, observations } of both) {
      this.#deleteSegment.run(key)
      entity.packedCount -= observations.count
    }
    const whole = joined(
      both.map(({ observations }) => observations),
      collection.vectorBytes,
    )
    this.#insertSegments(collection, entity, whole)
  }

  /** @returns how many observations are gone. Pauses in between. */
  *deleteRange(collection: OpenCollection, entity: OpenEntity, from: number, to: number): Work<number> {
    const recent = this.#recent(entity)
    if (recent !== undefined && recent.lastTimestamp >= from && recent.firstTimestamp <= to) this.settle(collection, entity)
    const before = entity.observationCount
    yield* this.#deletePacked(collection, entity, from, to)
    let rows = 0
    for (let changes = ROWS_REMOVED_AT_ONCE; changes === ROWS_REMOVED_AT_ONCE; rows += changes) {
      changes = this.#deleteRows.run(entity.key, from, to).changes
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
    let segment = entity.packedCount === 0 ? undefined : (this.#reader.segments.before(owner, from) ?? this.#reader.segments.after(owner, from))
    while (segment !== undefined && segment.observations.timestamps[0]! <= to) {
      const next = this.#reader.segments.after(owner, segment.observations.timestamps[0]!)
      this.#deleteFrom(collection, entity, segment, from, to)
      segment = next
      yield
    }
  }

  #deleteFrom(collection: OpenCollection, entity: OpenEntity, { key, observations }: Segment, from: number, to: number): void {
    const doomed = within(observations, from, to)
    if (doomed.count === 0) return
    const shadowed = this.#shadowed(entity, doomed)
    this.#deleteSegment.run(key)
    entity.packedCount -= observations.count
    entity.shadowedCount -= shadowed
    entity.observationCount -= doomed.count - shadowed // those in the shadow go with their rows
    const start = countBefore(observations.timestamps, from)
    const kept = [part(observations, 0, start), part(observations, start + doomed.count, observations.count)].filter(({ count }) => count > 0)
    if (kept.length > 0) this.#insertSegments(collection, entity, joined(kept, collection.vectorBytes))
  }

  #shadowed(entity: OpenEntity, { timestamps, count }: Stretch): number {
    if (entity.shadowedCount === 0) return 0
    const packed = new Set(timestamps)
    const rows = this.#reader.rows.timestamps(entity.key, timestamps[0]!, timestamps[count - 1]!, Number.MAX_SAFE_INTEGER)
    return rows.filter((timestamp) => packed.has(timestamp)).length
  }

  #findEnds(entity: OpenEntity): void {
    const [rowFirst, rowLast] = this.#rowEnds.get(entity.key, entity.key)!
    const packedFirst = this.#segmentFirst.get(entity.key) ?? null
    const packedLast = this.#reader.segments.lastBefore(entity.key, Number.POSITIVE_INFINITY) ?? null
    entity.firstTimestamp = rowFirst === null || packedFirst === null ? (rowFirst ?? packedFirst) : Math.min(rowFirst, packedFirst)
    entity.lastTimestamp = rowLast === null || packedLast === null ? (rowLast ?? packedLast) : Math.max(rowLast, packedLast)
  }

  /** Whatever rows and segments there are of an entity, without a look at them. Pauses in between. */
  *removeAll(entityKey: number): Work<{ rows: number; packed: number }> {
    const removed = { rows: 0, packed: 0 }
    for (let counts = this.#deleteSegments.all(entityKey); counts.length > 0; counts = this.#deleteSegments.all(entityKey)) {
      for (const count of counts) removed.packed += count
      yield
    }
    for (;;) {
      const { changes } = this.#deleteRows.run(entityKey, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
      removed.rows += changes
      if (changes < ROWS_REMOVED_AT_ONCE) return removed
      yield
    }
  }

  /** Writes the strips that a batch has filled. @returns their bytes. */
  writeStrips(collection: OpenCollection): number {
    const { fields, generation, recordedAt } = collection
    let bytes = 0
    for (const draft of collection.drafts.splice(0)) {
      const { count } = draft
      const { entries, data } = draft.finish()
      const checksum = stripChecksum(fields.key, { generation, recordedAt, count, entries })
      const { lastInsertRowid } = this.#insertStrip.run(fields.key, generation, recordedAt, count, checksum, entries, data)
      this.strips.add(fields.key, new Strip({ key: Number(lastInsertRowid), generation, recordedAt, count, entries }, checksum), data)
      collection.stripCount++
      bytes += data.length
    }
    return bytes
  }

  dropOldestStrip(collection: OpenCollection, strip: Strip): void {
    this.#deleteStrip.run(strip.key)
    this.strips.dropOldest(collection.fields.key)
    collection.stripCount--
  }
}

function ownerOf(collection: OpenCollection, entity: OpenEntity): Owner {
  return { collection: collection.fields, entity: placeOf(entity) }
}

function segmentOwnerOf({ fields }: OpenCollection, { key, id, owner }: OpenEntity): SegmentOwner {
  return { collection: fields.name, dimension: fields.dimension, entity: key, id, checksum: owner }
}

function extend(entity: OpenEntity, first: number, last: number, count: number): void {
  entity.firstTimestamp = withoutSign(Math.min(entity.firstTimestamp ?? first, first))
  entity.lastTimestamp = withoutSign(Math.max(entity.lastTimestamp ?? last, last))
  entity.observationCount += count
  entity.isChanged = true
}

/** SQLite keeps no -0, and checksums would. */
function withoutSign(timestamp: number): number {
  return timestamp + 0
}

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}

/** The first `count` of them. */
function toStretch(items: readonly NewObservation[], count: number, { recordedAt, vectorBytes }: OpenCollection): Stretch {
  const timestamps = new Float64Array(count)
  const vectors = new Uint8Array(count * vectorBytes)
  let payloads: (string | null)[] | undefined
  for (let i = 0; i < count; i++) {
    const { timestamp, vector, payload } = items[i]!
    timestamps[i] = withoutSign(timestamp)
    vectors.set(bytesOf(vector), i * vectorBytes)
    if (payload === undefined) continue
    payloads ??= new Array<string | null>(count).fill(null)
    payloads[i] = payload
  }
  return { count, timestamps, recordedAt, vectors, payloads }
}
