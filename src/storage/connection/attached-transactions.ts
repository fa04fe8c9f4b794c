import { openTransaction } from './sqlite-errors.js'
import type { SqliteDatabase } from './sqlite-library.js'
import { Statement } from './statement.js'
import { completed, type Transactions, type Work } from './transaction.js'

/**
 * On the app's connection. Each runs in one turn of the event loop: what the app wrote between two parts of one of ours
 * would be rolled back with it.
 */
export class AttachedTransactions implements Transactions {
  readonly #begin
  readonly #commit
  readonly #rollback
  readonly #savepoint
  readonly #release
  readonly #rollbackTo
  readonly #busyTimeout
  readonly #noTimeout
  readonly #totalChanges

  constructor(
    private readonly database: SqliteDatabase,
    private readonly path: string,
  ) {
    this.#begin = new Statement(database, 'BEGIN IMMEDIATE')
    this.#commit = new Statement(database, 'COMMIT')
    this.#rollback = new Statement(database, 'ROLLBACK')
    this.#savepoint = new Statement(database, 'SAVEPOINT chronode')
    this.#release = new Statement(database, 'RELEASE chronode')
    this.#rollbackTo = new Statement(database, 'ROLLBACK TO chronode')
    this.#busyTimeout = new Statement<[], number>(database, 'PRAGMA busy_timeout')
    this.#noTimeout = new Statement<[], number>(database, 'PRAGMA busy_timeout = 0')
    this.#totalChanges = new Statement<[], number>(database, 'SELECT total_changes()')
  }

  /** Rows that anybody has changed through this connection. A rollback does not take them back. */
  get version(): number {
    return this.#totalChanges.get()!
  }

  get isOfApp(): boolean {
    return this.database.inTransaction
  }

  run<T>(work: () => T | Work<T>): T {
    if (this.database.inTransaction) throw openTransaction(this.path)
    return this.#withoutWaiting(() => this.#whole(work))
  }

  /** Where another process is writing, it waits as long as the app's own writes do. */
  runNow<T>(work: () => T | Work<T>): T {
    return this.database.inTransaction ? this.#part(work) : this.#whole(work)
  }

  #whole<T>(work: () => T | Work<T>): T {
    this.#begin.run()
    let isCommitted = false
    try {
      const result = completed(work())
      this.#commit.run()
      isCommitted = true
      return result
    } finally {
      if (!isCommitted && this.database.inTransaction) this.#rollback.run()
    }
  }

  /** A part of the app's transaction: an error undoes only this. */
  #part<T>(work: () => T | Work<T>): T {
    this.#savepoint.run()
    let isDone = false
    try {
      const result = completed(work())
      isDone = true
      return result
    } finally {
      if (this.database.inTransaction) {
        if (!isDone) this.#rollbackTo.run()
        this.#release.run()
      }
    }
  }

  /** SQLite waits for locks by blocking, as long as the app has said; we wait by trying again. What the app has said stays. */
  #withoutWaiting<T>(work: () => T): T {
    const timeoutMs = this.#busyTimeout.get()!
    if (timeoutMs === 0) return work()
    this.#noTimeout.get()
    try {
      return work()
    } finally {
      new Statement<[], number>(this.database, `PRAGMA busy_timeout = ${timeoutMs}`).get()
    }
  }
}
