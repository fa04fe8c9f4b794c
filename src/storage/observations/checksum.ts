import { crc32 } from './crc.js'

/*
 * These bytes are on disk: docs/storage-format.md has the layout with worked examples. Doubles and floats are
 * little-endian; what is absent is NaN.
 */

/** The CRC-32 of doubles, then of text. */
function ofNumbersAndText(doubles: Float64Array, text: string): number {
  return crc32(text, crc32(bytesOf(doubles)))
}

/** The same memory. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

export interface CollectionFields {
  readonly key: number
  readonly name: string
  readonly dimension: number
  readonly metric: string
  readonly normalized: boolean
  readonly encoding: string
  readonly observationCount: number
  readonly entityCount: number
  readonly generation: number
  /** How many strips hold its newest observations. */
  readonly stripCount: number
}

export function collectionChecksum(fields: CollectionFields): number {
  const { key, dimension, normalized, observationCount, entityCount, generation, stripCount } = fields
  const numbers = Float64Array.of(key, dimension, normalized ? 1 : 0, observationCount, entityCount, generation)
  const checksum = ofNumbersAndText(numbers, `${fields.metric}\0${fields.encoding}\0${fields.name}`)
  return stripCount === 0 ? checksum : crc32(bytesOf(Float64Array.of(stripCount)), checksum)
}

export interface EntityFields {
  readonly key: number
  readonly collection: number
  readonly id: string
  /** JSON text. */
  readonly attributes: string | null
  readonly observationCount: number
  readonly firstTimestamp: number | null
  readonly lastTimestamp: number | null
  readonly generation: number
  /** How many observations its segments hold. */
  readonly packedCount: number
  /** How many of those a row of the tail stands in front of: it is newer, and bears the same timestamp. */
  readonly shadowedCount: number
  /** What strips up to this key hold of it lies in segments or rows by now. */
  readonly settledStrip: number
}

const entityNumbers = new Float64Array(6)
const entityBytes = bytesOf(entityNumbers)

export function entityChecksum(fields: EntityFields): number {
  entityNumbers[0] = fields.collection
  entityNumbers[1] = fields.key
  entityNumbers[2] = fields.observationCount
  entityNumbers[3] = fields.firstTimestamp ?? Number.NaN
  entityNumbers[4] = fields.lastTimestamp ?? Number.NaN
  entityNumbers[5] = fields.generation
  const text = fields.attributes === null ? fields.id : `${fields.id}\0${fields.attributes}`
  const checksum = crc32(text, crc32(entityBytes))
  const { packedCount, shadowedCount, settledStrip } = fields
  return packedCount + settledStrip === 0 ? checksum : crc32(bytesOf(Float64Array.of(packedCount, shadowedCount, settledStrip)), checksum)
}

export function removedEntityChecksum(collection: number, entity: number, id: string, generation: number, removedAt: number): number {
  return ofNumbersAndText(Float64Array.of(collection, entity, generation, removedAt), id)
}

export function migrationChecksum(number: number, name: string, appliedAt: number): number {
  return ofNumbersAndText(Float64Array.of(number, appliedAt), name)
}

const ownerNumber = new Float64Array(1)
const ownerBytes = bytesOf(ownerNumber)

/** The first part of the checksum of every observation of one entity: whose it is. */
export function ownerChecksum(collection: number, entityId: string): number {
  ownerNumber[0] = collection
  return crc32(entityId, crc32(ownerBytes))
}

/** The checksums of a collection's observations, one after another through the same memory. */
export class ObservationChecksum {
  readonly #numbers: Float64Array
  readonly #bytes: Uint8Array
  /** [D]: the vector that was last checked or written, for binding without another allocation. */
  readonly vectorBytes: Uint8Array

  constructor(dimension: number) {
    const memory = new ArrayBuffer(16 + dimension * 4)
    this.#numbers = new Float64Array(memory, 0, 2)
    this.#bytes = new Uint8Array(memory)
    this.vectorBytes = new Uint8Array(memory, 16)
  }

  /**
   * @param owner  `ownerChecksum` of the entity.
   * @param vector  [4 D] bytes.
   */
  of(owner: number, timestamp: number, recordedAt: number, vector: Uint8Array, payload: string | null): number {
    this.#numbers[0] = timestamp
    this.#numbers[1] = recordedAt
    this.vectorBytes.set(vector)
    const checksum = crc32(this.#bytes, owner)
    return payload === null ? checksum : crc32(payload, checksum)
  }
}
