import { StorageError } from '../../errors.js'
import type { SqliteDatabase } from './sqlite-library.js'

interface Written {
  readonly key: number
  readonly generation: number
}

/** What `insertSync` has written inside transactions of apps, by the app's connection: the generation of each collection by its key. */
const generations = new WeakMap<SqliteDatabase, Map<number, number>>()

/**
 * Inside the app's transaction: other connections do not see this generation until it ends. SQLite does not tell us when that is, so it is looked
 * after when the turn is over: then most transactions are.
 */
export function noteUncommitted(database: SqliteDatabase, { key, generation }: Written): void {
  const noted = generations.get(database)
  if (noted !== undefined) {
    noted.set(key, generation)
    return
  }
  generations.set(database, new Map([[key, generation]]))
  queueMicrotask(() => forgetIfEnded(database))
}

function forgetIfEnded(database: SqliteDatabase): void {
  if (!database.inTransaction) generations.delete(database)
}

/**
 * While that transaction is open nobody else can write, so a generation as high as the noted one says that it was committed, and this is another one.
 *
 * @param seen  The collection as another connection sees it.
 * @throws {StorageError} `STORAGE_BUSY`: what the app has written is not there yet.
 */
export function assertCommitted(database: SqliteDatabase, { name, key, generation }: Written & { readonly name: string }): void {
  forgetIfEnded(database)
  const written = generations.get(database)?.get(key)
  if (written !== undefined && generation < written) throw uncommitted(name)
}

function uncommitted(collection: string): StorageError {
  const claim = `The app's open transaction has written to collection "${collection}", and functions inside SQL read on another connection, which does not see that.`
  const advice = 'Ask them after COMMIT or ROLLBACK; inside the transaction, await db.query() answers with its rows.'
  return new StorageError('STORAGE_BUSY', `${claim} ${advice}`)
}
