import { expect, test } from 'vitest'
import { StorageError } from '../../src/errors.js'
import { isBusy, toStorageError } from '../../src/storage/connection/sqlite-errors.js'

function sqliteError(code: string): Error {
  return Object.assign(new Error('what SQLite says'), { code })
}

test.each([
  ['SQLITE_BUSY', 'STORAGE_BUSY'],
  ['SQLITE_BUSY_SNAPSHOT', 'STORAGE_BUSY'],
  ['SQLITE_LOCKED', 'STORAGE_BUSY'],
  ['SQLITE_FULL', 'STORAGE_FULL'],
  ['SQLITE_READONLY', 'STORAGE_READ_ONLY'],
  ['SQLITE_READONLY_CANTINIT', 'STORAGE_READ_ONLY'],
  ['SQLITE_READONLY_DBMOVED', 'STORAGE_UNREACHABLE'],
  ['SQLITE_PROTOCOL', 'STORAGE_BUSY'],
  ['SQLITE_NOTADB', 'STORAGE_NOT_A_DATABASE'],
  ['SQLITE_CORRUPT_INDEX', 'STORAGE_CORRUPT'],
  ['SQLITE_TOOBIG', 'STORAGE_CORRUPT'],
  ['SQLITE_ERROR', 'STORAGE_CORRUPT'],
  ['SQLITE_CONSTRAINT_UNIQUE', 'STORAGE_CORRUPT'],
  ['SQLITE_CANTOPEN', 'STORAGE_UNREACHABLE'],
  ['SQLITE_IOERR_READ', 'STORAGE_UNREACHABLE'],
])('%s becomes %s, with its file, its words and itself as the cause', (sqlite, code) => {
  const cause = sqliteError(sqlite)
  const error = toStorageError(cause, '/data/words.db')
  expect(error).toBeInstanceOf(StorageError)
  expect(error).toMatchObject({ code, cause, message: expect.stringMatching(/^The database \/data\/words\.db .*\. \(SQLite: what SQLite says\)$/) })
})

test.each([
  ['a bug', new TypeError('x is not a function')],
  ['an error of the file system', Object.assign(new Error('no'), { code: 'ENOENT' })],
  ['what nobody foresaw', sqliteError('SQLITE_NOMEM')],
  ['no error at all', 'text'],
])('%s stays what it is', (_, thrown) => {
  expect(toStorageError(thrown, '/data/words.db')).toBe(thrown)
})

test('only a lock of somebody else is worth another try', () => {
  expect(isBusy(toStorageError(sqliteError('SQLITE_BUSY_RECOVERY'), 'x'))).toBe(true)
  expect(isBusy(toStorageError(sqliteError('SQLITE_LOCKED'), 'x'))).toBe(false)
  expect(isBusy(toStorageError(sqliteError('SQLITE_FULL'), 'x'))).toBe(false)
  expect(isBusy(new StorageError('STORAGE_BUSY', 'ours'))).toBe(false)
})
