import type { SqliteDatabase } from './sqlite-library.js'
import { Statement } from './statement.js'

/** Work that may pause between its parts; what it returns is its result. */
export type Work<T> = Generator<void, T>

/** The statements around a transaction of our own, prepared once. */
export class Transactions {
  readonly #begin
  readonly #commit
  readonly #rollback
  #ended = 0

  constructor(private readonly database: SqliteDatabase) {
    this.#begin = new Statement(database, 'BEGIN IMMEDIATE')
    this.#commit = new Statement(database, 'COMMIT')
    this.#rollback = new Statement(database, 'ROLLBACK')
  }

  /** How many have ended, whichever way. */
  get ended(): number {
    return this.#ended
  }

  /** Runs the work in one transaction, with its pauses if it has some. Whatever ends it early undoes all of it. */
  *run<T>(work: () => T | Work<T>): Work<T> {
    this.#begin.run()
    let isCommitted = false
    try {
      const begun = work()
      const result = isWork(begun) ? yield* begun : begun
      this.#commit.run()
      isCommitted = true
      return result
    } finally {
      this.#ended++
      if (!isCommitted && this.database.inTransaction) this.#rollback.run() // a full disk has already rolled back
    }
  }
}

function isWork<T>(begun: T | Work<T>): begun is Work<T> {
  return typeof begun === 'object' && begun !== null && Symbol.iterator in begun && 'next' in begun
}
