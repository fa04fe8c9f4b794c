import { DatabaseClosedError, StorageError, type StorageErrorCode } from '../../errors.js'

const DAMAGED =
  'is damaged. Run verify() to see what is hit; restore it from a backup, or copy what is whole with salvageDatabase() (chronode salvage).'

/** SQLite's result codes by their first part, so that the extended ones (SQLITE_BUSY_SNAPSHOT) are among them. */
const CODES: readonly (readonly [sqlite: string, code: StorageErrorCode, claim: string])[] = [
  [
    'SQLITE_BUSY',
    'STORAGE_BUSY',
    'is locked by another process or connection. Try again, let that write end, or raise busy_timeout_ms under [storage].',
  ],
  ['SQLITE_PROTOCOL', 'STORAGE_BUSY', 'is being opened or closed by many others at once. Try again.'],
  ['SQLITE_LOCKED', 'STORAGE_BUSY', 'is locked by another statement of this process. Try again when it has ended.'],
  ['SQLITE_FULL', 'STORAGE_FULL', 'cannot grow: its disk, or its page limit, is full. Make room; nothing of this write was kept.'],
  [
    'SQLITE_READONLY_DBMOVED',
    'STORAGE_UNREACHABLE',
    'was deleted, moved or replaced while it was open; nothing of this write was kept. Close it wherever it is open, and put the file in its place.',
  ],
  ...['SQLITE_READONLY_CANTINIT', 'SQLITE_READONLY_DIRECTORY', 'SQLITE_READONLY_CANTLOCK', 'SQLITE_READONLY_RECOVERY'].map(
    (extended) =>
      [
        extended,
        'STORAGE_READ_ONLY',
        'is in WAL mode, in which SQLite writes beside it even to read. Let this user write into its folder, or copy the file to one where it may.',
      ] as const,
  ),
  ['SQLITE_READONLY', 'STORAGE_READ_ONLY', 'cannot be written here. Check the permissions of the file, of its -wal and -shm, and of its folder.'],
  [
    'SQLITE_NOTADB',
    'STORAGE_NOT_A_DATABASE',
    'is not a SQLite database. Give a path of its own under [storage] path; a file that does not exist is created. If it was one, its beginning is damaged: salvageDatabase() (chronode salvage) copies what is whole.',
  ],
  ['SQLITE_CORRUPT', 'STORAGE_CORRUPT', DAMAGED],
  // No row of ours is that long: a damaged one says that it is.
  ['SQLITE_TOOBIG', 'STORAGE_CORRUPT', DAMAGED],
  // Our statements are fixed: what they ask for is not there, or what they claim does not hold.
  ['SQLITE_ERROR', 'STORAGE_CORRUPT', 'has not the tables that Chronode made. Restore it from a backup.'],
  ['SQLITE_CONSTRAINT', 'STORAGE_CORRUPT', 'contradicts itself. Run verify() to see what is hit, and restore it from a backup.'],
  ['SQLITE_CANTOPEN', 'STORAGE_UNREACHABLE', 'cannot be opened. Check that its folder exists and that this user may read and write there.'],
  ['SQLITE_IOERR', 'STORAGE_UNREACHABLE', 'cannot be read or written. Check the disk; nothing of this write was kept.'],
  ['SQLITE_PERM', 'STORAGE_UNREACHABLE', 'may not be used by this user. Check the permissions of the file and its folder.'],
  ['SQLITE_NOLFS', 'STORAGE_UNREACHABLE', 'is larger than this file system allows.'],
]

/** The cause of a `STORAGE_BUSY`. */
class OpenTransaction extends Error {}

/** The app has a transaction open on the connection that it shares with us. */
export function openTransaction(path: string): StorageError {
  const message =
    `The app has a transaction open on its connection to ${path}, and it did not end within busy_timeout_ms. ` +
    'End it with COMMIT or ROLLBACK before awaiting this, or write as a part of it with insertSync().'
  return new StorageError('STORAGE_BUSY', message, { cause: new OpenTransaction('a transaction of the app is open') })
}

/** What better-sqlite3 itself throws, without a code. */
const IN_USE = 'This database connection is busy executing a query'
const NOT_OPEN = 'The database connection is not open'

/** A lock is held elsewhere, or the app is using its connection: worth another try. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof StorageError) || error.code !== 'STORAGE_BUSY') return false
  const { cause } = error
  return cause instanceof OpenTransaction || isTypeError(cause, IN_USE) || isOfKind(sqliteCode(cause), 'SQLITE_BUSY')
}

/** The app closed the connection that it had given. */
export function closedByApp(): DatabaseClosedError {
  return new DatabaseClosedError('The app has closed the connection that this database is attached to. Keep it open until close() has ended.')
}

/**
 * What SQLite threw, as one of ours with its error as `cause`; anything else as it is.
 *
 * @param path  The database file: for the message.
 */
export function toStorageError(error: unknown, path: string): unknown {
  const sqlite = sqliteCode(error)
  if (sqlite === undefined) return fromConnection(error, path)
  const known = CODES.find(([prefix]) => isOfKind(sqlite, prefix))
  if (known === undefined) return error
  return new StorageError(known[1], `The database ${path} ${known[2]} (SQLite: ${messageOf(error)})`, { cause: error })
}

/** An error of an app's connection, which may be closed or in the middle of a statement of the app. */
function fromConnection(error: unknown, path: string): unknown {
  if (isTypeError(error, NOT_OPEN)) return closedByApp()
  if (!isTypeError(error, IN_USE)) return error
  const message = `The app's connection to ${path} is in the middle of a statement of the app. End that iteration first, or write after it.`
  return new StorageError('STORAGE_BUSY', message, { cause: error })
}

function isTypeError(error: unknown, message: string): boolean {
  return error instanceof TypeError && error.message === message
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function isOfKind(sqlite: string | undefined, prefix: string): boolean {
  return sqlite === prefix || sqlite?.startsWith(`${prefix}_`) === true
}

/** By its shape, not its class: the app's copy of better-sqlite3 need not be ours. */
function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return error.code.startsWith('SQLITE_') ? error.code : undefined
}
