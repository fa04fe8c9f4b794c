import { decodeSegment, segmentChecksum } from '../observations/segment.js'
import { recordedAtOf } from '../observations/stretch.js'
import type { Owner, Owners } from './owners.js'
import type { SalvageTarget } from './salvage-target.js'
import type { SegmentBlock, StripBlock, TailRow } from './stored-rows.js'

/**
 * Copies what is whole, each observation as a row of its own: segments first, then the rows that stand in front of them, then strips, which
 * are newer than both.
 */
export class RowCopy {
  /** What strips have brought, by entity. */
  readonly recent = new Map<number, number>()
  /** How many strips were found, by collection. */
  readonly strips = new Map<number, number>()
  /** Moments of rows, of entities where they may stand in front of a segment. */
  readonly #rowsInFront = new Map<number, Set<number>>()
  /** As their index knows them: entity, first moment, key. */
  readonly #segments = new Set<string>()
  readonly #lastSettled = new Map<number, number>()

  constructor(
    private readonly owners: Owners,
    private readonly target: SalvageTarget,
  ) {}

  segment({ key, entity, count, data, checksum }: SegmentBlock): void {
    const owner = this.owners.ownerOf(entity, (candidate) => segmentChecksum(candidate.checksum, data) === checksum)
    const dimension = owner && (this.owners.dimensionOf(owner.collection) ?? new DataView(data.buffer, data.byteOffset).getUint32(4, true))
    const stretch = dimension === undefined ? undefined : decodeSegment(data, dimension)
    if (owner === undefined || stretch === undefined || stretch.count !== count) return
    if (this.mayBeInFront(entity)) this.#segments.add(`${entity} ${stretch.timestamps[0]} ${key}`)
    const bytes = stretch.vectors.length / count
    for (let i = 0; i < count; i++) {
      const vector = stretch.vectors.subarray(i * bytes, (i + 1) * bytes)
      this.#put(entity, owner, stretch.timestamps[i]!, recordedAtOf(stretch, i), vector, stretch.payloads?.[i] ?? null, true)
    }
  }

  row(row: TailRow): void {
    if (this.owners.ownerOfRow(row) === undefined) return
    this.target.put(row, true)
    if (this.mayBeInFront(row.entity)) this.#inFront(row.entity).add(row.timestamp)
  }

  /** Whether rows of an entity replace observations of its segments; where its own row is damaged, nobody knows. */
  mayBeInFront(entity: number): boolean {
    return (this.owners.entities.get(entity)?.shadowedCount ?? 1) > 0
  }

  /** An entry of the index of rows. Where the row is lost, what it stood in front of is old, and goes as well. */
  indexed({ entity, timestamp, key }: { readonly entity: number; readonly timestamp: number; readonly key: number }): void {
    if (timestamp === key || !this.mayBeInFront(entity)) return // the index of strips has their keys twice
    if (this.#segments.has(`${entity} ${timestamp} ${key}`) || this.#inFront(entity).has(timestamp)) return
    this.target.remove(entity, timestamp)
  }

  /** Not what was settled since: it lies in segments or rows. Where nobody knows what was, what is newer than those. */
  strip({ collection, strip, data }: StripBlock): void {
    this.strips.set(collection, (this.strips.get(collection) ?? 0) + 1)
    const vectorBytes = 4 * (this.owners.dimensionOf(collection) ?? 0)
    if (vectorBytes === 0) return
    let textAt = strip.count * vectorBytes
    for (let i = 0; i < strip.count; i++) {
      const textBytes = strip.hasPayload(i) ? strip.payloadBytes[i]! : 0
      const [entity, timestamp] = [strip.entityKeys[i]!, strip.timestamps[i]!]
      const payload = textBytes > 0 ? Buffer.from(data.subarray(textAt, textAt + textBytes)).toString() : null
      textAt += textBytes
      if (this.#isSettled(entity, timestamp, strip.key)) continue
      const vector = data.subarray(i * vectorBytes, (i + 1) * vectorBytes)
      const row = { entity, timestamp, recordedAt: strip.recordedAt, vector, payload, checksum: strip.checksums[i]! }
      if (this.owners.ownerOfRow(row)?.collection !== collection) continue
      this.target.put(row, false)
      this.recent.set(entity, (this.recent.get(entity) ?? 0) + 1)
    }
  }

  #isSettled(entity: number, timestamp: number, strip: number): boolean {
    const stored = this.owners.entities.get(entity)
    if (stored !== undefined) return strip <= stored.settledStrip
    const last = this.#lastSettled.get(entity) ?? this.target.lastOf(entity)
    this.#lastSettled.set(entity, last)
    return timestamp <= last
  }

  #put(entity: number, owner: Owner, timestamp: number, recordedAt: number, vector: Uint8Array, payload: string | null, wins: boolean): void {
    const checksum = this.owners.checksumOf(owner, timestamp, recordedAt, vector, payload)
    this.target.put({ entity, timestamp, recordedAt, vector, payload, checksum }, wins)
  }

  #inFront(entity: number): Set<number> {
    const timestamps = this.#rowsInFront.get(entity) ?? new Set()
    this.#rowsInFront.set(entity, timestamps)
    return timestamps
  }
}
