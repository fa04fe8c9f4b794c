import { placeOf, type StoredCollection } from '../catalog.js'
import { type EntityFields, type ObservationChecksum, ownerChecksum } from './checksum.js'
import type { Owner } from './observation-reader.js'
import type { BlockSize } from './segment.js'
import type { SegmentOwner } from './segment-reader.js'
import type { StripDraft } from './strip.js'

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

export function ownerOf(collection: OpenCollection, entity: OpenEntity): Owner {
  return { collection: collection.fields, entity: placeOf(entity) }
}

export function segmentOwnerOf({ fields }: OpenCollection, { key, id, owner }: OpenEntity): SegmentOwner {
  return { collection: fields.name, dimension: fields.dimension, entity: key, id, checksum: owner }
}

export function extend(entity: OpenEntity, first: number, last: number, count: number): void {
  entity.firstTimestamp = withoutSign(Math.min(entity.firstTimestamp ?? first, first))
  entity.lastTimestamp = withoutSign(Math.max(entity.lastTimestamp ?? last, last))
  entity.observationCount += count
  entity.isChanged = true
}

/** SQLite keeps no -0, and checksums would. */
export function withoutSign(timestamp: number): number {
  return timestamp + 0
}
