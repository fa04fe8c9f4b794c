import { ENCODING } from '../catalog.js'
import type { SqliteDatabase } from '../connection/sqlite-library.js'
import { NUMBER, Statement } from '../connection/statement.js'
import type { NewObservation } from '../store.js'
import { bytesOf } from './checksum.js'
import { type OpenCollection, type OpenEntity, withoutSign } from './open-entity.js'
import { blockCounts } from './packing.js'
import { type Items, SEGMENT_FORMAT, SegmentEncoder, segmentChecksum } from './segment.js'
import type { Segment } from './segment-reader.js'
import { part, type Stretch } from './stretch.js'

const SEGMENTS_REMOVED_AT_ONCE = 50

/** Makes and removes segments, and keeps the entity's count of what they hold. */
export class SegmentWriter {
  readonly #encoder = new SegmentEncoder()
  readonly #insert
  readonly #delete
  readonly #deleteSome
  readonly #first

  constructor(database: SqliteDatabase) {
    this.#insert = new Statement<[number, number, number, number, string, number, Uint8Array, number]>(
      database,
      `INSERT INTO chronode_segment (entity, first_timestamp, last_timestamp, observation_count, encoding, format, data, checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#delete = new Statement<[number]>(database, 'DELETE FROM chronode_segment WHERE key = ?')
    this.#deleteSome = new Statement<[number], number>(
      database,
      `DELETE FROM chronode_segment WHERE key IN
       (SELECT key FROM chronode_segment WHERE entity = ? LIMIT ${SEGMENTS_REMOVED_AT_ONCE}) RETURNING observation_count`,
    )
    this.#first = new Statement<[number], number | null>(database, `SELECT min(first_timestamp) FROM chronode_segment WHERE entity = ${NUMBER}`)
  }

  /** As many segments as it takes. None of the entity may lie between the first and the last moment. */
  insert(collection: OpenCollection, entity: OpenEntity, stretch: Stretch): void {
    let start = 0
    for (const count of blockCounts(stretch.count, collection.block)) {
      const piece = part(stretch, start, start + count)
      this.#insertBlock(entity, count, piece.timestamps[0]!, piece.timestamps[count - 1]!, this.#encoder.ofStretch(piece))
      start += count
    }
  }

  /** The same of what a batch has brought: the first `total` of them, in time order. */
  insertItems(collection: OpenCollection, entity: OpenEntity, items: readonly NewObservation[], total: number): void {
    let start = 0
    for (const count of blockCounts(total, collection.block)) {
      const piece = new BroughtItems(items, start, count, collection.recordedAt)
      this.#insertBlock(entity, count, piece.timestamp(0), piece.timestamp(count - 1), this.#encoder.ofItems(piece, collection.fields.dimension))
      start += count
    }
  }

  #insertBlock(entity: OpenEntity, count: number, first: number, last: number, data: Uint8Array): void {
    this.#insert.run(entity.key, first, last, count, ENCODING, SEGMENT_FORMAT, data, segmentChecksum(entity.owner, data))
    entity.packedCount += count
    entity.isChanged = true
  }

  remove(entity: OpenEntity, { key, observations }: Segment): void {
    this.#delete.run(key)
    entity.packedCount -= observations.count
    entity.isChanged = true
  }

  /** Without a look at them. @returns how many observations each of them held; nothing: none is left. */
  removeSome(entityKey: number): number[] {
    return this.#deleteSome.all(entityKey)
  }

  first(entityKey: number): number | undefined {
    return this.#first.get(entityKey) ?? undefined
  }
}

/** Some of a batch, in place: a large batch is not copied once more. */
class BroughtItems implements Items {
  constructor(
    private readonly items: readonly NewObservation[],
    private readonly start: number,
    readonly count: number,
    readonly recordedAt: number,
  ) {}

  timestamp(i: number): number {
    return withoutSign(this.items[this.start + i]!.timestamp)
  }

  vector(i: number): Uint8Array {
    return bytesOf(this.items[this.start + i]!.vector)
  }

  payload(i: number): string | null {
    return this.items[this.start + i]!.payload ?? null
  }
}
