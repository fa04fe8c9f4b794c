import type { SqliteDatabase } from '../connection/sqlite-library.js'
import { Statement } from '../connection/statement.js'
import { type CollectionFields, collectionChecksum, type EntityFields, entityChecksum } from '../observations/checksum.js'
import type { TailRow } from './stored-rows.js'

/** Rows in one transaction. */
const ROWS_A_COMMIT = 20_000

interface Extent {
  readonly count: number
  readonly first: number | null
  readonly last: number | null
}

/**
 * A new database that rows are copied into as they are, with their keys, their checksums and the times when they were recorded. What is
 * not copied, as the counts of collections and entities, is counted anew.
 */
export class SalvageTarget {
  readonly #insert
  readonly #insertIfNew
  readonly #insertEntity
  readonly #insertCollection
  readonly #extent
  readonly #last
  readonly #delete
  readonly #deleteOne
  #pending = 0

  constructor(private readonly database: SqliteDatabase) {
    database.pragma('foreign_keys = OFF') // rows come before those that they refer to
    database.pragma('synchronous = OFF') // it bears its name only when it is whole
    const observation = 'INTO chronode_observation (entity, timestamp, recorded_at, vector, payload, checksum) VALUES (?, ?, ?, ?, ?, ?)'
    type Row = [entity: number, timestamp: number, recordedAt: number, vector: Uint8Array, payload: string | null, checksum: number]
    this.#insert = new Statement<Row>(database, `INSERT OR REPLACE ${observation}`)
    this.#insertIfNew = new Statement<Row>(database, `INSERT OR IGNORE ${observation}`)
    this.#insertEntity = new Statement<unknown[]>(
      database,
      `INSERT INTO chronode_entity (key, collection, id, attributes, observation_count, first_timestamp, last_timestamp, generation, checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#insertCollection = new Statement<unknown[]>(
      database,
      `INSERT INTO chronode_collection (key, name, dimension, metric, normalized, encoding, observation_count, entity_count, generation, checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#extent = new Statement<[number], [number, number | null, number | null]>(
      database,
      'SELECT count(*), min(timestamp), max(timestamp) FROM chronode_observation WHERE entity = ?',
    )
    this.#last = new Statement<[number], number | null>(database, 'SELECT max(timestamp) FROM chronode_observation WHERE entity = ?')
    this.#delete = new Statement<[number]>(database, 'DELETE FROM chronode_observation WHERE entity = ?')
    this.#deleteOne = new Statement<[number, number]>(database, 'DELETE FROM chronode_observation WHERE entity = ? AND timestamp = ?')
    database.exec('BEGIN')
  }

  /** @param wins  Over one of the same entity and moment that is there already. */
  put({ entity, timestamp, recordedAt, vector, payload, checksum }: TailRow, wins: boolean): void {
    const statement = wins ? this.#insert : this.#insertIfNew
    statement.run(entity, timestamp, recordedAt, vector, payload, checksum)
    if (++this.#pending < ROWS_A_COMMIT) return
    this.#pending = 0
    this.database.exec('COMMIT; BEGIN')
  }

  extentOf(entity: number): Extent {
    const [count, first, last] = this.#extent.get(entity)!
    return { count, first, last }
  }

  lastOf(entity: number): number {
    return this.#last.get(entity) ?? Number.NEGATIVE_INFINITY
  }

  remove(entity: number, timestamp: number): void {
    this.#deleteOne.run(entity, timestamp)
  }

  removeRows(entity: number): void {
    this.#delete.run(entity)
  }

  putEntity(fields: EntityFields): void {
    const { key, collection, id, attributes, observationCount, firstTimestamp, lastTimestamp, generation } = fields
    const counts = [observationCount, firstTimestamp, lastTimestamp, generation]
    this.#insertEntity.run(key, collection, id, attributes, ...counts, entityChecksum(fields))
  }

  putCollection(fields: CollectionFields): void {
    const { key, name, dimension, metric, normalized, encoding, observationCount, entityCount, generation } = fields
    const settings = [name, dimension, metric, normalized ? 1 : 0, encoding]
    this.#insertCollection.run(key, ...settings, observationCount, entityCount, generation, collectionChecksum(fields))
  }

  finish(): void {
    this.database.exec('COMMIT')
    this.database.pragma('synchronous = FULL')
    this.database.pragma('wal_checkpoint(TRUNCATE)')
  }
}
