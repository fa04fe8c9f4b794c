import { StorageError } from '../../errors.js'
import { Reader } from '../reader.js'
import type { MemoryAccount } from '../search/memory-account.js'
import type { Connection } from './connection.js'
import type { Turnstile } from './turnstile.js'

/** Lends readers, one a snapshot. */
export interface Readers {
  /** At once where nothing is in the way. */
  take(): Reader | Promise<Reader>
  /** For one turn, what others than the app's open transaction see. @throws {StorageError} `STORAGE_BUSY`: something is in the way. */
  takeNow(): Reader
  give(reader: Reader): void
  close(): void
}

/** Connections that read at the same time. More statements than these wait for one another. */
const READERS_MAX = 128
/** Connections that stay open for the next statement. */
const IDLE_MAX = 4

/** A connection for each snapshot: reading never waits for a write, nor a write for reading (WAL mode). */
export class PooledReaders implements Readers {
  readonly #idle: Reader[] = []
  readonly #waiting: PromiseWithResolvers<Reader>[] = []
  #lent = 0
  #isClosed = false

  constructor(
    private readonly open: NonNullable<Connection['openReader']>,
    private readonly busyTimeoutMs: number,
    private readonly memory: MemoryAccount,
  ) {}

  /** @throws {StorageError} `STORAGE_BUSY`: none came back in time, as when iterators were left open. */
  take(): Reader | Promise<Reader> {
    if (this.#lent >= READERS_MAX) return this.#wait()
    const reader = this.#idle.pop() ?? this.#connect()
    this.#lent++
    return reader
  }

  takeNow(): Reader {
    const reader = this.take()
    if (!(reader instanceof Promise)) return reader
    reader.then(
      (late) => this.give(late),
      () => undefined,
    )
    throw new StorageError('STORAGE_BUSY', `${READERS_MAX} statements and iterators of this process are reading at once. End some, and try again.`)
  }

  async #wait(): Promise<Reader> {
    const waiter = Promise.withResolvers<Reader>()
    this.#waiting.push(waiter)
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
      const claim = `${READERS_MAX} statements and iterators of this process are reading at once, and none ended within ${this.busyTimeoutMs} ms.`
      waiter.reject(
        new StorageError('STORAGE_BUSY', `${claim} End iterators that are not read to their end: break out of the loop, or call return().`),
      )
    }, this.busyTimeoutMs)
    try {
      return await waiter.promise
    } finally {
      clearTimeout(timer)
    }
  }

  #connect(): Reader {
    const database = this.open()
    try {
      return new Reader(database, 'alone', this.memory)
    } catch (error) {
      database.close()
      throw error
    }
  }

  give(reader: Reader): void {
    const waiter = this.#waiting.shift()
    if (waiter === undefined) this.#putAway(reader)
    else waiter.resolve(reader)
  }

  #putAway(reader: Reader): void {
    this.#lent--
    if (this.#isClosed || this.#idle.length >= IDLE_MAX) reader.close()
    else this.#idle.push(reader)
  }

  /** Those that are lent are closed when they come back. */
  close(): void {
    this.#isClosed = true
    for (const reader of this.#idle.splice(0)) reader.close()
  }
}

/** The connection that writes, for all snapshots (`:memory:`, or an app's that cannot be read beside): our writes wait until they have ended. */
export class SharedReader implements Readers {
  readonly #reader: Reader

  constructor(
    private readonly connection: Connection,
    private readonly turnstile: Turnstile,
    memory: MemoryAccount,
  ) {
    this.#reader = new Reader(connection.database, connection.isAttached ? 'attached' : 'shared', memory)
  }

  take(): Reader | Promise<Reader> {
    if (this.turnstile.tryRead()) return this.#reader
    return this.turnstile.read().then(() => this.#reader)
  }

  takeNow(): Reader {
    const { database, path } = this.connection
    if (!database.inTransaction && this.turnstile.tryRead()) return this.#reader
    throw new StorageError('STORAGE_BUSY', `Something is being written to ${path}, which has one connection for all. Try again when that has ended.`)
  }

  give(): void {
    this.turnstile.leaveRead()
  }

  close(): void {}
}
