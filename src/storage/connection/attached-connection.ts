import { ArgumentError, described } from '../../errors.js'
import type { AttachedConnection } from './app-connection.js'
import { type Connection, openedInPlace, walBytesOf } from './connection.js'
import { DatabaseFiles } from './database-files.js'
import { closedByApp } from './sqlite-errors.js'
import { libraryOf, type SqliteConstructor, type SqliteDatabase } from './sqlite-library.js'
import { Statement, withStorageErrors } from './statement.js'

const MEMBERS: Readonly<Record<keyof AttachedConnection, string>> = {
  name: 'string',
  open: 'boolean',
  inTransaction: 'boolean',
  memory: 'boolean',
  readonly: 'boolean',
  prepare: 'function',
  transaction: 'function',
  pragma: 'function',
  exec: 'function',
  backup: 'function',
}

/**
 * Uses the app's connection as it is: none of its settings is changed, and closing us leaves it open.
 *
 * @param readonly  Write nothing, although the connection could.
 * @throws {ArgumentError} it is no connection of better-sqlite3, or its text is not UTF-8.
 */
export function attachConnection(candidate: AttachedConnection, { readonly }: { readonly: boolean }): Connection {
  const database = checkedDatabase(candidate)
  if (!database.open) throw closedByApp()
  assertUtf8(database)
  const file = new Statement<[], string>(database, "SELECT file FROM pragma_database_list WHERE name = 'main'").get() ?? '' // absolute, links resolved
  const Sqlite = database.constructor as SqliteConstructor // further connections must not bring in a second SQLite
  const canReopen = !database.memory && file !== ''
  const files = canReopen ? new DatabaseFiles(file) : undefined
  const open = () => withStorageErrors(file, () => new Sqlite(file, { timeout: 0, readonly: true, fileMustExist: true }))
  return {
    path: canReopen ? file : database.name || 'a temporary file',
    database,
    readonly: readonly || database.readonly,
    isAttached: true,
    library: libraryOf(Sqlite),
    openReader: files === undefined ? undefined : () => openedInPlace(open, files),
    files,
    walBytes: () => (canReopen ? walBytesOf(file) : 0),
    close: () => undefined,
  }
}

function checkedDatabase(candidate: unknown): SqliteDatabase {
  const expected = 'an open Database of better-sqlite3'
  if (typeof candidate !== 'object' || candidate === null) throw new ArgumentError('connection', expected, described(candidate))
  if (isNodeSqlite(candidate)) {
    const reason =
      "Node's own SQLite and better-sqlite3 are two copies of the library, and two copies on one file destroy each other's locks. " +
      'Open the database with better-sqlite3 (new Database(path)), here and everywhere else in this process.'
    throw new ArgumentError('connection', expected, 'a DatabaseSync of node:sqlite', reason)
  }
  const members = candidate as Readonly<Record<string, unknown>>
  const wrong = Object.entries(MEMBERS).find(([name, type]) => typeof members[name] !== type)
  if (wrong === undefined) return candidate as SqliteDatabase
  throw new ArgumentError('connection', expected, `an object without the ${wrong[1]} ${wrong[0]}`, 'Chronode works with better-sqlite3 13 or later.')
}

function isNodeSqlite(candidate: object): boolean {
  const mark: unknown = Reflect.get(candidate, Symbol.for('sqlite-type'))
  return mark === 'node:sqlite' || candidate.constructor?.name === 'DatabaseSync'
}

/** Ids are ordered by their bytes, which in UTF-16 are others. */
function assertUtf8(database: SqliteDatabase): void {
  const encoding = new Statement<[], string>(database, 'PRAGMA encoding').get()
  if (encoding === 'UTF-8') return
  const advice = 'Give Chronode a file of its own instead: storage.path.'
  throw new ArgumentError('connection', 'a database with the encoding UTF-8', `one with ${encoding}`, advice)
}
