import type { SqliteDatabase } from '../connection/sqlite-library.js'
import { NUMBER, Statement } from '../connection/statement.js'
import type { Work } from '../connection/transaction.js'

/** Keys that one statement looks at: about a millisecond. */
const KEYS_A_STEP = 10_000

/** What has changed in a collection since a generation of it, on one connection. */
export class Changes {
  readonly #removed
  readonly #changed
  readonly #lastKey

  constructor(database: SqliteDatabase) {
    this.#removed = new Statement<[number, number], number>(
      database,
      'SELECT entity FROM chronode_removed_entity WHERE collection = ? AND generation > ?',
    )
    // By the table itself, in its order: there is no index of generations, and that of ids would be a detour.
    this.#changed = new Statement<[number, number, number, number], number>(
      database,
      `SELECT key FROM chronode_entity WHERE key > ${NUMBER} AND key <= ${NUMBER} AND +collection = ? AND generation > ?`,
    )
    this.#lastKey = new Statement<[], number | null>(database, 'SELECT max(key) FROM chronode_entity')
  }

  /** Keys of entities that are gone. */
  removedSince(collection: number, generation: number): readonly number[] {
    return this.#removed.all(collection, generation)
  }

  /** Keys of entities whose own rows were written. Pauses in between. */
  *entitiesSince(collection: number, generation: number): Work<readonly number[]> {
    const changed: number[] = []
    const last = this.#lastKey.get() ?? 0
    for (let after = 0; after < last; after += KEYS_A_STEP) {
      changed.push(...this.#changed.all(after, after + KEYS_A_STEP, collection, generation))
      yield
    }
    return changed
  }
}
