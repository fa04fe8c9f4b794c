import { type Database, openDatabase, readConfig } from '../index.js'
import { chooseDatabase, type DatabaseOptions } from './choose-database.js'
import { type Terminal, UsageError } from './terminal.js'
import { Warnings } from './warnings.js'

/**
 * Opens what is stored and nothing else: no model is loaded.
 *
 * @throws {UsageError} no database was named, or one in memory. @throws {DatabaseError} what openDatabase throws.
 */
export async function openStorage(chosen: DatabaseOptions, { readonly }: { readonly: boolean }, terminal: Terminal): Promise<Database> {
  const { path, memoryLimitBytes, durability, busyTimeoutMs, migrate, ...configured } = readConfig(chooseDatabase(chosen)).storage
  if (path === ':memory:') throw new UsageError('A database in memory ends with this command, and begins with nothing in it. Name the file of one.')
  const storage = { path, memory_limit: memoryLimitBytes, durability, busy_timeout_ms: busyTimeoutMs, migrate, readonly: configured.readonly }
  return openDatabase({ storage }, { readonly, logger: new Warnings(terminal) })
}
