import { type CollectionFields, collectionChecksum, type EntityFields, entityChecksum } from '../observations/checksum.js'
import { hasShape, type RowShape } from '../observations/row-shape.js'
import { hasEntriesOf, Strip } from '../observations/strip.js'
import type { Cell, StoredValue } from './page-cells.js'

/*
 * The columns of our tables in the order in which they lie on disk: those that a later migration has added come last, and are not there
 * in rows that are older.
 */

/** A row as it was found; what is not whole is a hint and nothing more. */
export interface Found<Fields> {
  readonly fields: Fields
  readonly isIntact: boolean
}

const COLLECTION_SHAPE: RowShape = ['N', 't', 'n', 't', 'n', 't', 'n', 'n', 'n', 'n']
const ENTITY_SHAPE: RowShape = ['N', 'n', 't', 'T', 'n', 'N', 'N', 'n', 'n']
const OBSERVATION_SHAPE: RowShape = ['N', 'n', 'n', 'n', 'b', 'T', 'n']

export function toCollection(cell: Cell): Found<CollectionFields> | undefined {
  if (cell.columnCount !== 10 && cell.columnCount !== 11) return undefined
  const row = cell.values()
  if (!hasShape(row, COLLECTION_SHAPE)) return undefined
  type Row = [null, string, number, string, number, string, number, number, number, number, number?]
  const [, name, dimension, metric, normalized, encoding, observationCount, entityCount, generation, checksum, stripCount = 0] = row as Row
  const counts = { observationCount, entityCount, generation, stripCount }
  const fields = { key: cell.rowid, name, dimension, metric, normalized: normalized === 1, encoding, ...counts }
  return { fields, isIntact: collectionChecksum(fields) === checksum }
}

export function toEntity(cell: Cell): Found<EntityFields> | undefined {
  if (cell.columnCount !== 9 && cell.columnCount !== 12) return undefined
  const row = cell.values()
  if (!hasShape(row, ENTITY_SHAPE)) return undefined
  type Row = [null, number, string, string | null, number, number | null, number | null, number, number, number?, number?, number?]
  const [, collection, id, attributes, observationCount, firstTimestamp, lastTimestamp, generation, checksum, ...added] = row as Row
  const [packedCount = 0, shadowedCount = 0, settledStrip = 0] = added
  const place = { packedCount, shadowedCount, settledStrip }
  const fields = { key: cell.rowid, collection, id, attributes, observationCount, firstTimestamp, lastTimestamp, generation, ...place }
  return { fields, isIntact: entityChecksum(fields) === checksum }
}

/** A row of the tail. Nothing of it is verified: whose it is must be known for that. */
export interface TailRow {
  readonly entity: number
  readonly timestamp: number
  readonly recordedAt: number
  readonly vector: Uint8Array
  readonly payload: string | null
  readonly checksum: number
}

export function toTailRow(cell: Cell): TailRow | undefined {
  if (cell.columnCount !== OBSERVATION_SHAPE.length) return undefined
  const row = cell.values()
  if (!hasShape(row, OBSERVATION_SHAPE)) return undefined
  const [, entity, timestamp, recordedAt, vector, payload, checksum] = row as [null, number, number, number, Buffer, string | null, number]
  return { entity, timestamp, recordedAt, vector, payload: payload === '' ? null : payload, checksum } // to the checksum the same, and no JSON is empty
}

/** An entry of the index that finds entities by collection and id. */
export function toEntityName(values: readonly StoredValue[]): { readonly key: number; readonly collection: number; readonly id: string } | undefined {
  const [collection, id, key] = values
  return values.length === 3 && typeof collection === 'number' && typeof id === 'string' && typeof key === 'number'
    ? { key, collection, id }
    : undefined
}

/** An entry of an index of three numbers: that which finds rows by entity and time, or one of those of segments and strips. */
export function toMoment(values: readonly StoredValue[]): { readonly entity: number; readonly timestamp: number; readonly key: number } | undefined {
  const [entity, timestamp, key] = values
  return values.length === 3 && typeof entity === 'number' && typeof timestamp === 'number' && typeof key === 'number'
    ? { entity, timestamp, key }
    : undefined
}

/** An entry of the index that finds collections by name. */
export function toCollectionName(values: readonly StoredValue[]): { readonly key: number; readonly name: string } | undefined {
  const [name, key] = values
  return values.length === 2 && typeof name === 'string' && typeof key === 'number' ? { key, name } : undefined
}

/** A block of older observations of one entity. Nothing of it is verified. */
export interface SegmentBlock {
  readonly key: number
  readonly entity: number
  readonly count: number
  readonly data: Uint8Array
  readonly checksum: number
}

const SEGMENT_SHAPE: RowShape = ['N', 'n', 'n', 'n', 'n', 't', 'n', 'b', 'n']

export function toSegmentBlock(cell: Cell): SegmentBlock | undefined {
  if (cell.columnCount !== SEGMENT_SHAPE.length) return undefined
  const row = cell.values()
  if (!hasShape(row, SEGMENT_SHAPE)) return undefined
  const [, entity, , , count, , , data, checksum] = row as [null, number, number, number, number, string, number, Buffer, number]
  return { key: cell.rowid, entity, count, data, checksum }
}

/** A strip of newest observations. Each of them has a checksum of its own, so that some may be whole where others are not. */
export interface StripBlock {
  readonly collection: number
  readonly strip: Strip
  /** As much of the vectors and payloads as can be read. */
  readonly data: Uint8Array
}

const STRIP_SHAPE: RowShape = ['N', 'n', 'n', 'n', 'n', 'n', 'b', 'b']

export function toStripBlock(cell: Cell): StripBlock | undefined {
  if (cell.columnCount !== STRIP_SHAPE.length) return undefined
  const row = cell.values()
  if (!hasShape(row, STRIP_SHAPE)) return undefined
  const [, collection, generation, recordedAt, count, checksum, entries, data] = row as [null, number, number, number, number, number, Buffer, Buffer]
  if (!hasEntriesOf(count, entries)) return undefined
  return { collection, strip: new Strip({ key: cell.rowid, generation, recordedAt, count, entries }, checksum), data }
}
