import { StorageError } from '../errors.js'
import type { SqliteDatabase } from './sqlite-library.js'

interface Written {
  readonly key: number
  readonly generation: number
}

/** What `insertSync` has written inside transactions of apps, by the app's connection: the generation of each collection by its key. */
const generations = new WeakMap<SqliteDatabase, Map<number, number>>()

/** Inside the app's transaction: other connections do not see this generation until it ends. */
export function noteUncommitted(database: SqliteDatabase, { key, generation }: Written): void {
  const noted = generations.get(database) ?? new Map<number, number>()
  generations.set(database, noted.set(key, generation))
}

/**
 * While that transaction is open nobody else can write, so a generation as high as the noted one says that it was committed. A lower one is what
 * was before it; outside of a transaction, what was rolled back.
 *
 * @param seen  The collection as another connection sees it.
 * @throws {StorageError} `STORAGE_BUSY`: what the app has written is not there yet.
 */
export function assertCommitted(database: SqliteDatabase, { name, key, generation }: Written & { readonly name: string }): void {
  const noted = generations.get(database)
  const written = noted?.get(key)
  if (written === undefined) return
  if (generation < written && database.inTransaction) throw uncommitted(name)
  noted?.delete(key)
}

function uncommitted(collection: string): StorageError {
  const claim = `The app's open transaction has written to collection "${collection}", and functions inside SQL read on another connection, which does not see that.`
  const advice = 'Ask them after COMMIT or ROLLBACK; inside the transaction, await db.query() answers with its rows.'
  return new StorageError('STORAGE_BUSY', `${claim} ${advice}`)
}
