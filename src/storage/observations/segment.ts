import { crc32 } from './crc.js'
import type { Stretch } from './stretch.js'

/*
 * A segment's block, byte by byte. This is on disk: docs/storage-format.md has it with a worked example.
 *
 *   0  u32  count          4  u32  dimension      8  u32  flags      12  u32  zero
 *  16  f64  timestamps [count]
 *      f64  recorded_at [count], or [1] where all are equal
 *      f32  vectors [count, D]
 *      u32  bytes of each payload [count], and the payloads one after another, where there are any
 */

/** What this version writes, and the only one so far. */
export const SEGMENT_FORMAT = 1
export const HEADER_BYTES = 16
const HAS_EACH_RECORDED_AT = 1
const HAS_PAYLOADS = 2
/** In place of a payload's length: there is none. */
export const NO_PAYLOAD = 0xffffffff

/** How large blocks are made, in bytes: one read brings enough, one observation does not cost much more than itself. */
const BLOCK_BYTES_MIN = 28_000
const BLOCK_BYTES_MAX = 37_500
/** Of a stored row beside the block. */
const ROW_BYTES = 64

/** How many observations make a block. */
export interface BlockSize {
  /** What fills its pages best. */
  readonly full: number
  /** Fewer than these stay unpacked. */
  readonly min: number
  /** Of one observation without payload. */
  readonly observationBytes: number
}

/**
 * The count whose block leaves the least of its pages empty, among those of about 32 KiB; at least 1.
 *
 * SQLite keeps the first part of a long row in a shared page and the rest in pages of its own.
 * Source: "B-tree Pages" and "Cell Payload Overflow Pages" of the SQLite file format, https://sqlite.org/fileformat2.html.
 */
export function blockSize(dimension: number, pageBytes: number): BlockSize {
  const observationBytes = 8 + dimension * 4
  const blockBytes = (count: number) => HEADER_BYTES + 8 + count * observationBytes
  let full = 1
  let bestUse = 0
  for (let count = 1; count === 1 || blockBytes(count) <= BLOCK_BYTES_MAX; count++) {
    const bytes = blockBytes(count) + ROW_BYTES
    const use = bytes / (pagesOf(bytes, pageBytes) * pageBytes)
    if (blockBytes(count) < BLOCK_BYTES_MIN || use < bestUse) continue
    full = count
    bestUse = use
  }
  return { full, min: Math.ceil(full / 2), observationBytes }
}

/** How many pages a row of so many bytes takes; less than a whole one where several rows share it. */
function pagesOf(bytes: number, pageBytes: number): number {
  const localMax = pageBytes - 35
  if (bytes <= localMax) return 1 / Math.floor((pageBytes - 8) / (bytes + 4))
  const localMin = Math.floor(((pageBytes - 12) * 32) / 255) - 23
  const rest = localMin + ((bytes - localMin) % (pageBytes - 4))
  const local = rest <= localMax ? rest : localMin
  return Math.ceil((bytes - local) / (pageBytes - 4)) + 1 / Math.floor((pageBytes - 8) / (local + 6))
}

/** Observations in time order that are still apart. */
export interface Items {
  readonly count: number
  /** One for all, or [count]. */
  readonly recordedAt: Float64Array | number
  timestamp(i: number): number
  /** [4 D] bytes. */
  vector(i: number): Uint8Array
  /** JSON text. */
  payload(i: number): string | null
}

/** Makes blocks, one after another in the same memory. */
export class SegmentEncoder {
  #memory = Buffer.allocUnsafeSlow(2 * BLOCK_BYTES_MAX)

  /** @returns the block, until the next one is made. */
  ofStretch(stretch: Stretch): Uint8Array {
    const { count, timestamps, vectors } = stretch
    const recordedAt = sameForAll(stretch.recordedAt)
    const payloads = stretch.payloads && textsOf(stretch.payloads)
    const { block, vectorsAt } = this.#begin(count, vectors.length / count, recordedAt, payloads)
    new Float64Array(block.buffer, HEADER_BYTES, count).set(timestamps)
    block.set(vectors, vectorsAt)
    return block
  }

