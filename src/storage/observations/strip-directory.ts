import { corruption, placeInWords } from '../care/corruption.js'
import type { StoredCollection } from '../catalog.js'
import type { SqliteDatabase } from '../connection/sqlite-library.js'
import { NUMBER, Statement } from '../connection/statement.js'
import { completed, type Work } from '../connection/transaction.js'
import type { MemoryAccount } from '../search/memory-account.js'
import type { Recent } from './recent.js'
import { hasShape, type RowShape } from './row-shape.js'
import { hasEntriesOf, Strip, stripChecksum } from './strip.js'
import { StripIndex } from './strip-index.js'

/** After so many single reads a strip is kept in memory. SQLite reads all of it for a part, too. */
const SINGLE_READS_MAX = 2

/** What is read before the next pause: a millisecond or two. A strip has from a few entries to some thousands. */
const ENTRIES_AT_ONCE = 20_000
const STRIPS_AT_ONCE_MIN = 4

export type StripColumns = [key: number, generation: number, recordedAt: number, count: number, checksum: number, entries: Uint8Array]
const STRIP_SHAPE: RowShape = ['n', 'n', 'n', 'n', 'n', 'b']

export const STRIP_COLUMNS = 'key, generation, recorded_at, observation_count, checksum, entries'

/** The strip of a row whose checksum is right. */
export function toStrip(collection: number, row: StripColumns): Strip | undefined {
  const [key, generation, recordedAt, count, checksum, entries] = row
  if (!hasShape(row, STRIP_SHAPE) || !hasEntriesOf(count, entries)) return undefined
  const fields = { key, generation, recordedAt, count, entries }
  return stripChecksum(collection, fields) === checksum ? new Strip(fields, checksum) : undefined
}

/**
 * Where the newest observations of each entity lie, as one connection sees it. It follows the tables at every `sync`, by what is new.
 *
 * Strips are added at the end and leave at the front; one that was rolled back is told by the checksum of the last one.
 */
export class StripDirectory {
  readonly #known = new Map<number, StripIndex>()
  readonly #checksum
  readonly #newer
  readonly #data
  readonly #piece
  readonly #isThere

