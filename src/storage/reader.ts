import { Catalog, type Place, type StoredCollection, type StoredEntity, toStoredEntity } from './catalog.js'
import type { SqliteDatabase } from './connection/sqlite-library.js'
import { Statement } from './connection/statement.js'
import { completed, type Work } from './connection/transaction.js'
import type { EntityFields } from './observations/checksum.js'
import { KeptSegments } from './observations/kept-segments.js'
import { ObservationReader } from './observations/observation-reader.js'
import type { Strip } from './observations/strip.js'
import { StripDirectory } from './observations/strip-directory.js'
import { schemaVersion } from './schema.js'
import { Changes } from './search/changes.js'
import type { MemoryAccount } from './search/memory-account.js'
import type { CollectionRecord } from './store.js'

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
  readonly #strips: StripDirectory
  readonly #kept: KeptSegments | undefined
  readonly #begin
  readonly #commit
  readonly #dataVersion
  readonly #schemaCookie
  readonly #totalChanges
  readonly #collections = new Map<string, StoredCollection>()
  readonly #entities = new Map<string, StoredEntity>()
  /** Collections whose strips are known as they are in this view. */
  readonly #synced = new Set<number>()
  /** The same of collections where there is no view of its own. */
  readonly #sharedStates = new Map<number, string>()
  #changes: Changes | undefined
  #mayBeRolledBack = false
  #rememberedVersion: number | undefined
  #knownCookie: number | undefined
  #hasBegun = false

  constructor(
    readonly database: SqliteDatabase,
    private readonly use: ReaderUse,
    memory: MemoryAccount,
  ) {
    this.catalog = new Catalog(database)
    this.#strips = new StripDirectory(database, memory)
    this.#kept = use === 'alone' ? new KeptSegments(memory) : undefined
    this.observations = new ObservationReader(database, this.#strips, this.#kept)
    this.#begin = new Statement(database, 'BEGIN')
    this.#commit = new Statement(database, 'COMMIT')
    this.#totalChanges = new Statement<[], number>(database, 'SELECT total_changes()')
    this.#schemaCookie = new Statement<[], number>(database, 'PRAGMA schema_version')
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

  /** Nothing is left of what the first read of an entity would read before it. */
  isReady({ key }: CollectionRecord): boolean {
    return this.use !== 'alone' || this.#synced.has(key)
  }

  /** Reads that in parts. Where there is no view of its own, each read sees to it itself. Pauses in between. */
  *makeReady({ key, name }: CollectionRecord): Work<void> {
    if (this.use !== 'alone') return
    const collection = this.collection(name)
    if (collection?.key === key) yield* this.#strips.syncing(collection)
    this.#synced.add(key)
  }

  collection(name: string): StoredCollection | undefined {
    const known = this.#collections.get(name)
    if (known !== undefined) return known
    const read = this.catalog.collection(name)
    if (read !== undefined && this.use === 'alone') this.#collections.set(name, read)
    return read
  }

  entity(collection: CollectionRecord, id: string): StoredEntity | undefined {
    const name = `${collection.key} ${id}`
    const known = this.#entities.get(name)
    if (known !== undefined) return known
    this.#sync(collection)
    const fields = this.catalog.entity(collection, id)
    if (fields === undefined) return undefined
    const read = this.#stored(fields)
    if (this.use !== 'alone' || (fields.attributes ?? '').length > ATTRIBUTES_REMEMBERED_MAX) return read
    if (this.#entities.size >= ENTITIES_REMEMBERED_MAX) this.#entities.clear()
    this.#entities.set(name, read)
    return read
  }

  /** As the tables have it now, whatever is remembered. */
  entityNow(collection: CollectionRecord, id: string): StoredEntity | undefined {
    this.#sync(collection)
    const fields = this.catalog.entity(collection, id)
    return fields && this.#stored(fields)
  }

  /** The same by its key. */
  entityOfKeyNow(collection: CollectionRecord, key: number): StoredEntity | undefined {
    this.#sync(collection)
    const fields = this.catalog.entityByKey(collection, key)
    return fields && this.#stored(fields)
  }

  /** Where the observations of an entity lie: where there is no view of its own, they may have been moved since it was read. */
  placeNow(collection: CollectionRecord, entity: StoredEntity): Place {
    if (this.use === 'alone') return entity
    const now = this.entityNow(collection, entity.id)
    return now?.key === entity.key ? now : { ...entity, settledCount: 0, packedCount: 0, shadowedCount: 0, settledStrip: Number.MAX_SAFE_INTEGER }
  }

  /** Entities by id (UTF-8 bytes), from the one after `afterId`; '' is before all. */
  entityPage(collection: CollectionRecord, afterId: string, limit: number): StoredEntity[] {
    this.#sync(collection)
    return this.catalog.entityPage(collection, afterId, limit).map((fields) => this.#stored(fields))
  }

  /** How many observations strips hold of an entity beyond its row. @throws {StorageError} `STORAGE_CORRUPT`: strips are damaged. */
  recentCount(collection: CollectionRecord, { key, settledStrip }: EntityFields): number {
    this.#sync(collection)
    return this.#strips.recent(collection.key, key, settledStrip)?.count ?? 0
  }

  /** What tells of changes, prepared when it is first asked for. */
  get changes(): Changes {
    this.#changes ??= new Changes(this.database)
    return this.#changes
  }

  /** Strips that were written after a generation of their collection, oldest first. */
  stripsSince(collection: CollectionRecord, generation: number): Strip[] {
    this.#sync(collection)
    return this.#strips.strips(collection.key).filter((strip) => strip.generation > generation)
  }

  /** Differs when something was written since, where there is no view of its own; undefined: what is read may be rolled back. */
  settledState(): string | undefined {
    if (this.use === 'alone') return ''
    return this.database.inTransaction ? undefined : `${this.#totalChanges.get()} ${this.#dataVersion.get()}`
  }

  /** Lets go of what is kept for the next view. */
  close(): void {
    this.#strips.forgetAll()
    this.#kept?.forget()
    this.database.close()
  }

  #stored(fields: EntityFields): StoredEntity {
    return toStoredEntity(fields, this.#strips.recent(fields.collection, fields.key, fields.settledStrip))
  }

  /** A view of its own has the same strips all along. Elsewhere they may be other ones at each read. */
  #sync(collection: CollectionRecord): void {
    if (this.use !== 'alone') this.#syncShared(collection.key)
    else if (!this.isReady(collection)) completed(this.makeReady(collection))
  }

  /** A rollback takes generations back, and no changes; others may then write that generation. Where all are the same, nothing has happened in between. */
  #syncShared(key: number): void {
    const collection = this.catalog.collectionByKey(key)
    if (collection === undefined) return
    const state = `${this.#totalChanges.get()} ${this.#dataVersion.get()} ${collection.generation}`
    if (this.#sharedStates.get(key) === state) return
    if (this.database.inTransaction || this.#mayBeRolledBack) {
      this.#strips.forgetAll()
      this.#sharedStates.clear()
    }
    this.#mayBeRolledBack = this.database.inTransaction
    this.#strips.sync(collection)
    this.#sharedStates.set(key, state)
  }

  #forgetIfOlder(version: number | undefined): void {
    if (version === this.#rememberedVersion) return
    this.#collections.clear()
    this.#entities.clear()
    this.#synced.clear()
    this.#assertSchema()
    this.#rememberedVersion = version
  }

  /** A newer Chronode may have brought the tables further, and put observations where they would be missed here. */
  #assertSchema(): void {
    const cookie = this.#schemaCookie.get()
    if (cookie === this.#knownCookie) return
    schemaVersion(this.database, this.database.name)
    this.#knownCookie = cookie
  }
}
