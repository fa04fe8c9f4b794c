import type { SqliteDatabase } from '../connection/sqlite-library.js'
import { NUMBER, Statement } from '../connection/statement.js'
import type { ObservationChecksum } from './checksum.js'
import { hasShape, type RowShape } from './row-shape.js'
import type { Stretch } from './stretch.js'

export type ObservationRow = [timestamp: number, recordedAt: number, vector: Uint8Array, payload: string | null, checksum: number]

/** How many index entries one statement may walk over: about a millisecond. */
export const STEPS_MAX = 10_000

const OBSERVATION_SHAPE: RowShape = ['n', 'n', 'b', 'T', 'n']

export function isIntact(row: ObservationRow, owner: number, checksum: ObservationChecksum): boolean {
  const [timestamp, recordedAt, vector, payload, stored] = row
  if (!hasShape(row, OBSERVATION_SHAPE) || vector.length !== checksum.vectorBytes.length) return false
  if (payload === '') return false // no JSON is empty, and to a checksum it is the same as none
  return checksum.of(owner, timestamp, recordedAt, vector, payload) === stored
}

export interface Extent {
  count: number
  first: number | undefined
  last: number | undefined
}

/**
 * The rows of the tail, one an observation, on one connection. Nothing here is verified yet.
 *
 * Ends of ranges are included; -Infinity and Infinity leave them open.
 */
export class RowReader {
  readonly #newest
  readonly #newestOfAll
  readonly #oldest
  readonly #nthNewest
  readonly #stretch
  readonly #timestamps
  readonly #count

  constructor(database: SqliteDatabase) {
    const where = `FROM chronode_observation WHERE entity = ${NUMBER}`
    const inRange = `AND timestamp >= ${NUMBER} AND timestamp <= ${NUMBER}`
    const rows = `SELECT timestamp, recorded_at, vector, payload, checksum ${where}`
    this.#newest = new Statement<[number, number, number, number], ObservationRow>(
      database,
      `${rows} ${inRange} ORDER BY timestamp DESC LIMIT ${NUMBER}`,
    )
    this.#newestOfAll = new Statement<[number, number], ObservationRow>(database, `${rows} ORDER BY timestamp DESC LIMIT ${NUMBER}`)
    this.#oldest = new Statement<[number, number, number, number], ObservationRow>(database, `${rows} ${inRange} ORDER BY timestamp LIMIT ${NUMBER}`)
    this.#nthNewest = new Statement<[number, number, number, number], number>(
      database,
      `SELECT timestamp ${where} ${inRange} ORDER BY timestamp DESC LIMIT 1 OFFSET ${NUMBER}`,
    )
    this.#stretch = new Statement<[number, number, number], [number, number | null, number | null]>(
      database,
      `SELECT count(*), min(timestamp), max(timestamp) FROM (SELECT timestamp ${where} AND timestamp > ${NUMBER} AND timestamp <= ${NUMBER} ORDER BY timestamp LIMIT ${STEPS_MAX})`,
    )
    this.#count = new Statement<[number], number>(database, `SELECT count(*) ${where}`)
    this.#timestamps = new Statement<[number, number, number, number], number>(
      database,
      `SELECT timestamp ${where} ${inRange} ORDER BY timestamp LIMIT ${NUMBER}`,
    )
  }

  /** The newest `limit` in the range, in time order. */
  newest(entity: number, from: number, to: number, limit: number): ObservationRow[] {
    const isOpen = from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY // the usual context; without bounds it is read 15 % faster
    return (isOpen ? this.#newestOfAll.all(entity, limit) : this.#newest.all(entity, from, to, limit)).reverse()
  }

  /** The oldest `limit` in the range, in time order. */
  oldest(entity: number, from: number, to: number, limit: number): ObservationRow[] {
    return this.#oldest.all(entity, from, to, limit)
  }

  /** How many an entity has: few, unless they are waiting to be packed. */
  count(entity: number): number {
    return this.#count.get(entity)!
  }

  /** The oldest `limit` moments of the range, in time order. */
  timestamps(entity: number, from: number, to: number, limit: number): number[] {
    return this.#timestamps.all(entity, from, to, limit)
  }

  /** The timestamp where the newest `count` of the range begin; `from` when there are fewer. Pauses in between. */
  *startOfNewest(entity: number, from: number, to: number, count: number): Generator<void, number> {
    let end = to
    for (let left = count; ; ) {
      const steps = Math.min(left, STEPS_MAX)
      const timestamp = this.#nthNewest.get(entity, from, end, steps - 1)
      if (timestamp === undefined || steps === left) return timestamp ?? from
      left -= steps - 1 // the one that was found is counted again
      end = timestamp
      yield
    }
  }

  /** Count, first and last timestamp at or before `to`. Pauses in between. */
  *extent(entity: number, to: number): Generator<void, Extent> {
    const extent: Extent = { count: 0, first: undefined, last: undefined }
    for (let after = Number.NEGATIVE_INFINITY; ; ) {
      const [count, first, last] = this.#stretch.get(entity, after, to)!
      extent.count += count
      extent.first ??= first ?? undefined
      extent.last = last ?? extent.last
      if (count < STEPS_MAX) return extent
      after = last!
      yield
    }
  }
}

/** Rows in time order, as columns. @returns memory of its own. */
export function rowsToStretch(rows: readonly ObservationRow[], vectorBytes: number): Stretch {
  const count = rows.length
  const timestamps = new Float64Array(count)
  const recordedAt = new Float64Array(count)
  const vectors = new Uint8Array(count * vectorBytes)
  let payloads: (string | null)[] | undefined
  for (let i = 0; i < count; i++) {
    const [timestamp, recorded, vector, payload] = rows[i]!
    timestamps[i] = timestamp
    recordedAt[i] = recorded
    vectors.set(vector, i * vectorBytes)
    if (payload === null) continue
    payloads ??= new Array<string | null>(count).fill(null)
    payloads[i] = payload
  }
  return { count, timestamps, recordedAt, vectors, payloads }
}

/** Of moments that may not be there. */
export function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

export function greatest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}
