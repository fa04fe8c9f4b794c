import { corruption, placeInWords } from '../care/corruption.js'
import type { StoredCollection } from '../catalog.js'
import type { SqliteDatabase } from '../connection/sqlite-library.js'
import { NUMBER, Statement } from '../connection/statement.js'
import type { MemoryAccount } from '../search/memory-account.js'
import { Recent } from './recent.js'
import { hasShape, type RowShape } from './row-shape.js'
import { hasEntriesOf, Strip, stripChecksum } from './strip.js'

/** From so many single reads on, a strip is read whole. */
const SINGLE_READS_MAX = 8

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

interface KnownStrips {
  /** By key. */
  strips: Strip[]
  byEntity: Map<number, Recent>
  /** Observations of strips that are gone, and may still be in `byEntity`. */
  gone: number
}

/**
 * Where the newest observations of each entity lie, as one connection sees it. It follows the tables at every `sync`, by what is new.
 *
 * Strips are added at the end and leave at the front; one that was rolled back is told by the checksum of the last one.
 */
export class StripDirectory {
  readonly #known = new Map<number, KnownStrips>()
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
    this.#newer = new Statement<[number, number], StripColumns>(
      database,
      `SELECT ${STRIP_COLUMNS} FROM chronode_strip WHERE collection = ${NUMBER} AND key > ${NUMBER} ORDER BY key`,
    )
    this.#data = new Statement<[number], Uint8Array>(database, 'SELECT data FROM chronode_strip WHERE key = ?')
    this.#isThere = new Statement<[number], number>(database, 'SELECT 1 FROM chronode_collection WHERE key = ?')
    this.#piece = new Statement<[number, number, number], Uint8Array>(database, 'SELECT substr(data, ?, ?) FROM chronode_strip WHERE key = ?')
  }

  /** @throws {StorageError} `STORAGE_CORRUPT`: strips are damaged, or not all there. */
  sync(collection: StoredCollection): void {
    let known = this.#known.get(collection.key)
    const last = known?.strips.at(-1)
    if (known !== undefined && last !== undefined && this.#checksum.get(last.key) !== last.checksum) {
      this.forget(collection.key)
      known = undefined
    }
    if (known === undefined && collection.stripCount === 0) return
    known ??= this.#open(collection.key)
    for (const row of this.#newer.all(collection.key, known.strips.at(-1)?.key ?? 0)) {
      const strip = toStrip(collection.key, row)
      if (strip === undefined) throw corruption(`${placeInWords(collection.name)}: a strip of its newest observations`, 'does not match its checksum')
      register(known, strip)
    }
    const gone = known.strips.length - collection.stripCount
    if (gone < 0) {
      const claim = `should have ${collection.stripCount} strips of its newest observations, and ${known.strips.length} were found`
      throw corruption(placeInWords(collection.name), claim)
    }
    this.#drop(known, gone)
  }

  /** What strips hold of an entity beyond those that were settled; undefined: nothing. */
  recent(collection: number, entity: number, settledStrip: number): Recent | undefined {
    const known = this.#known.get(collection)
    const recent = known?.byEntity.get(entity)
    if (known === undefined || recent === undefined) return undefined
    recent.settle(settledStrip)
    if (recent.count > 0) return recent
    known.byEntity.delete(entity)
    return undefined
  }

  /** By key. */
  strips(collection: number): readonly Strip[] {
    return this.#known.get(collection)?.strips ?? []
  }

  /** One that was written on this connection. @param data  Its vectors and payloads, kept where there is room. */
  add(collection: number, strip: Strip, data: Uint8Array): void {
    register(this.#known.get(collection) ?? this.#open(collection), strip)
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

  #open(collection: number): KnownStrips {
    for (const key of [...this.#known.keys()]) if (this.#isThere.get(key) === undefined) this.forget(key) // dropped meanwhile
    const known: KnownStrips = { strips: [], byEntity: new Map(), gone: 0 }
    this.#known.set(collection, known)
    return known
  }

  #drop(known: KnownStrips, count: number): void {
    if (count === 0) return
    for (const strip of known.strips.splice(0, count)) {
      known.gone += strip.count
      this.#unload(strip)
    }
    const left = known.strips.reduce((sum, strip) => sum + strip.count, 0)
    if (known.gone <= left) return
    const strips = known.strips
    Object.assign(known, { strips: [], byEntity: new Map(), gone: 0 })
    for (const strip of strips) {
      strip.unsettled = strip.count
      register(known, strip)
    }
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

function register(known: KnownStrips, strip: Strip): void {
  known.strips.push(strip)
  for (let i = 0; i < strip.count; i++) {
    const key = strip.entityKeys[i]!
    let recent = known.byEntity.get(key)
    if (recent === undefined) {
      recent = new Recent()
      known.byEntity.set(key, recent)
    }
    recent.add(strip, i)
  }
}
