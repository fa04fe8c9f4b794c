import { Catalog, type StoredCollection, toEntityRecord } from './catalog.js'
import { ObservationReader } from './observation-reader.js'
import type { SqliteDatabase } from './sqlite-library.js'
import { Statement } from './statement.js'
import type { CollectionRecord, EntityRecord } from './store.js'

/** Beyond these, what is remembered is forgotten as a whole. */
const ENTITIES_REMEMBERED_MAX = 1000
/** Longer JSON text is read again each time. */
const ATTRIBUTES_REMEMBERED_MAX = 1000

/**
 * `alone`: a connection of its own. `shared`: the one that writes, too (`:memory:`); `attached`: the app's. On those there is no
 * transaction of its own, and nothing is remembered.
 */
export type ReaderUse = 'alone' | 'shared' | 'attached'

/** One connection for reading, with its prepared statements. It remembers what statements ask for again and again. */
export class Reader {
  readonly catalog: Catalog
  readonly observations: ObservationReader
  readonly #begin
  readonly #commit
  readonly #dataVersion
  readonly #collections = new Map<string, StoredCollection>()
  readonly #entities = new Map<string, EntityRecord>()
  #rememberedVersion: number | undefined
  #hasBegun = false

  constructor(
    readonly database: SqliteDatabase,
    private readonly use: ReaderUse,
  ) {
    this.catalog = new Catalog(database)
    this.observations = new ObservationReader(database)
    this.#begin = new Statement(database, 'BEGIN')
    this.#commit = new Statement(database, 'COMMIT')
    this.#dataVersion = new Statement<[], number>(database, 'PRAGMA data_version') // differs when another connection has written
  }

  /** The app uses it, too, in any turn of the event loop but this. */
  get isAttached(): boolean {
    return this.use === 'attached'
  }

  /** Fixes the view that all reads have until `end`. */
  begin(): void {
    if (this.use !== 'alone') return
    this.#begin.run()
    this.#hasBegun = true
    try {
      this.#forgetIfOlder(this.#dataVersion.get()) // the first read is what takes the view
    } catch (error) {
      this.end()
      throw error
    }
  }

  end(): void {
    if (!this.#hasBegun) return
    this.#hasBegun = false
    try {
      this.#commit.run()
    } catch (error) {
      if (this.database.inTransaction) throw error // else SQLite has ended it already, after an error of the disk
    }
  }

  collection(name: string): StoredCollection | undefined {
    const known = this.#collections.get(name)
    if (known !== undefined) return known
    const read = this.catalog.collection(name)
    if (read !== undefined && this.use === 'alone') this.#collections.set(name, read)
    return read
  }

  entity(collection: CollectionRecord, id: string): EntityRecord | undefined {
    const name = `${collection.key} ${id}`
    const known = this.#entities.get(name)
    if (known !== undefined) return known
    const fields = this.catalog.entity(collection, id)
    if (fields === undefined) return undefined
    const read = toEntityRecord(fields)
    if (this.use !== 'alone' || (fields.attributes ?? '').length > ATTRIBUTES_REMEMBERED_MAX) return read
    if (this.#entities.size >= ENTITIES_REMEMBERED_MAX) this.#entities.clear()
    this.#entities.set(name, read)
    return read
  }

  #forgetIfOlder(version: number | undefined): void {
    if (version === this.#rememberedVersion) return
    this.#collections.clear()
    this.#entities.clear()
    this.#rememberedVersion = version
  }
}
