import type { MemoryAccount } from '../search/memory-account.js'
import type { Segment } from './segment-reader.js'

/** Of one connection, in bytes. */
const KEPT_BYTES_MAX = 16 * 1024 * 1024
/** How many of those that found no room are remembered: what is soon read again takes the place of the oldest. */
const TURNED_AWAY_MAX = 64

/** Blocks that one connection has read and verified: the same entities are often asked for again. A block never changes. */
export class KeptSegments {
  /** By key, the one kept first at the beginning. */
  readonly #kept = new Map<number, Segment>()
  readonly #turnedAway = new Set<number>()
  #bytes = 0

  constructor(private readonly memory: MemoryAccount) {}

  get(key: number): Segment | undefined {
    return this.#kept.get(key)
  }

  offer(segment: Segment): void {
    if (this.#take(segment)) return
    if (!this.#turnedAway.delete(segment.key)) {
      this.#turnAway(segment.key)
      return
    }
    const [oldest] = this.#kept.values()
    if (oldest !== undefined) this.#drop(oldest)
    this.#take(segment)
  }

  /** After a rollback, keys come again with other blocks. */
  forget(): void {
    for (const segment of [...this.#kept.values()]) this.#drop(segment)
    this.#turnedAway.clear()
  }

  #take(segment: Segment): boolean {
    const bytes = bytesOf(segment)
    if (this.#bytes + bytes > KEPT_BYTES_MAX || !this.memory.reserve(bytes)) return false
    this.#kept.set(segment.key, segment)
    this.#bytes += bytes
    return true
  }

  #drop(segment: Segment): void {
    this.#kept.delete(segment.key)
    this.#bytes -= bytesOf(segment)
    this.memory.release(bytesOf(segment))
  }

  #turnAway(key: number): void {
    this.#turnedAway.add(key)
    const [oldest] = this.#turnedAway
    if (this.#turnedAway.size > TURNED_AWAY_MAX) this.#turnedAway.delete(oldest!)
  }
}

/** Its views keep the whole block in memory. */
function bytesOf({ observations }: Segment): number {
  return observations.vectors.buffer.byteLength
}
