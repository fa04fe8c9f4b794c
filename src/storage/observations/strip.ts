import { bytesOf } from './checksum.js'
import { crc32 } from './crc.js'
import { NO_PAYLOAD } from './segment.js'

/*
 * A strip: the newest observations of several entities in the order they came, in one row. This is on disk: docs/storage-format.md.
 *
 *   entries   f64 entity keys [count], f64 timestamps [count], u32 checksums [count], u32 bytes of each payload [count]
 *   data      f32 vectors [count, D], then the payloads one after another
 *
 * The row's checksum is over collection, generation, recorded_at, count and the entries; each observation has one of its own, as a row of the
 * tail has, so that one can be read without the others.
 */

const ENTRY_BYTES = 24

export interface StripRow {
  readonly key: number
  readonly generation: number
  readonly recordedAt: number
  readonly count: number
  readonly entries: Uint8Array
}

/** One strip, without its vectors until somebody wants many of them. */
export class Strip {
  readonly key: number
  readonly generation: number
  /** Epoch milliseconds, of all of it. */
  readonly recordedAt: number
  readonly count: number
  /** [count] each. */
  readonly entityKeys: Float64Array
  readonly timestamps: Float64Array
  readonly checksums: Uint32Array
  readonly payloadBytes: Uint32Array
  /** Of the row: whoever remembers the strip knows by it whether it is still the same. */
  readonly checksum: number
  /** Vectors and payloads, once they are kept in memory. */
  data: Uint8Array | undefined
  /** `data` is what was written, and was not read again. */
  isAsWritten = false
  /** How often a single observation was read: often enough, and the whole is. */
  singleReads = 0
  /** Observations that are not known to lie elsewhere by now. */
  unsettled: number
  /** Where it is the oldest: of how many entries, from the first, it is known that they do. */
  settledEntries = 0

  constructor({ key, generation, recordedAt, count, entries }: StripRow, checksum: number) {
    this.key = key
    this.generation = generation
    this.recordedAt = recordedAt
    this.count = count
    this.unsettled = count
    this.checksum = checksum
    const memory = entries.byteOffset % 8 === 0 ? entries : Uint8Array.from(entries)
    this.entityKeys = new Float64Array(memory.buffer, memory.byteOffset, count)
    this.timestamps = new Float64Array(memory.buffer, memory.byteOffset + 8 * count, count)
    this.checksums = new Uint32Array(memory.buffer, memory.byteOffset + 16 * count, count)
    this.payloadBytes = new Uint32Array(memory.buffer, memory.byteOffset + 20 * count, count)
  }

  hasPayload(position: number): boolean {
    return this.payloadBytes[position] !== NO_PAYLOAD
  }

  /** Where its text begins in `data`. */
  payloadStart(position: number, vectorBytes: number): number {
    let start = this.count * vectorBytes
    for (let i = 0; i < position; i++) if (this.hasPayload(i)) start += this.payloadBytes[i]!
    return start
  }
}

export function hasEntriesOf(count: number, entries: Uint8Array): boolean {
  return entries.length === count * ENTRY_BYTES
}

export function stripChecksum(collection: number, { generation, recordedAt, count, entries }: Omit<StripRow, 'key'>): number {
  const numbers = Float64Array.of(collection, generation, recordedAt, count)
  return crc32(entries, crc32(bytesOf(numbers)))
}

/** Collects observations until they are written as one strip. */
export class StripDraft {
  readonly #entityKeys: Float64Array
  readonly #timestamps: Float64Array
  readonly #checksums: Uint32Array
  readonly #payloadBytes: Uint32Array
  readonly #payloads: Buffer[] = []
  readonly #vectors: Uint8Array
  count = 0
  #textBytes = 0

  constructor(
    private readonly countMax: number,
    private readonly vectorBytes: number,
  ) {
    this.#entityKeys = new Float64Array(countMax)
    this.#timestamps = new Float64Array(countMax)
    this.#checksums = new Uint32Array(countMax)
    this.#payloadBytes = new Uint32Array(countMax)
    this.#vectors = Buffer.allocUnsafeSlow(countMax * vectorBytes)
  }

  /** Payloads count, too: a strip should not grow beyond what one read should bring. */
  get isFull(): boolean {
    return this.count === this.countMax || this.#textBytes > this.#vectors.length
  }

  add(entityKey: number, timestamp: number, vector: Uint8Array, payload: string | null, checksum: number): void {
    const i = this.count++
    this.#entityKeys[i] = entityKey
    this.#timestamps[i] = timestamp
    this.#checksums[i] = checksum
    this.#vectors.set(vector, i * this.vectorBytes)
    if (payload === null) {
      this.#payloadBytes[i] = NO_PAYLOAD
      return
    }
    const text = Buffer.from(payload)
    this.#payloads.push(text)
    this.#payloadBytes[i] = text.length
    this.#textBytes += text.length
  }

  /** @returns memory of its own. */
  finish(): { readonly entries: Uint8Array; readonly data: Uint8Array } {
    const { count } = this
    const entries = new Uint8Array(count * ENTRY_BYTES)
    new Float64Array(entries.buffer, 0, count).set(this.#entityKeys.subarray(0, count))
    new Float64Array(entries.buffer, 8 * count, count).set(this.#timestamps.subarray(0, count))
    new Uint32Array(entries.buffer, 16 * count, count).set(this.#checksums.subarray(0, count))
    new Uint32Array(entries.buffer, 20 * count, count).set(this.#payloadBytes.subarray(0, count))
    const vectors = this.#vectors.subarray(0, count * this.vectorBytes)
    if (this.#payloads.length > 0) return { entries, data: Buffer.concat([vectors, ...this.#payloads]) }
    return { entries, data: count === this.countMax ? vectors : new Uint8Array(vectors) } // a view would keep the memory of a full strip
  }
}
