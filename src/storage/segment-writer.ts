import { ENCODING } from './catalog.js'
import type { OpenCollection, OpenEntity } from './open-entity.js'
import { blockCounts } from './packing.js'
import { encodeSegment, SEGMENT_FORMAT, segmentChecksum } from './segment.js'
import type { Segment } from './segment-reader.js'
import type { SqliteDatabase } from './sqlite-library.js'
import { NUMBER, Statement } from './statement.js'
import { part, type Stretch } from './stretch.js'

const SEGMENTS_REMOVED_AT_ONCE = 50

/** Makes and removes segments, and keeps the entity's count of what they hold. */
export class SegmentWriter {
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
      const data = encodeSegment(piece)
      const [first, last] = [piece.timestamps[0]!, piece.timestamps[count - 1]!]
      this.#insert.run(entity.key, first, last, count, ENCODING, SEGMENT_FORMAT, data, segmentChecksum(entity.owner, data))
      start += count
    }
    entity.packedCount += stretch.count
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

  first(entityKey: number): number | null {
    return this.#first.get(entityKey) ?? null
  }
}
