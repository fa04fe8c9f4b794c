import { placeOf, rowCount, type StoredCollection } from '../catalog.js'
import type { SqliteDatabase } from '../connection/sqlite-library.js'
import { Statement } from '../connection/statement.js'
import type { Work } from '../connection/transaction.js'
import type { MemoryAccount } from '../search/memory-account.js'
import type { WriteLog } from '../search/write-log.js'
import type { NewObservation } from '../store.js'
import { bytesOf, ObservationChecksum } from './checksum.js'
import { Eraser } from './eraser.js'
import { KeptSegments } from './kept-segments.js'
import { ObservationReader } from './observation-reader.js'
import { extend, type OpenCollection, type OpenEntity, ownerOf, withoutSign } from './open-entity.js'
import { Packer } from './packer.js'
import type { Packing } from './packing.js'
import type { Recent } from './recent.js'
import { RowWriter } from './row-writer.js'
import type { BlockSize } from './segment.js'
import { SegmentWriter } from './segment-writer.js'
import { hasMoment, joined, recordedAtOf, type Stretch } from './stretch.js'
import { Strip, StripDraft, stripChecksum } from './strip.js'
import type { StripDirectory } from './strip-directory.js'

/**
 * Writes the observations of one entity at a time: appended ones to strips or straight into segments, late ones to rows of the tail. It keeps
 * what `ObservationReader` relies on: strips hold what is newer than all else of an entity, and segments of one never overlap.
 *
 * Nothing here writes the row of an entity or a collection: what it changes in them it changes in what it was given.
 */
export class ObservationWriter {
  readonly packer: Packer
  readonly #kept: KeptSegments
  readonly #eraser: Eraser
  readonly #reader: ObservationReader
  readonly #rows: RowWriter
  readonly #segments: SegmentWriter
  readonly #insertStrip
  readonly #deleteStrip
  readonly #pageBytes
  /** By dimension. */
  readonly #blocks = new Map<number, BlockSize>()

  constructor(
    database: SqliteDatabase,
    private readonly strips: StripDirectory,
    private readonly packing: Packing,
    private readonly log: WriteLog,
    memory: MemoryAccount,
  ) {
    this.#kept = new KeptSegments(memory)
    this.#reader = new ObservationReader(database, strips, this.#kept)
    this.#rows = new RowWriter(database)
    this.#segments = new SegmentWriter(database)
    this.packer = new Packer(this.#reader, this.#rows, this.#segments)
    this.#eraser = new Eraser(this.#reader, this.#rows, this.#segments)
    this.#insertStrip = new Statement<[number, number, number, number, number, Uint8Array, Uint8Array]>(
      database,
      'INSERT INTO chronode_strip (collection, generation, recorded_at, observation_count, checksum, entries, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#deleteStrip = new Statement<[number]>(database, 'DELETE FROM chronode_strip WHERE key = ?')
    this.#pageBytes = new Statement<[], number>(database, 'PRAGMA page_size').get()!
  }

  /** After a rollback. */
  forget(): void {
    this.#kept.forget()
  }

  /** @param batchCount  How many observations are to come. */
  open(fields: StoredCollection, batchCount: number): OpenCollection {
    const vectorBytes = fields.dimension * 4
    return {
      fields,
      generation: fields.generation + 1,
      recordedAt: Date.now(),
      vectorBytes,
      block: this.#blockOf(fields.dimension),
      checksum: new ObservationChecksum(fields.dimension),
      isForStrips: batchCount >= this.packing.stripCountMin && vectorBytes <= this.packing.stripVectorBytesMax,
      stripCount: fields.stripCount,
      drafts: [],
      ripe: [],
    }
  }

  #blockOf(dimension: number): BlockSize {
    let block = this.#blocks.get(dimension)
    if (block === undefined) {
      block = this.packing.blockSize(dimension, this.#pageBytes)
      this.#blocks.set(dimension, block)
    }
    return block
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
    this.log.touch(collection.fields.key, entity.key, items[0]!.timestamp)
    this.settle(collection, entity)
    const { recordedAt } = collection
    for (const { timestamp, vector, payload } of items)
      this.#rows.insert(collection, entity, { timestamp, recordedAt, vector: bytesOf(vector), payload: payload ?? null })
    extend(entity, items[0]!.timestamp, items.at(-1)!.timestamp, items.length)
    this.#ripenRows(collection, entity)
  }

  /** What fills blocks, with what strips hold before it. The rest is not worth one yet. */
  #appendPacked(collection: OpenCollection, entity: OpenEntity, items: readonly NewObservation[]): void {
    this.log.touch(collection.fields.key, entity.key, items[0]!.timestamp)
    const recent = this.#takeRecent(collection, entity)
    const count = items.length + (recent?.count ?? 0)
    const left = count % collection.block.full
    const packed = left < collection.block.min && count > left && left <= items.length ? items.length - left : items.length
    if (recent === undefined) this.#packItems(collection, entity, items, packed)
    else this.#pack(collection, entity, joined([recent, toStretch(items, packed, collection)], collection.vectorBytes))
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
    this.log.touch(collection.fields.key, entity.key, items[0]!.timestamp)
    const recent = this.#recent(entity)
    const moved = recent !== undefined && items.at(-1)!.timestamp >= recent.firstTimestamp ? this.#moveRecent(collection, entity) : undefined
    const owner = ownerOf(collection, entity)
    let inserted = 0
    for (const { timestamp, vector, payload } of items) {
      const row = { timestamp, recordedAt: collection.recordedAt, vector: bytesOf(vector), payload: payload ?? null }
      if (!this.#rows.upsert(collection, entity, row)) continue
      const isAmongMoved = moved !== undefined && timestamp >= moved.timestamps[0]! // those moved to rows were replaced there
      if (isAmongMoved ? hasMoment(moved, timestamp) : this.#reader.isPacked(owner, timestamp)) entity.shadowedCount++
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
    return (this.#moveRecent(collection, entity)?.count ?? 0) * collection.block.observationBytes
  }

  #moveRecent(collection: OpenCollection, entity: OpenEntity): Stretch | undefined {
    const recent = this.#takeRecent(collection, entity)
    if (recent === undefined) return undefined
    if (recent.count >= collection.block.min) this.#pack(collection, entity, recent)
    else this.#insertRows(collection, entity, recent)
    return recent
  }

  #insertRows(collection: OpenCollection, entity: OpenEntity, stretch: Stretch): void {
    const { vectorBytes } = collection
    for (let i = 0; i < stretch.count; i++) {
      const vector = stretch.vectors.subarray(i * vectorBytes, (i + 1) * vectorBytes)
      const payload = stretch.payloads?.[i] ?? null
      this.#rows.insert(collection, entity, { timestamp: stretch.timestamps[i]!, recordedAt: recordedAtOf(stretch, i), vector, payload })
    }
    extend(entity, stretch.timestamps[0]!, stretch.timestamps.at(-1)!, stretch.count)
  }

  /** As segments: what is new to the entity, and newer than all that is settled of it. */
  #pack(collection: OpenCollection, entity: OpenEntity, stretch: Stretch): void {
    this.#segments.insert(collection, entity, stretch)
    extend(entity, stretch.timestamps[0]!, stretch.timestamps.at(-1)!, stretch.count)
  }

  #packItems(collection: OpenCollection, entity: OpenEntity, items: readonly NewObservation[], count: number): void {
    this.#segments.insertItems(collection, entity, items, count)
    extend(entity, items[0]!.timestamp, items[count - 1]!.timestamp, count)
  }

