import type { SqliteDatabase } from '../connection/sqlite-library.js'
import { NUMBER, Statement } from '../connection/statement.js'
import type { OpenCollection, OpenEntity } from './open-entity.js'
import { withoutSign } from './open-entity.js'

type RowValues = [entity: number, timestamp: number, recordedAt: number, vector: Uint8Array, payload: string | null, checksum: number]

/** How many rows one statement removes: a few milliseconds. */
export const ROWS_REMOVED_AT_ONCE = 1000

/** One observation on its way into a row. */
export interface NewRow {
  readonly timestamp: number
  /** Epoch milliseconds. */
  readonly recordedAt: number
  /** [4 D] bytes. */
  readonly vector: Uint8Array
  /** JSON text. */
  readonly payload: string | null
}

/** Changes the rows of the tail, one an observation. The counts of entities are somebody else's. */
export class RowWriter {
  readonly #insert
  readonly #insertUnlessThere
  readonly #update
  readonly #delete
  readonly #ends

  constructor(database: SqliteDatabase) {
    const insert = 'INSERT INTO chronode_observation (entity, timestamp, recorded_at, vector, payload, checksum) VALUES (?, ?, ?, ?, ?, ?)'
    this.#insert = new Statement<RowValues>(database, insert)
    this.#insertUnlessThere = new Statement<RowValues>(database, `${insert} ON CONFLICT DO NOTHING`)
    this.#update = new Statement<[number, Uint8Array, string | null, number, number, number]>(
      database,
      'UPDATE chronode_observation SET recorded_at = ?, vector = ?, payload = ?, checksum = ? WHERE entity = ? AND timestamp = ?',
    )
    this.#delete = new Statement<[number, number, number]>(
      database,
      `DELETE FROM chronode_observation WHERE key IN
       (SELECT key FROM chronode_observation WHERE entity = ? AND timestamp >= ? AND timestamp <= ? LIMIT ${ROWS_REMOVED_AT_ONCE})`,
    )
    this.#ends = new Statement<[number, number], [number | null, number | null]>(
      database,
      `SELECT (SELECT min(timestamp) FROM chronode_observation WHERE entity = ${NUMBER}), (SELECT max(timestamp) FROM chronode_observation WHERE entity = ${NUMBER})`,
    )
  }

  insert(collection: OpenCollection, entity: OpenEntity, row: NewRow): void {
    this.#insert.run(...valuesOf(collection, entity, row))
  }

  /** @returns whether there was none at its moment. One that was there is replaced. */
  upsert(collection: OpenCollection, entity: OpenEntity, row: NewRow): boolean {
    const values = valuesOf(collection, entity, row)
    if (this.#insertUnlessThere.run(...values).changes > 0) return true
    const [key, timestamp, recordedAt, vector, payload, checksum] = values
    this.#update.run(recordedAt, vector, payload, checksum, key, timestamp)
    return false
  }

  /** At most ROWS_REMOVED_AT_ONCE of the range. @returns how many. */
  removeSome(entityKey: number, from: number, to: number): number {
    return this.#delete.run(entityKey, from, to).changes
  }

  removeAll(entityKey: number, from: number, to: number): void {
    while (this.removeSome(entityKey, from, to) === ROWS_REMOVED_AT_ONCE);
  }

  /** The first and the last moment. */
  ends(entityKey: number): [first: number | undefined, last: number | undefined] {
    const [first, last] = this.#ends.get(entityKey, entityKey)!
    return [first ?? undefined, last ?? undefined]
  }
}

function valuesOf({ checksum }: OpenCollection, { key, owner }: OpenEntity, { timestamp, recordedAt, vector, payload }: NewRow): RowValues {
  const moment = withoutSign(timestamp)
  return [key, moment, recordedAt, vector, payload, checksum.of(owner, moment, recordedAt, vector, payload)]
}
