import type { StorageConfig } from '../config.js'
import { ArgumentError, DatabaseClosedError, StorageError } from '../errors.js'
import type { DistanceKernels } from '../native/runtime.js'
import type { Warn } from '../warning.js'
import { backupTarget, copyTo } from './care/backup.js'
import { compactAll } from './care/compact.js'
import { withoutVerify } from './care/corruption.js'
import { verifyAll } from './care/verify.js'
import { Catalog } from './catalog.js'
import { CollectionMemory } from './collection-memory.js'
import type { AttachedConnection } from './connection/app-connection.js'
import { attachConnection } from './connection/attached-connection.js'
import { AttachedTransactions } from './connection/attached-transactions.js'
import { type Connection, openConnection } from './connection/connection.js'
import type { Readers } from './connection/readers.js'
import { readersOf } from './connection/readers-of.js'
import { closedByApp, isBusy, openTransaction } from './connection/sqlite-errors.js'
import { loadSqlite } from './connection/sqlite-library.js'
import { Statement } from './connection/statement.js'
import { followedBy, OwnTransactions, type Transactions, type Work } from './connection/transaction.js'
import { Turnstile } from './connection/turnstile.js'
import { noteUncommitted } from './connection/uncommitted.js'
import { WalLimit } from './connection/wal-limit.js'
import { untilFree, WriteQueue } from './connection/write-queue.js'
import { ImmediateReads } from './immediate/immediate-reads.js'
import { PACKING, type Packing } from './observations/packing.js'
import type { Reader } from './reader.js'
import { sameSettings } from './same-settings.js'
import { applyMigrations, assertTables, compileMigrations, migrationNeeded, SCHEMA_VERSION, schemaVersion } from './schema.js'
import { MemoryAccount } from './search/memory-account.js'
import { Searcher } from './search/search.js'
import { WriteLog } from './search/write-log.js'
import { SNAPSHOT_LIMITS, type SnapshotLimits, WITHOUT_LIMITS } from './snapshot-limits.js'
import { closed, SqliteSnapshot } from './sqlite-snapshot.js'
import type {
  BackupOptions,
  CollectionRecord,
  CollectionSettings,
  CompactOptions,
  CompactReport,
  ImmediateView,
  InsertResult,
  NewObservation,
  Snapshot,
  Store,
  TimeRange,
  VerifyOptions,
  VerifyReport,
} from './store.js'
import { Writer } from './writer.js'

export interface StoreOptions extends StorageConfig {
  readonly warn: Warn
  /** The app's own, instead of a path. */
  readonly connection?: AttachedConnection | undefined
  readonly limits?: SnapshotLimits
  readonly packing?: Packing
  /** What searches are done with; asked for at the first. */
  readonly kernels?: () => DistanceKernels
}

/** What is kept in memory of strips, as a share of `memory_limit`. */
const STRIPS_SHARE = 1 / 8
/** What is kept for searches that cannot wait, the same. */
const IMMEDIATE_SHARE = 1 / 16

/** How often snapshots that nobody reads any more are looked for, in milliseconds. */
const EXPIRY_CHECK_MS = 5000

/**
 * Opens the database at `path`, and makes it where there is none; or attaches to the app's connection.
 *
 * @throws {StorageError} it is not ours, newer, locked for longer than `busyTimeoutMs`, or cannot be reached.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  let store: SqliteStore | undefined
  try {
    store = new SqliteStore(options.connection === undefined ? await openByPath(options) : attachConnection(options.connection, options), options)
    await store.begin()
    return store
  } catch (error) {
    await store?.close()
    throw withoutVerify(error)
  }
}

async function openByPath({ path, readonly, durability, busyTimeoutMs, warn }: StoreOptions): Promise<Connection> {
  if (path === undefined) throw new ArgumentError('storage.path', 'the path of a file, or :memory:', 'undefined')
  const Sqlite = await loadSqlite()
  const deadlineMs = performance.now() + busyTimeoutMs
  return untilFree(() => openConnection(Sqlite, { path, readonly, durability, warn }), deadlineMs)
}

/** What needs our tables to be there. */
interface Parts {
  readonly catalog: Catalog
  readonly memory: CollectionMemory
  readonly writer: Writer
  readonly readers: Readers
  readonly searcher: Searcher
  readonly immediate: ImmediateReads
}

