import { inThisTurn } from '../../slice.js'
import type { SqliteDatabase } from './sqlite-library.js'
import { Statement } from './statement.js'

/** Work that may pause between its parts; what it returns is its result. */
export type Work<T> = Generator<void, T>

/** How writes of ours become transactions on one connection. Whatever ends the work early undoes all of it. */
export interface Transactions {
  /** Differs whenever something may have been written through this connection. */
  readonly version: number
  /** What is read now may be rolled back by somebody else: nobody may remember it. */
  readonly isOfApp: boolean
  /** A transaction of its own, with the pauses of the work where there may be some. */
  run<T>(work: () => T | Work<T>): T | Work<T>
  /** The same in one turn, as a part of the transaction that the app has open, if there is one. */
  runNow<T>(work: () => T | Work<T>): T | Work<T>
}

/** On a connection of our own. The statements are prepared once. */
export class OwnTransactions implements Transactions {
  readonly isOfApp = false
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
  get version(): number {
    return this.#ended
  }

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

  runNow<T>(work: () => T | Work<T>): Work<T> {
    return this.run(work)
  }
}

export function isWork<T>(begun: T | Work<T>): begun is Work<T> {
  return typeof begun === 'object' && begun !== null && Symbol.iterator in begun && 'next' in begun
}

/** To its end, without a pause. */
export function completed<T>(begun: T | Work<T>): T {
  return isWork(begun) ? inThisTurn(begun) : begun
}

/** `last` once the work is done. */
export function followedBy<T>(begun: T | Work<T>, last: () => void): T | Work<T> {
  if (isWork(begun)) return untilLast(begun, last)
  last()
  return begun
}

function* untilLast<T>(work: Work<T>, last: () => void): Work<T> {
  const result = yield* work
  last()
  return result
}
