/// <reference lib="esnext.disposable" preserve="true" /> for apps whose own target is older than `await using`

import { type Analytics, createAnalytics } from './analytics/index.js'
import { Collection } from './collection.js'
import { type Config, type ConfigInput, readConfig } from './config.js'
import {
  type Engine,
  iterate,
  type ParameterValues,
  type ParsedQuery,
  parseQuery,
  type QueryOptions,
  type QueryResult,
  type Row,
  run,
  templateQuery,
} from './engine/index.js'
import { toCollectionName } from './entity.js'
import { ArgumentError, DatabaseClosedError, described, NotFoundError } from './errors.js'
import { type Native, type NativeStatus, openNative } from './native/index.js'
import { checkOptions } from './options.js'
import type { Predictor } from './prediction.js'
import { checkedConnection, registerSqlFunctions, type SqlConnection } from './sql/index.js'
import {
  type AttachedConnection,
  type BackupOptions,
  type CollectionRecord,
  type CollectionSettings,
  type CompactOptions,
  type CompactReport,
  openStore,
  type Store,
  useCrc32,
  type VerifyOptions,
  type VerifyReport,
} from './storage/index.js'
import { Turn } from './turn.js'
import { DIMENSION_MAX } from './vector.js'
import { createWarn, type Logger, type Warn } from './warning.js'

export interface OpenOptions {
  /** Where warnings go; default: `process.emitWarning`. */
  readonly logger?: Logger
  /** Predictors of the app's own, by name; those that the configuration names must be here. */
  readonly predictors?: Readonly<Record<string, Predictor>>
  /** Opens for reading alone, whatever the configuration says: a file that is not there is not made. */
  readonly readonly?: boolean
  /**
   * The app's own open better-sqlite3 `Database`, to keep everything in its file and its transactions: docs/embedding.md. The configuration then
   * has no `storage.path`.
   */
  readonly connection?: AttachedConnection
}

export interface CollectionOptions {
  /** How many numbers a vector has, 1 to 65,536. */
  readonly dimension: number
  /** Default `cosine`. */
  readonly metric?: CollectionSettings['metric']
  /** Scale vectors to unit length on the way in. Default false. */
  readonly normalized?: boolean
}

/**
 * Opens a database: its file, its predictors, its models.
 *
 * Models are loaded in the background; nothing waits for them here.
 *
 * @param config  Path of a TOML file, or an object of the same shape.
 * @throws {ConfigError} the configuration is wrong: every issue at once.
 * @throws {ArgumentError} an option is none, or of another type: a misspelt `readonly` must not open for writing.
 * @throws {StorageError} the file cannot be used.
 */
export async function openDatabase(config: string | ConfigInput, options: OpenOptions = {}): Promise<Database> {
  const { logger, predictors, connection, readonly = false } = checkedOptions(options)
  const given = readConfig(config, { attached: connection !== undefined })
  const settings = readonly ? forReading(given) : given
  const warn = createWarn(logger)
  const native = openNative()
  if (native.crc32 !== undefined) useCrc32(native.crc32)
  const store = await openStore({ ...settings.storage, connection, warn, kernels: () => native.distances })
  try {
    const analytics = createAnalytics({ config: settings, native, warn, ...(predictors === undefined ? {} : { predictors }) })
    return new Database({ config: settings, store, analytics, native, warn, connection })
  } catch (error) {
    await store.close()
    throw error
  }
}

function checkedOptions(options: OpenOptions): OpenOptions {
  checkOptions('options', options, ['logger', 'predictors', 'readonly', 'connection'])
  const { logger, readonly } = options
  if (readonly !== undefined && typeof readonly !== 'boolean') throw new ArgumentError('readonly', 'true or false', described(readonly))
  if (logger !== undefined && typeof logger?.warn !== 'function')
    throw new ArgumentError('logger', 'an object with a function warn(), such as console', described(logger))
  return options
}

/** A database in memory is nobody else's, and stays as it is. */
function forReading(config: Config): Config {
  return config.storage.path === ':memory:' ? config : { ...config, storage: { ...config.storage, readonly: true } }
}

interface Parts {
  readonly config: Config
  readonly store: Store
  readonly analytics: Analytics
  readonly native: Native
  readonly warn: Warn
  /** The app's, when it was attached. */
  readonly connection: AttachedConnection | undefined
}

/** A share of the memory limit that contexts read ahead of inference may take. */
const READ_AHEAD_SHARE = 1 / 8
/** The same for the rows of one call of a function inside an app's SQL. */
const SQL_ROWS_SHARE = 1 / 8

/** An open database. Made by `openDatabase`. */
export class Database {
  readonly #parts: Parts
  readonly #engine: Engine
  readonly #running = new Set<Promise<unknown>>()
  readonly #iterating = new Set<AsyncGenerator<Row>>()
  readonly #turn = new Turn()
  #closing: Promise<void> | undefined

