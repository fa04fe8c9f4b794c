import { ArgumentError, StorageError } from '../../errors.js'
import type { Connection } from '../connection/connection.js'
import type { Readers } from '../connection/readers.js'
import { isBusy } from '../connection/sqlite-errors.js'
import { assertCommitted } from '../connection/uncommitted.js'
import type { Reader } from '../reader.js'
import type { ImmediateView } from '../store.js'
import { ImmediateSearch, type ImmediateSearchOptions } from './immediate-search.js'
import { ReaderView } from './immediate-view.js'

/** Reading for functions that SQLite calls in the middle of a statement of the app: in one turn, and never on the connection of that statement. */
export class ImmediateReads {
  readonly searches: ImmediateSearch

  constructor(
    private readonly connection: Connection,
    private readonly readers: Readers,
    options: ImmediateSearchOptions,
  ) {
    this.searches = new ImmediateSearch(options)
  }

  read<T>(caller: object, work: (view: ImmediateView) => T): T {
    const { database } = this.connection
    this.#assertPossible(caller)
    const reader = this.readers.takeNow()
    try {
      this.#begin(reader)
      const isOwn = caller === database
      return work(new ReaderView(reader, this.searches, (collection) => isOwn && assertCommitted(database, collection)))
    } finally {
      reader.end()
      this.readers.give(reader)
    }
  }

  /** It may be the connection of the very statement that keeps others out: to try again would not help. */
  #begin(reader: Reader): void {
    try {
      reader.begin()
    } catch (error) {
      if (!isBusy(error)) throw error
      const { path } = this.connection
      const claim = `Functions inside SQL read on a further connection, and ${path} is locked: by another process, or by the app's own (locking_mode = EXCLUSIVE, or a large write outside of WAL mode).`
      throw new StorageError('STORAGE_BUSY', `${claim} Keep it in WAL mode with locking_mode = NORMAL, or ask with db.query().`, { cause: error })
    }
  }

  /** @throws {ArgumentError} */
  #assertPossible(caller: object): void {
    if (caller !== this.connection.database || this.connection.openReader !== undefined) return
    const reason = 'While a statement runs on a connection, nothing else can be read on it, and a database in memory has no other. '
    throw new ArgumentError('connection', 'one to a database file', `one to ${this.connection.path}`, `${reason}Use a file, or ask with db.query().`)
  }
}
