import type { StorageError } from '../../errors.js'
import { corruption, placeInWords } from '../care/corruption.js'
import { ENCODING } from '../catalog.js'
import type { SqliteDatabase } from '../connection/sqlite-library.js'
import { NUMBER, Statement } from '../connection/statement.js'
import type { KeptSegments } from './kept-segments.js'
import { hasShape, type RowShape } from './row-shape.js'
import { decodeSegment, SEGMENT_FORMAT, segmentChecksum } from './segment.js'
import type { Stretch } from './stretch.js'

export type SegmentRow = [
  key: number,
  firstTimestamp: number,
  lastTimestamp: number,
  count: number,
  encoding: string,
  format: number,
  data: Uint8Array,
  checksum: number,
]
const SEGMENT_SHAPE: RowShape = ['n', 'n', 'n', 'n', 't', 'n', 'b', 'n']
export const SEGMENT_COLUMNS = 'key, first_timestamp, last_timestamp, observation_count, encoding, format, data, checksum'

/** How many segments are looked at before the next pause. */
export const SPANS_AT_ONCE = 500

/** A quarter of a megabyte or so. */
const BLOCKS_AT_ONCE = 8

/** A segment that was read and verified. */
export interface Segment {
  readonly key: number
  readonly observations: Stretch
}

/** Whose segments are read, for checksums and messages. */
export interface SegmentOwner {
  readonly collection: string
  readonly dimension: number
  readonly entity: number
  readonly id: string
  /** `ownerChecksum` */
  readonly checksum: number
}

/** The observations of a row whose block is whole, and is what the row says. */
export function toSegment(row: SegmentRow, dimension: number, owner: number): Segment | undefined {
  const [key, first, last, count, encoding, format, data, checksum] = row
  if (!hasShape(row, SEGMENT_SHAPE) || encoding !== ENCODING || format !== SEGMENT_FORMAT) return undefined
  if (segmentChecksum(owner, data) !== checksum) return undefined
  const observations = decodeSegment(data, dimension)
  if (observations?.count !== count || observations.timestamps[0] !== first || observations.timestamps[count - 1] !== last) return undefined
  return { key, observations }
}

/** What is wrong with a row that `toSegment` refuses. */
export function segmentDamage(row: SegmentRow | undefined): string {
  const [, , , , encoding, format] = row ?? []
  const isKnown = encoding === ENCODING && format === SEGMENT_FORMAT
  if (isKnown || typeof encoding !== 'string' || typeof format !== 'number') return 'does not match its checksum'
  return `is of format ${format} in ${encoding}, and this Chronode knows format ${SEGMENT_FORMAT} in ${ENCODING} alone (update it, if a newer one wrote that)`
}

/** The segments of one entity at a time, on one connection; each is verified when it is read. */
export class SegmentReader {
  readonly #keyBefore
  readonly #keyAfter
  readonly #row
  readonly #lastBefore
  readonly #counts
  readonly #range

  /** @param kept  Undefined: somebody may roll back what is read on this connection, and then its key comes again. */
  constructor(
    database: SqliteDatabase,
    private readonly kept: KeptSegments | undefined,
  ) {
    const of = `FROM chronode_segment WHERE entity = ${NUMBER}`
    this.#keyBefore = new Statement<[number, number], number>(
      database,
      `SELECT key ${of} AND first_timestamp <= ${NUMBER} ORDER BY first_timestamp DESC LIMIT 1`,
    )
    this.#keyAfter = new Statement<[number, number], number>(
      database,
      `SELECT key ${of} AND first_timestamp > ${NUMBER} ORDER BY first_timestamp LIMIT 1`,
    )
    this.#row = new Statement<[number], SegmentRow>(database, `SELECT ${SEGMENT_COLUMNS} FROM chronode_segment WHERE key = ?`)
    this.#lastBefore = new Statement<[number, number], number>(
      database,
      `SELECT last_timestamp ${of} AND first_timestamp <= ${NUMBER} ORDER BY first_timestamp DESC LIMIT 1`,
    )
    this.#range = new Statement<[number, number, number], SegmentRow>(
      database,
      `SELECT ${SEGMENT_COLUMNS} ${of} AND first_timestamp >= ${NUMBER} AND first_timestamp <= ${NUMBER} ORDER BY first_timestamp LIMIT ${BLOCKS_AT_ONCE}`,
    )
    const spans = `SELECT first_timestamp, last_timestamp, observation_count ${of}`
    // Damage can make a moment a text, which is after every number and never passed: it is left out, and missed by the count.
    this.#counts = new Statement<[number, number], [number, number, number]>(
      database,
      `${spans} AND first_timestamp > ${NUMBER} AND first_timestamp <= 9e999 ORDER BY first_timestamp LIMIT ${SPANS_AT_ONCE}`,
    )
  }

  /** The last one that begins at or before `timestamp`. */
  before(owner: SegmentOwner, timestamp: number): Segment | undefined {
    const key = this.#keyBefore.get(owner.entity, timestamp)
    const segment = key === undefined ? undefined : this.#read(owner, key)
    if (segment === undefined || segment.observations.timestamps[0]! <= timestamp) return segment
    throw misled(owner, timestamp)
  }

  /** The first one that begins after `timestamp`. */
  after(owner: SegmentOwner, timestamp: number): Segment | undefined {
    const key = this.#keyAfter.get(owner.entity, timestamp)
    const segment = key === undefined ? undefined : this.#read(owner, key)
    if (segment === undefined || segment.observations.timestamps[0]! > timestamp) return segment
    throw misled(owner, timestamp)
  }

  /** The last moment of the last one that begins at or before `timestamp`, without reading its block. */
  lastBefore(entity: number, timestamp: number): number | undefined {
    return this.#lastBefore.get(entity, timestamp)
  }

  /** The next few after one that begins at `first`: what their rows say of first and last moment and count. */
  spansAfter(entity: number, first: number): [first: number, last: number, count: number][] {
    return this.#counts.all(entity, first)
  }

  /** The next few that begin from `from` to `to`, in time order; nothing: there are no more. */
  range(owner: SegmentOwner, from: number, to: number): Segment[] {
    return this.#range.all(owner.entity, from, to).map((row) => verified(owner, row))
  }

  #read(owner: SegmentOwner, key: number): Segment {
    const kept = this.kept?.get(key)
    if (kept !== undefined) return kept
    const segment = verified(owner, this.#row.get(key))
    this.kept?.offer(segment)
    return segment
  }
}

/** Whoever goes from one to the next by such an index might never arrive. */
function misled({ collection, id }: SegmentOwner, timestamp: number): StorageError {
  return corruption(`${placeInWords(collection, id)}: the index of its segments at ${timestamp}`, 'does not match them')
}

/** @throws {StorageError} `STORAGE_CORRUPT` */
function verified(owner: SegmentOwner, row: SegmentRow | undefined): Segment {
  const segment = row && toSegment(row, owner.dimension, owner.checksum)
  if (segment !== undefined) return segment
  throw corruption(`${placeInWords(owner.collection, owner.id, row?.[1])}: the segment that begins there`, segmentDamage(row))
}