  /** @internal */
  constructor(parts: Parts) {
    const { store, analytics, config, native } = parts
    this.#parts = parts
    this.#engine = {
      store,
      analytics,
      kernels: () => native.distances,
      settings: () => settingsOf(config),
      readAheadBytes: config.storage.memoryLimitBytes * READ_AHEAD_SHARE,
    }
  }

  /**
   * Makes a collection, or returns the one there is when its settings are the same.
   *
   * @throws {CollectionExistsError} it exists with other settings.
   */
  async createCollection(name: string, options: CollectionOptions): Promise<Collection> {
    this.#assertOpen()
    const record = await this.#track(this.#parts.store.createCollection(toCollectionName(name), checkedSettings(options)))
    return this.#handle(record)
  }

  /** @throws {NotFoundError} */
  collection(name: string): Collection {
    return this.#handle(this.#record(name))
  }

  /** All collections, by name. */
  collections(): Collection[] {
    this.#assertOpen()
    return this.#parts.store.collections().map((record) => this.#handle(record))
  }

  /** Removes a collection with everything in it. @throws {NotFoundError} */
  async dropCollection(name: string): Promise<void> {
    await this.#track(this.#parts.store.dropCollection(this.#record(name)))
  }

  /**
   * Runs one statement of the query language. Used as a template tag, its values become parameters.
   *
   * @example await db.query('PREDICT vector AT $1 FOR ENTITY $2', ['2030-12-31', 'climate'])
   * @example await db.query`PREDICT vector AT ${date} FOR ENTITY ${id}`
   * @throws {QueryError} with line, column and a frame. @throws {PredictionError} with `fallback = 'error'`.
   */
  query<R = Row>(text: string, values?: ParameterValues, options?: QueryOptions): Promise<QueryResult<R>>
  query<R = Row>(strings: TemplateStringsArray, ...values: unknown[]): Promise<QueryResult<R>>
  async query<R>(text: string | TemplateStringsArray, ...rest: unknown[]): Promise<QueryResult<R>> {
    this.#assertOpen()
    if (typeof text === 'string') {
      const [values, options] = rest as [ParameterValues?, QueryOptions?]
      return this.#run(parseQuery(text), values, options)
    }
    if (!isTemplate(text)) throw new ArgumentError('text', 'the text of a statement', described(text))
    const { text: built, values } = templateQuery(text, rest)
    return this.#run(parseQuery(built), values)
  }

  /** Reads a statement once, to run it many times. @throws {QueryError} its text is wrong. */
  prepare<R = Row>(text: string): PreparedStatement<R> {
    this.#assertOpen()
    if (typeof text !== 'string') throw new ArgumentError('text', 'the text of a statement', described(text))
    const parsed = parseQuery(text)
    return {
      all: (values, options) => this.#run<R>(parsed, values, options),
      iterate: (values, options) => this.#iterate(parsed, values, options) as AsyncGenerator<R>,
    }
  }

  /** Adds a predictor that `USING`, `method` and `fallback` can name from now on. */
  registerPredictor(name: string, predictor: Predictor): void {
    this.#assertOpen()
    this.#parts.analytics.register(name, predictor)
  }

  /**
   * Brings `chronode_as_of`, `chronode_nearest`, `chronode_trajectory`, `chronode_predict` and `chronode_distance` into the SQL of an app's connection:
   * docs/embedding.md. Twice is fine. Another database registered on the same connection takes its place.
   *
   * @param connection  Default: the one that this database is attached to.
   * @throws {ArgumentError} it is no open connection of better-sqlite3, or this database is attached to it and lies in memory.
   */
  registerSqlFunctions(connection: SqlConnection | undefined = this.#parts.connection as SqlConnection | undefined): void {
    this.#assertOpen()
    const { store, analytics, config } = this.#parts
    registerSqlFunctions(checkedConnection(connection), {
      readNow: (caller, work) => store.readNow(caller, work),
      predictNow: (collection, item, method) => analytics.predictNow({ collection, ...(method === undefined ? {} : { methods: [method] }) }, item),
      rowsBytesMax: config.storage.memoryLimitBytes * SQL_ROWS_SHARE,
    })
  }

  /** What native code is there, and what to do where it is not. */
  nativeStatus(): NativeStatus {
    return this.#parts.native.status()
  }

  /** Brings libtorch in now, as the first model would: half a second, on a thread of its own. @returns what is there then. */
  async loadNative(): Promise<NativeStatus> {
    this.#assertOpen()
    await this.#track(this.#parts.native.torch({ threads: this.#parts.config.analytics.threads }))
    return this.nativeStatus()
  }

  /** Computes every stored checksum and count again, and asks SQLite about its own structure. */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.#assertOpen()
    checkOptions('options', options, ['signal', 'onProgress'])
    return this.#track(this.#parts.store.verify(options))
  }

  /**
   * Makes the tables, or brings them to the newest schema, where `migrate = "manual"` leaves that to the app. Where nothing is to be done it does nothing.
   *
   * @throws {StorageError} `STORAGE_BUSY`, `STORAGE_NEWER_SCHEMA`
   */
  async migrate(): Promise<void> {
    this.#assertOpen()
    return this.#track(this.#parts.store.migrate())
  }

  /**
   * Copies the whole database as it is now to a new file, which only its owner may read, while others go on reading and writing. An app's
   * attached file is copied with everything in it.
   *
   * @throws {ArgumentError} there is a file at `path`, and `overwrite` was not asked for.
   * @throws {StorageError} `STORAGE_FULL`, `STORAGE_UNREACHABLE`, `STORAGE_BUSY`; nothing is left behind.
   */
  async backup(path: string, options: BackupOptions = {}): Promise<void> {
    this.#assertOpen()
    checkOptions('options', options, ['overwrite', 'signal', 'onProgress'])
    return this.#track(this.#parts.store.backup(path, options))
  }

  /**
   * Packs all observations into blocks, and gives the room that is left free back to the file system. Others read and write meanwhile; during the last
   * step, which writes the file anew and needs as much room once more, writes wait. Of an app's attached file nothing is given back: SQLite uses that room again.
   *
   * @throws {QueryStoppedError} `QUERY_ABORTED`: the signal said so. What was packed stays packed.
   * @throws {StorageError} `STORAGE_BUSY`, `STORAGE_FULL`
   */
  async compact(options: CompactOptions = {}): Promise<CompactReport> {
    this.#assertOpen()
    checkOptions('options', options, ['signal', 'onProgress'])
    return this.#track(this.#parts.store.compact(options))
  }

  /** Ends open iterators, waits for running statements, and closes the file. Twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const { analytics, store } = this.#parts
    await Promise.allSettled([...this.#iterating].map((rows) => rows.return(undefined)))
    await Promise.allSettled(this.#running)
    await analytics.close()
    await store.close()
  }

  #run<R>(parsed: ParsedQuery, values?: ParameterValues, options: QueryOptions = {}): Promise<QueryResult<R>> {
    if (this.#closing !== undefined) return Promise.reject(new DatabaseClosedError())
    return this.#track(run(parsed, values, options, this.#engine)) as Promise<QueryResult<R>>
  }

  async *#iterate(parsed: ParsedQuery, values?: ParameterValues, options: QueryOptions = {}): AsyncGenerator<Row> {
    this.#assertOpen()
    const rows = iterate(parsed, values, options, this.#engine)
    this.#iterating.add(rows)
    try {
      for await (const row of rows) {
        this.#assertOpen()
        yield row
      }
      this.#assertOpen()
    } finally {
      this.#iterating.delete(rows)
    }
  }

  /** What close() waits for. */
  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
      const pause = this.#turn.pause()
      if (pause !== undefined) await pause
    }
  }

  #handle(record: CollectionRecord): Collection {
    return new Collection(record, {
      store: this.#parts.store,
      warn: this.#parts.warn,
      assertOpen: () => this.#assertOpen(),
      run: (statement, { where, parameters, signal, timeoutMs, maxRows }) =>
        this.#run({ text: '', statement, condition: where }, parameters, { signal, timeoutMs, maxRows }),
      track: (work) => this.#track(work),
    })
  }

  #record(name: string): CollectionRecord {
    this.#assertOpen()
    if (typeof name !== 'string') throw new ArgumentError('name', 'the name of a collection', described(name))
    const record = this.#parts.store.collection(name)
    if (record !== undefined) return record
    const known = this.#parts.store.collections().map((collection) => collection.name)
    const advice = known.length === 0 ? 'There is none yet: make one with createCollection().' : `There are: ${known.slice(0, 12).join(', ')}.`
    throw new NotFoundError('collection', String(name), `There is no collection ${described(name)}. ${advice}`)
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new DatabaseClosedError()
  }
}

