import { readConfig } from '../../index.js'
import { visible } from '../cell.js'
import { chooseDatabase, type DatabaseOptions } from '../choose-database.js'
import { UsageError } from '../terminal.js'
import { identityOf } from './file-identity.js'

/**
 * Whatever is read or written beside the database must be another file: closing a file drops the locks that SQLite has on it in this process.
 *
 * @param files  `-` is no file.
 * @throws {UsageError} one of them is the database, or belongs to it.
 */
export function assertNotTheDatabase(chosen: DatabaseOptions, ...files: readonly (string | undefined)[]): void {
  const { path } = readConfig(chooseDatabase(chosen)).storage
  if (path === undefined || path === ':memory:') return
  const own = ['', '-wal', '-shm', '-journal'].map((suffix) => identityOf(`${path}${suffix}`))
  for (const file of files) {
    if (file === undefined || file === '-' || !own.includes(identityOf(file))) continue
    throw new UsageError(`${visible(file)} is the database, or a file that belongs to it. Name another file.`)
  }
}
