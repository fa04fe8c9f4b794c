import { StorageError } from '../../errors.js'
import { type Connection, WAL_BYTES_MAX } from './connection.js'
import { Statement } from './statement.js'

/** How often its length is looked at, in milliseconds. */
const LOOK_MS = 50

/**
 * Keeps the write-ahead log of our own file bounded while somebody is always reading.
 *
 * SQLite begins the log anew only when nobody reads from it at the moment of a commit; with several busy processes that moment
 * may never come, and the log grows. Once all of it is copied, new readers no longer use it, so that trying often is enough.
 */
export class WalLimit {
  readonly #checkpoint: Statement<[], number[]> | undefined
  #nextLookMs = 0

  constructor(private readonly connection: Connection) {
    const isOurs = !connection.isAttached && !connection.readonly && connection.openReader !== undefined
    this.#checkpoint = isOurs ? new Statement(connection.database, 'PRAGMA wal_checkpoint(TRUNCATE)') : undefined
  }

  /** After a commit. It waits for nobody: what is in the way is tried again later. */
  afterCommit(): void {
    if (this.#checkpoint === undefined || performance.now() < this.#nextLookMs) return
    this.#nextLookMs = performance.now() + LOOK_MS
    if (this.connection.walBytes() <= WAL_BYTES_MAX || this.connection.database.inTransaction) return
    try {
      this.#checkpoint.all()
    } catch (error) {
      if (!(error instanceof StorageError)) throw error // the write is kept, be the disk full or not; the log is cut another time
    }
  }
}
