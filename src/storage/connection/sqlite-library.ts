import { createRequire } from 'node:module'
import type Database from 'better-sqlite3'
import { StorageError } from '../../errors.js'

export type SqliteDatabase = Database.Database
export type SqliteConstructor = typeof Database

/** better-sqlite3 is built for this Node-API; under an older one the first `new Database` ends the process. */
const NODE_API_MIN = 10

/**
 * The app's own better-sqlite3: two copies of SQLite on one file would destroy each other's locks.
 *
 * @throws {StorageError} `STORAGE_UNREACHABLE`: it is not installed, or this Node is too old for it.
 */
export async function loadSqlite(nodeApi: string | undefined = process.versions['napi']): Promise<SqliteConstructor> {
  if (!(Number(nodeApi) >= NODE_API_MIN)) {
    throw new StorageError(
      'STORAGE_UNREACHABLE',
      `better-sqlite3 needs Node-API ${NODE_API_MIN}; this Node ${process.versions.node} has ${nodeApi ?? 'none'}. Use Node 22.14 or later.`,
    )
  }
  try {
    return (await import('better-sqlite3')).default
  } catch (cause) {
    if (!isModuleNotFound(cause)) throw cause
    const message = 'The package better-sqlite3 is not installed. Chronode uses the copy of your app: npm install better-sqlite3'
    throw new StorageError('STORAGE_UNREACHABLE', message, { cause })
  }
}

/** The file that a copy of better-sqlite3 was loaded from; undefined where it cannot be told (a bundle). */
export function libraryOf(Sqlite: SqliteConstructor): string | undefined {
  const loaded = Object.values(createRequire(process.execPath).cache) // the same for every file; a bundle may not know its own
  return loaded.find((module) => module?.exports === Sqlite)?.filename
}

function isModuleNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND')
}