/** A statement that was read once. */
export interface PreparedStatement<R = Row> {
  all(values?: ParameterValues, options?: QueryOptions): Promise<QueryResult<R>>
  /** Rows one after another, in flat memory, without a limit on their number. */
  iterate(values?: ParameterValues, options?: QueryOptions): AsyncGenerator<R>
}

function isTemplate(value: unknown): value is TemplateStringsArray {
  return Array.isArray(value) && 'raw' in value
}

function checkedSettings(options: CollectionOptions): CollectionSettings {
  const { dimension, metric = 'cosine', normalized = false } = options ?? {}
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > DIMENSION_MAX) {
    throw new ArgumentError('dimension', `a whole number from 1 to ${DIMENSION_MAX}`, described(dimension))
  }
  if (metric !== 'cosine' && metric !== 'l2' && metric !== 'dot') throw new ArgumentError('metric', "'cosine', 'l2' or 'dot'", described(metric))
  if (typeof normalized !== 'boolean') throw new ArgumentError('normalized', 'true or false', described(normalized))
  return { dimension, metric, normalized }
}

/** The configuration as SHOW SETTINGS tells it: key paths of the file, and what is in force. */
function settingsOf({ storage, analytics }: Config): { setting: string; value: unknown }[] {
  const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const section = (name: string, values: object) =>
    Object.entries(values).map(([key, value]: [string, unknown]) => ({ setting: `${name}.${snakeCase(key)}`, value }))
  return [...section('storage', storage), ...section('analytics', analytics)]
}
