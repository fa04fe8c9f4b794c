import { ArgumentError, described } from '../errors.js'

/** An app's connection, in whose SQL our functions are wanted: the `Database` of any better-sqlite3 from version 13 on, told by its shape. */
export interface SqlConnection {
  readonly open: boolean
  table(name: string, definition: object): unknown
  function(name: string, options: object, work: (...values: unknown[]) => unknown): unknown
}

/** @throws {ArgumentError} it is none, or it is closed. */
export function checkedConnection(candidate: unknown): SqlConnection {
  const expected = 'an open Database of better-sqlite3'
  if (typeof candidate !== 'object' || candidate === null) {
    const advice = 'Give the connection in whose SQL the functions are wanted. A database that was attached has one already.'
    throw new ArgumentError('connection', expected, described(candidate), advice)
  }
  const { table, function: define, open } = candidate as Partial<SqlConnection>
  if (typeof table !== 'function' || typeof define !== 'function' || typeof open !== 'boolean') {
    throw new ArgumentError('connection', expected, 'an object without table() or function()', 'Chronode works with better-sqlite3 13 or later.')
  }
  if (!open) throw new ArgumentError('connection', expected, 'a closed one', 'Open it again, and call this with the new one.')
  return candidate as SqlConnection
}