  constructor(
    database: SqliteDatabase,
    private readonly memory: MemoryAccount,
  ) {
    this.#checksum = new Statement<[number], number>(database, 'SELECT checksum FROM chronode_strip WHERE key = ?')
    this.#newer = new Statement<[number, number, number], StripColumns>(
      database,
      `SELECT ${STRIP_COLUMNS} FROM chronode_strip WHERE collection = ${NUMBER} AND key > ${NUMBER} ORDER BY key LIMIT ${NUMBER}`,
    )
    this.#data = new Statement<[number], Uint8Array>(database, 'SELECT data FROM chronode_strip WHERE key = ?')
    this.#isThere = new Statement<[number], number>(database, 'SELECT 1 FROM chronode_collection WHERE key = ?')
    this.#piece = new Statement<[number, number, number], Uint8Array>(database, 'SELECT substr(data, ?, ?) FROM chronode_strip WHERE key = ?')
  }

  /** @throws {StorageError} `STORAGE_CORRUPT`: strips are damaged, or not all there. */
  sync(collection: StoredCollection): void {
    completed(this.syncing(collection))
  }

  /** The same for who can wait: what was read stays read when it is cut short. Pauses in between. */
  *syncing(collection: StoredCollection): Work<void> {
    const { key, name, stripCount } = collection
    const last = this.#known.get(key)?.strips.at(-1)
    if (last !== undefined && this.#checksum.get(last.key) !== last.checksum) this.forget(key)
    if (stripCount === 0 && !this.#known.has(key)) return
    const known = this.#known.get(key) ?? this.#open(key)
    for (let limit = STRIPS_AT_ONCE_MIN; ; ) {
      const { strips, entries } = this.#readNewer(collection, known, limit)
      if (strips < limit) break
      known.expect(Math.min(collection.entityCount, (stripCount * entries) / strips)) // the others are mostly as long
      if (entries < ENTRIES_AT_ONCE / 2) limit *= 2
      yield
    }
    const gone = known.strips.length - stripCount
    if (gone < 0) {
      const claim = `should have ${stripCount} strips of its newest observations, and ${known.strips.length} were found`
      throw corruption(placeInWords(name), claim)
    }
    this.#drop(known, gone)
  }

  /** @returns how many strips, with how many entries. */
  #readNewer({ key, name }: StoredCollection, known: StripIndex, limit: number): { strips: number; entries: number } {
    const rows = this.#newer.all(key, known.strips.at(-1)?.key ?? 0, limit)
    let entries = 0
    for (const row of rows) {
      const strip = toStrip(key, row)
      if (strip === undefined) throw corruption(`${placeInWords(name)}: a strip of its newest observations`, 'does not match its checksum')
      if (strip.key <= (known.strips.at(-1)?.key ?? 0)) throw corruption(`${placeInWords(name)}: the index of its strips`, 'has them out of order')
      known.add(strip)
      entries += strip.count
    }
    return { strips: rows.length, entries }
  }

  /** What strips hold of an entity beyond those that were settled; undefined: nothing. */
  recent(collection: number, entity: number, settledStrip: number): Recent | undefined {
    return this.#known.get(collection)?.recent(entity, settledStrip)
  }

  /** By key. */
  strips(collection: number): readonly Strip[] {
    return this.#known.get(collection)?.strips ?? []
  }

  /** One that was written on this connection. @param data  Its vectors and payloads, kept where there is room. */
  add(collection: number, strip: Strip, data: Uint8Array): void {
    const known = this.#known.get(collection) ?? this.#open(collection)
    known.add(strip)
    if (!this.memory.reserve(data.length)) return
    strip.data = data
    strip.isAsWritten = true
  }

  /** The oldest was deleted on this connection. */
  dropOldest(collection: number): void {
    const known = this.#known.get(collection)
    if (known !== undefined) this.#drop(known, 1)
  }

  /** @returns [4 D] bytes, not to be changed; undefined: they are not there. */
  vector(strip: Strip, position: number, vectorBytes: number): Uint8Array | undefined {
    return this.#bytes(strip, position * vectorBytes, vectorBytes)
  }

  /** JSON text; null: there is none. */
  payload(strip: Strip, position: number, vectorBytes: number): string | null {
    if (!strip.hasPayload(position)) return null
    const bytes = this.#bytes(strip, strip.payloadStart(position, vectorBytes), strip.payloadBytes[position]!)
    return bytes === undefined ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
  }

  #bytes(strip: Strip, start: number, length: number): Uint8Array | undefined {
    if (strip.data === undefined && ++strip.singleReads > SINGLE_READS_MAX) this.#load(strip)
    const bytes = strip.data?.subarray(start, start + length) ?? this.#piece.get(start + 1, length, strip.key)
    return bytes instanceof Uint8Array && bytes.length === length ? bytes : undefined
  }

  #load(strip: Strip): void {
    strip.singleReads = 0
    const data = this.#data.get(strip.key)
    if (data instanceof Uint8Array && this.memory.reserve(data.length)) strip.data = data
  }

  #open(collection: number): StripIndex {
    for (const key of [...this.#known.keys()]) if (this.#isThere.get(key) === undefined) this.forget(key) // dropped meanwhile
    const known = new StripIndex()
    this.#known.set(collection, known)
    return known
  }

  #drop(known: StripIndex, count: number): void {
    if (count === 0) return
    for (const strip of known.drop(count)) this.#unload(strip)
  }

  #unload(strip: Strip): void {
    if (strip.data !== undefined) this.memory.release(strip.data.length)
    strip.data = undefined
  }

  /** What follows is read anew from the tables. */
  forget(collection: number): void {
    for (const strip of this.strips(collection)) this.#unload(strip)
    this.#known.delete(collection)
  }

  forgetAll(): void {
    for (const collection of [...this.#known.keys()]) this.forget(collection)
  }
}
