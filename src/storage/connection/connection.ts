import { closeSync, existsSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { ArgumentError, StorageError } from '../../errors.js'
import type { Warn } from '../../warning.js'
import { DatabaseFiles } from './database-files.js'
import { libraryOf, type SqliteConstructor, type SqliteDatabase } from './sqlite-library.js'
import { Statement, withStorageErrors } from './statement.js'

const PAGE_BYTES = 16_384
const WRITER_CACHE_KIB = 16_384
/** The write-ahead log is begun anew when it is longer than this, and cut back to it. */
export const WAL_BYTES_MAX = 64 * 1024 * 1024

export interface ConnectionOptions {
  readonly path: string
  readonly readonly: boolean
  readonly durability: 'normal' | 'full'
  readonly warn: Warn
}

/** The connection that writes, and the way to further ones: a file or memory of our own, or an app's (`attached-connection.ts`). */
export interface Connection {
  /** For messages. */
  readonly path: string
  readonly database: SqliteDatabase
  readonly readonly: boolean
  /** It is the app's, who uses it too: nothing of it may change, and nothing of ours may be open on it across an await. */
  readonly isAttached: boolean
  /** The file of the better-sqlite3 that opened it, for a worker thread: a second copy on one file would break the locks of both. */
  readonly library: string | undefined
  /** A further connection that only reads; undefined where there can be none. */
  readonly openReader: (() => SqliteDatabase) | undefined
  /** Undefined in memory. */
  readonly files: DatabaseFiles | undefined
  /** The size of the write-ahead log. */
  walBytes(): number
  close(): void
}

/**
 * Opens a database of our own by its path, and makes the file where there is none.
 *
 * @throws {StorageError} what is there is not ours, or cannot be reached.
 */
export function openConnection(Sqlite: SqliteConstructor, options: ConnectionOptions): Connection {
  return options.path === ':memory:' ? openMemory(Sqlite, options) : openFile(Sqlite, options)
}

function openMemory(Sqlite: SqliteConstructor, { path, readonly }: ConnectionOptions): Connection {
  if (readonly) throw new ArgumentError('storage.readonly', 'false with path :memory:', 'true', 'A database in memory starts empty.')
  const database = new Sqlite(path, { timeout: 0 })
  database.pragma('foreign_keys = ON')
  return {
    path,
    database,
    readonly,
    isAttached: false,
    library: undefined,
    openReader: undefined,
    files: undefined,
    walBytes: () => 0,
    close: () => database.close(),
  }
}

function openFile(Sqlite: SqliteConstructor, options: ConnectionOptions): Connection {
  const { path, readonly } = options
  assertNothingInTheWay(path)
  prepareFile(path, readonly)
  const open = (asReader: boolean) => withStorageErrors(path, () => new Sqlite(path, { timeout: 0, readonly: asReader, fileMustExist: true }))
  const database = open(readonly)
  try {
    withStorageErrors(path, () => setUp(database, options))
  } catch (error) {
    database.close()
    throw error
  }
  const files = new DatabaseFiles(path)
  return {
    path,
    database,
    readonly,
    isAttached: false,
    library: libraryOf(Sqlite),
    openReader: () => openedInPlace(() => open(true), files),
    files,
    walBytes: () => walBytesOf(path),
    close: () => database.close(),
  }
}

/** A further connection: by the same name there may be another file by now. @throws {StorageError} `STORAGE_UNREACHABLE` */
export function openedInPlace(open: () => SqliteDatabase, files: DatabaseFiles): SqliteDatabase {
  files.assertInPlaceNow()
  const database = open()
  try {
    files.assertInPlaceNow()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** By its name alone: whoever opens a database file beside SQLite drops SQLite's locks when closing it. */
export function walBytesOf(path: string): number {
  return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
}

function setUp(database: SqliteDatabase, { path, readonly, durability, warn }: ConnectionOptions): void {
  if (isEmpty(database, path) && !readonly) {
    database.pragma(`page_size = ${PAGE_BYTES}`)
    database.pragma('journal_mode = WAL')
  }
  warnUnlessWal(database, path, warn)
  database.pragma(`synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`)
  database.pragma('foreign_keys = ON')
  database.pragma(`cache_size = -${WRITER_CACHE_KIB}`)
  database.pragma(`journal_size_limit = ${WAL_BYTES_MAX}`)
}

/** Not every file system lets several processes share the memory that WAL mode needs; and somebody may have left that mode. */
function warnUnlessWal(database: SqliteDatabase, path: string, warn: Warn): void {
  const mode = database.pragma('journal_mode', { simple: true })
  if (mode === 'wal') return
  const message = `${path} is in journal mode ${mode}, not WAL: reading and writing wait for each other. Keep the file on a local disk; PRAGMA journal_mode = WAL changes it.`
  warn({ code: 'STORAGE_NOT_WAL', message, path })
}

/** Makes an empty file that only its owner may use, or refuses what is there. Never opens what SQLite may have open. */
function prepareFile(path: string, readonly: boolean): void {
  const stats = statusOf(path, path)
  if (stats !== undefined) {
    if (stats.isFile()) return
    const what = stats.isDirectory() ? 'a directory' : 'not a regular file'
    throw new StorageError(
      'STORAGE_NOT_A_DATABASE',
      `${path} is ${what}. Under [storage], path should name a file; one that does not exist is created.`,
    )
  }
  if (readonly) {
    const message = `There is no database at ${path}, and one opened with readonly = true is not created. Check the path, or open it once for writing.`
    throw new StorageError('STORAGE_UNREACHABLE', message)
  }
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return // another process was faster
    const folder = dirname(path)
    if (hasCode(error, 'ENOENT') && !existsSync(folder))
      throw unreachableFile(path, `its folder ${folder} does not exist. Create the folder first`, error)
    throw unreachableFile(path, `its folder ${folder} does not let this user create it. Check its permissions, or choose another path`, error)
  }
}

/** SQLite makes a log and its index beside the file, and says of what is there instead that the disk is bad, or read-only. */
function assertNothingInTheWay(path: string): void {
  for (const beside of ['-wal', '-shm', '-journal'].map((suffix) => `${path}${suffix}`)) {
    const stats = statusOf(beside, path)
    if (stats !== undefined && !stats.isFile())
      throw unreachableFile(path, `SQLite keeps a file of its own at ${beside}, and what is there is none. Move it away`, undefined)
  }
}

/** @param database  Of which this file is a part: for messages. */
function statusOf(path: string, database: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (hasCode(error, 'ENAMETOOLONG'))
      throw unreachableFile(database, 'its name is too long, with the -journal that SQLite adds. Choose a shorter one', error)
    throw unreachableFile(database, 'its folder cannot be read. Check the path and its permissions', error)
  }
}

function unreachableFile(path: string, claim: string, cause: unknown): StorageError {
  return new StorageError('STORAGE_UNREACHABLE', `The database ${path} cannot be opened: ${claim}.`, { cause })
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** @throws {StorageError} it holds only tables of somebody else: by path, nobody has consented to ours beside them. */
function isEmpty(database: SqliteDatabase, path: string): boolean {
  const named = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
  const names = new Statement<[], string>(database, named).all()
  if (names.length === 0) return true
  if (names.some((name) => name.startsWith('chronode_'))) return false
  const some = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''}`
  throw new StorageError(
    'STORAGE_NOT_A_DATABASE',
    `${path} belongs to another program (it has the tables ${some}). Give Chronode a file of its own under [storage] path, or open your database yourself and attach it.`,
  )
}