class SqliteStore implements Store {
  readonly #turnstile = new Turnstile()
  readonly #walLimit: WalLimit
  readonly #writes: WriteQueue
  readonly #transactions: Transactions
  readonly #schemaCookie: Statement<[], number>
  readonly #writeLog = new WriteLog()
  readonly #snapshots = new Set<SqliteSnapshot>()
  readonly #expiryCheck: NodeJS.Timeout
  /** Undefined while a migration is needed. */
  #parts: Parts | undefined
  #schemaVersion = 0
  #knownCookie: number | undefined
  #closing: Promise<void> | undefined

  constructor(
    private readonly connection: Connection,
    private readonly options: StoreOptions,
  ) {
    this.#writes = new WriteQueue(this.#turnstile, options.busyTimeoutMs)
    const { database, path, isAttached } = connection
    this.#walLimit = new WalLimit(connection)
    this.#transactions = isAttached ? new AttachedTransactions(database, path) : new OwnTransactions(database)
    this.#schemaCookie = new Statement(database, 'PRAGMA schema_version')
    this.#expiryCheck = setInterval(() => {
      for (const snapshot of this.#snapshots) snapshot.endIfExpired()
      this.#parts?.searcher.matrices.forgetIdle()
      this.#parts?.immediate.searches.forgetIdle()
      if (!database.open) this.#parts?.readers.close() // the app has closed it: our readers keep its file in use
    }, EXPIRY_CHECK_MS).unref()
  }

  /** Makes the store ready, or leaves that to `migrate()`. */
  async begin(): Promise<void> {
    const { path, database } = this.connection
    const deadlineMs = performance.now() + this.options.busyTimeoutMs
    this.#schemaVersion = await untilFree(() => schemaVersion(database, path), deadlineMs)
    if (this.#schemaVersion === SCHEMA_VERSION) this.#prepareParts()
    else if (this.connection.readonly) throw migrationNeeded(path, this.#schemaVersion, 'Open it once without readonly.')
    else if (this.options.migrate === 'auto') {
      if (this.#transactions.isOfApp) throw migrationNeeded(path, this.#schemaVersion, 'Attach when no transaction is open on the connection.')
      await this.migrate()
    }
  }

  async migrate(): Promise<void> {
    this.#assertOpen()
    if (this.#parts !== undefined) return
    const { path, database } = this.connection
    const compiled = await compileMigrations(this.#schemaVersion)
    await this.#writes.run(() => this.#transactions.run(() => applyMigrations(database, path, compiled)))
    this.#schemaVersion = SCHEMA_VERSION
    if (this.#parts === undefined) this.#prepareParts()
  }

  async createCollection(name: string, settings: CollectionSettings): Promise<CollectionRecord> {
    const existing = this.#ready().memory.get(name)
    if (existing !== undefined) return sameSettings(existing, settings)
    return this.#write(({ catalog, writer }) => {
      const faster = catalog.collection(name)
      return faster === undefined ? writer.createCollection(name, settings) : sameSettings(faster, settings)
    })
  }

  async dropCollection(collection: CollectionRecord): Promise<void> {
    await this.#write(({ writer }) => writer.dropCollection(collection))
    this.#parts?.searcher.matrices.forget(collection.key)
  }

  collection(name: string): CollectionRecord | undefined {
    return this.#ready().memory.get(name)
  }

  collections(): readonly CollectionRecord[] {
    return this.#ready().memory.all()
  }

  async insert(collection: CollectionRecord, batch: readonly NewObservation[]): Promise<InsertResult> {
    return this.#write(({ writer }) => writer.insert(collection, batch))
  }

  insertNow(collection: CollectionRecord, batch: readonly NewObservation[]): InsertResult {
    const parts = this.#writable()
    const { isOfApp } = this.#transactions
    const checked = this.#checked(parts, ({ writer, catalog }) =>
      followedBy(writer.insert(collection, batch), () => {
        if (isOfApp) noteUncommitted(this.connection.database, catalog.collectionByKey(collection.key)!)
      }),
    )
    const work = () => followedBy(this.#transactions.runNow(checked), () => this.#written(parts, isOfApp))
    try {
      return this.#writes.runNow(work)
    } catch (error) {
      if (!isBusy(error) || this.connection.isAttached) throw error // on the app's, SQLite has waited as long as the app says
    }
    const { database } = this.connection
    try {
      database.pragma(`busy_timeout = ${this.options.busyTimeoutMs}`) // the one place where SQLite itself may wait
      return this.#writes.runNow(work)
    } finally {
      database.pragma('busy_timeout = 0')
    }
  }

  async setAttributes(
    collection: CollectionRecord,
    entity: string,
    attributes: string | null,
    options: { merge: boolean; create?: boolean },
  ): Promise<void> {
    return this.#write(({ writer }) => writer.setAttributes(collection, entity, attributes, options))
  }

  async deleteRange(collection: CollectionRecord, entity: string, range: TimeRange): Promise<number> {
    return this.#write(({ writer }) => writer.deleteRange(collection, entity, range))
  }

  async removeEntity(collection: CollectionRecord, entity: string): Promise<boolean> {
    return this.#write(({ writer }) => writer.removeEntity(collection, entity))
  }

  async snapshot(): Promise<Snapshot> {
    return this.#openSnapshot(this.options.limits ?? SNAPSHOT_LIMITS)
  }

  readNow<T>(caller: object, work: (view: ImmediateView) => T): T {
    return this.#ready().immediate.read(caller, work)
  }

  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.#ready()
    this.connection.files?.assertInPlaceNow()
    const snapshot = await this.#openSnapshot(WITHOUT_LIMITS)
    try {
      return await verifyAll(snapshot, this.connection, options)
    } finally {
      snapshot.release()
    }
  }

  async backup(path: string, options: BackupOptions = {}): Promise<void> {
    const { path: file, openReader, files, database } = this.connection
    const targetOf = () => backupTarget(path, openReader === undefined ? '' : file, options)
    const target = targetOf()
    const copy = { ...options, stallMs: this.options.busyTimeoutMs }
    this.#ready()
    if (files?.areInPlace === false) return copyTo(target, database, targetOf, copy) // no further connection would find what this one has
    const snapshot = await untilFree(() => this.#openCommitted(), performance.now() + this.options.busyTimeoutMs)
    try {
      await copyTo(target, snapshot.reader.database, targetOf, copy)
    } finally {
      snapshot.release()
    }
  }

  async compact(options: CompactOptions = {}): Promise<CompactReport> {
    this.#writable()
    const compaction = {
      connection: this.connection,
      busyTimeoutMs: this.options.busyTimeoutMs,
      collections: this.collections(),
      pack: (collection: CollectionRecord, afterId: string) => this.#write(({ writer }) => writer.compact(collection, afterId)),
      alone: <T>(work: () => Promise<T>) => this.#alone(work),
    }
    return compactAll(compaction, options)
  }

  /** No write of this process begins before `work` has ended. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    this.#assertOpen()
    if (!this.#turnstile.tryWrite()) await this.#turnstile.write(performance.now() + this.options.busyTimeoutMs)
    try {
      return await work()
    } finally {
      this.#turnstile.leaveWrite()
    }
  }

  /** Writes that were asked for before are still done. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#expiryCheck)
    for (const snapshot of this.#snapshots) snapshot.end(closed)
    if (!this.#turnstile.tryWrite()) await this.#turnstile.write(Number.POSITIVE_INFINITY)
    this.#parts?.readers.close()
    this.#parts?.searcher.matrices.forgetAll()
    this.#parts?.immediate.searches.forget()
    this.connection.close()
  }

  /** For what must not hold uncommitted rows of the app: it waits for the end of that transaction. */
  #openCommitted(): Promise<SqliteSnapshot> {
    this.#ready()
    if (this.#transactions.isOfApp) throw openTransaction(this.connection.path)
    return this.#openSnapshot(WITHOUT_LIMITS)
  }

  /** The view is that of the turn of the call, unless something is in the way. */
  #openSnapshot(limits: SnapshotLimits): Promise<SqliteSnapshot> {
    const parts = this.#ready()
    const open = () => {
      const reader = parts.readers.take()
      return reader instanceof Promise ? reader.then((late) => this.#beginSnapshot(late, limits, parts)) : this.#beginSnapshot(reader, limits, parts)
    }
    return untilFree(open, performance.now() + this.options.busyTimeoutMs)
  }

  #beginSnapshot(reader: Reader, limits: SnapshotLimits, { readers, searcher }: Parts): SqliteSnapshot {
    try {
      this.#assertOpen()
      reader.begin()
    } catch (error) {
      readers.give(reader)
      throw error
    }
    const onEnd = (ended: SqliteSnapshot) => {
      this.#snapshots.delete(ended)
      readers.give(reader)
    }
    const snapshot = new SqliteSnapshot(reader, { limits, searcher, walBytes: this.connection.walBytes, onEnd })
    this.#snapshots.add(snapshot)
    return snapshot
  }

  async #write<T>(work: (parts: Parts) => T | Work<T>): Promise<T> {
    const parts = this.#writable()
    const checked = this.#checked(parts, work)
    const result = await this.#writes.run(() => followedBy(this.#transactions.run(checked), () => this.#written(parts, false)))
    this.#walLimit.afterCommit()
    return result
  }

  /** The inside of a transaction that writes. */
  #checked<T>(parts: Parts, work: (parts: Parts) => T | Work<T>): () => T | Work<T> {
    const { isOfApp } = this.#transactions
    return () => {
      this.connection.files?.assertInPlace()
      this.#assertSchema(isOfApp)
      parts.writer.begin(isOfApp)
      this.#writeLog.begin(isOfApp)
      return work(parts)
    }
  }

  #written({ writer }: Parts, isOfApp: boolean): void {
    writer.end(isOfApp)
    this.#writeLog.commit()
  }

  /** Another process may have brought the tables further. @param isOfApp  A rollback may take this version back, and another bear its number. */
  #assertSchema(isOfApp: boolean): void {
    const cookie = this.#schemaCookie.get()
    if (cookie === this.#knownCookie) return
    schemaVersion(this.connection.database, this.connection.path)
    if (!isOfApp) this.#knownCookie = cookie
  }

  #prepareParts(): void {
    const { database, path } = this.connection
    assertTables(database, path)
    const { memoryLimitBytes, packing = PACKING, kernels } = this.options
    const account = new MemoryAccount(memoryLimitBytes * STRIPS_SHARE)
    const catalog = new Catalog(database)
    const readers = readersOf(this.connection, this.#turnstile, this.options.busyTimeoutMs, account)
    const searcher = new Searcher({ kernels, memoryLimitBytes, writeLog: this.#writeLog })
    this.#parts = {
      catalog,
      memory: new CollectionMemory(database, catalog, this.#transactions),
      writer: new Writer(database, account, packing, this.#writeLog),
      readers,
      searcher,
      immediate: new ImmediateReads(this.connection, readers, { kernels, bytesMax: memoryLimitBytes * IMMEDIATE_SHARE, matrices: searcher.matrices }),
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new DatabaseClosedError()
    if (!this.connection.database.open) throw closedByApp()
  }

  #ready(): Parts {
    this.#assertOpen()
    if (this.#parts === undefined) throw migrationNeeded(this.connection.path, this.#schemaVersion, 'Call migrate() on the open database.')
    return this.#parts
  }

  #writable(): Parts {
    const parts = this.#ready()
    if (!this.connection.readonly) return parts
    throw new StorageError('STORAGE_READ_ONLY', `${this.connection.path} was opened with readonly = true. Open it without, to write.`)
  }
}
