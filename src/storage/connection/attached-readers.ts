import { Reader } from '../reader.js'
import type { MemoryAccount } from '../search/memory-account.js'
import type { Connection } from './connection.js'
import { PooledReaders, type Readers, SharedReader } from './readers.js'
import { Statement } from './statement.js'
import type { Turnstile } from './turnstile.js'

/**
 * Readers beside an app's connection, where that is possible and sees what the app sees; else that connection itself.
 *
 * Inside the app's open transaction its uncommitted rows are read. Nobody waits there for our writes: they wait for the end of that transaction.
 */
export class AttachedReaders implements Readers {
  readonly #beside: PooledReaders | undefined
  readonly #shared: SharedReader
  readonly #inTransaction: Reader
  readonly #journalMode
  readonly #lockingMode

  constructor(
    private readonly connection: Connection,
    turnstile: Turnstile,
    busyTimeoutMs: number,
    memory: MemoryAccount,
  ) {
    const { database, openReader } = connection
    this.#beside = openReader && new PooledReaders(openReader, busyTimeoutMs, memory)
    this.#shared = new SharedReader(connection, turnstile, memory)
    this.#inTransaction = new Reader(database, 'attached', memory)
    this.#journalMode = new Statement<[], string>(database, 'PRAGMA journal_mode')
    this.#lockingMode = new Statement<[], string>(database, 'PRAGMA locking_mode')
  }

  take(): Reader | Promise<Reader> {
    if (this.connection.database.inTransaction) return this.#inTransaction
    return this.#beside !== undefined && this.#canReadBeside() ? this.#beside.take() : this.#shared.take()
  }

  takeNow(): Reader {
    return (this.#beside ?? this.#shared).takeNow()
  }

  give(reader: Reader): void {
    if (reader === this.#inTransaction) return
    if (reader.database === this.connection.database) this.#shared.give()
    else this.#beside?.give(reader)
  }

  close(): void {
    this.#beside?.close()
  }

  /** In other modes a reader would keep the app from writing. The app may change them at any time. */
  #canReadBeside(): boolean {
    return this.#journalMode.get() === 'wal' && this.#lockingMode.get() === 'normal'
  }
}