  /** @returns how many observations are gone. Pauses in between. */
  deleteRange(collection: OpenCollection, entity: OpenEntity, from: number, to: number): Work<number> {
    this.log.touch(collection.fields.key, entity.key, from)
    const recent = this.#recent(entity)
    if (recent !== undefined && recent.lastTimestamp >= from && recent.firstTimestamp <= to) this.settle(collection, entity)
    return this.#eraser.deleteRange(collection, entity, from, to)
  }

  /** Whatever rows and segments there are of an entity, without a look at them. Pauses in between. */
  removeAll(entityKey: number): Work<{ rows: number; packed: number }> {
    return this.#eraser.removeAll(entityKey)
  }

  /** Writes the strips that a batch has filled. */
  writeStrips(collection: OpenCollection): void {
    const { fields, generation, recordedAt } = collection
    for (const draft of collection.drafts.splice(0)) {
      const { count } = draft
      const { entries, data } = draft.finish()
      const checksum = stripChecksum(fields.key, { generation, recordedAt, count, entries })
      const { lastInsertRowid } = this.#insertStrip.run(fields.key, generation, recordedAt, count, checksum, entries, data)
      this.strips.add(fields.key, new Strip({ key: Number(lastInsertRowid), generation, recordedAt, count, entries }, checksum), data)
      collection.stripCount++
    }
  }

  dropOldestStrip(collection: OpenCollection, strip: Strip): void {
    this.log.dropStrip(collection.fields.key, strip.generation)
    this.#deleteStrip.run(strip.key)
    this.strips.dropOldest(collection.fields.key)
    collection.stripCount--
  }
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

/** In time order, each moment once: of two at the same the later one. */
export function inTimeOrder(items: readonly NewObservation[]): readonly NewObservation[] {
  let isRising = true
  for (let i = 1; i < items.length && isRising; i++) isRising = items[i]!.timestamp > items[i - 1]!.timestamp
  if (isRising) return items
  const sorted = items.toSorted((a, b) => a.timestamp - b.timestamp) // a stable sort
  return sorted.filter(({ timestamp }, i) => timestamp !== sorted[i + 1]?.timestamp)
}