  /** The same of what lies apart. */
  ofItems(items: Items, dimension: number): Uint8Array {
    const { count } = items
    const vectorBytes = dimension * 4
    const payloads = Array.from({ length: count }, (_, i) => items.payload(i))
    const { block, vectorsAt } = this.#begin(
      count,
      vectorBytes,
      items.recordedAt,
      payloads.some((payload) => payload !== null) ? textsOf(payloads) : undefined,
    )
    const timestamps = new Float64Array(block.buffer, HEADER_BYTES, count)
    for (let i = 0; i < count; i++) {
      timestamps[i] = items.timestamp(i)
      block.set(items.vector(i), vectorsAt + i * vectorBytes)
    }
    return block
  }

  /** Everything but timestamps and vectors. */
  #begin(count: number, vectorBytes: number, recordedAt: Float64Array | number, payloads: Texts | undefined): { block: Buffer; vectorsAt: number } {
    const each = typeof recordedAt === 'number' ? 1 : count
    const vectorsAt = HEADER_BYTES + 8 * (count + each)
    const payloadsAt = vectorsAt + count * vectorBytes
    const block = this.#room(payloadsAt + (payloads?.reduce((sum, payload) => sum + 4 + (payload?.length ?? 0), 0) ?? 0))
    block.writeUInt32LE(count, 0)
    block.writeUInt32LE(vectorBytes / 4, 4)
    block.writeUInt32LE((typeof recordedAt === 'number' ? 0 : HAS_EACH_RECORDED_AT) | (payloads === undefined ? 0 : HAS_PAYLOADS), 8)
    block.writeUInt32LE(0, 12)
    if (typeof recordedAt === 'number') block.writeDoubleLE(recordedAt, HEADER_BYTES + 8 * count)
    else new Float64Array(block.buffer, HEADER_BYTES + 8 * count, count).set(recordedAt)
    if (payloads !== undefined) writePayloads(block, payloadsAt, payloads)
    return { block, vectorsAt }
  }

  #room(bytes: number): Buffer {
    if (bytes > this.#memory.length) this.#memory = Buffer.allocUnsafeSlow(bytes)
    return this.#memory.subarray(0, bytes)
  }
}

type Texts = readonly (Buffer | undefined)[]

function textsOf(payloads: readonly (string | null)[]): Texts {
  return payloads.map((payload) => (payload === null ? undefined : Buffer.from(payload)))
}

function writePayloads(block: Buffer, at: number, payloads: Texts): void {
  let textAt = at + 4 * payloads.length
  payloads.forEach((payload, i) => {
    block.writeUInt32LE(payload?.length ?? NO_PAYLOAD, at + 4 * i)
    if (payload === undefined) return
    block.set(payload, textAt)
    textAt += payload.length
  })
}

function sameForAll(recordedAt: Float64Array | number): Float64Array | number {
  if (typeof recordedAt === 'number') return recordedAt
  const first = recordedAt[0]!
  return recordedAt.every((value) => value === first) ? first : recordedAt
}

/** @param owner  `ownerChecksum` of the entity. */
export function segmentChecksum(owner: number, block: Uint8Array): number {
  return crc32(block, owner)
}

/**
 * The observations of a block whose checksum was right.
 *
 * @returns views into its memory; undefined: these are not the bytes of a block for vectors of `dimension` numbers.
 */
export function decodeSegment(stored: Uint8Array, dimension: number): Stretch | undefined {
  if (stored.length < HEADER_BYTES) return undefined
  const block = stored.byteOffset % 8 === 0 ? stored : Uint8Array.from(stored)
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  const count = view.getUint32(0, true)
  const flags = view.getUint32(8, true)
  const each = (flags & HAS_EACH_RECORDED_AT) === 0 ? 1 : count
  const vectorsAt = HEADER_BYTES + 8 * (count + each)
  const vectorsEnd = vectorsAt + count * dimension * 4
  const hasPayloads = (flags & HAS_PAYLOADS) !== 0
  if (count === 0 || view.getUint32(4, true) !== dimension || (hasPayloads ? vectorsEnd + 4 * count > block.length : vectorsEnd !== block.length))
    return undefined
  const doubles = (at: number, length: number) => new Float64Array(block.buffer, block.byteOffset + at, length)
  const recordedAt = doubles(HEADER_BYTES + 8 * count, each)
  return {
    count,
    timestamps: doubles(HEADER_BYTES, count),
    recordedAt: (flags & HAS_EACH_RECORDED_AT) === 0 ? recordedAt[0]! : recordedAt,
    vectors: block.subarray(vectorsAt, vectorsEnd),
    payloads: hasPayloads ? readPayloads(view, block, vectorsEnd, count) : undefined,
  }
}

function readPayloads(view: DataView, block: Uint8Array, at: number, count: number): (string | null)[] {
  let textAt = at + 4 * count
  return Array.from({ length: count }, (_, i) => {
    const length = view.getUint32(at + 4 * i, true)
    if (length === NO_PAYLOAD) return null
    const text = Buffer.from(block.buffer, block.byteOffset + textAt, length).toString()
    textAt += length
    return text
  })
}
