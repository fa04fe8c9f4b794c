import { Catalog, type StoredCollection } from './catalog.js'
import { ObservationReader } from './observation-reader.js'
import type { SqliteDatabase } from './sqlite-library.js'
import { Statement } from './statement.js'

/** One connection for reading, with its prepared statements and what it last read of the catalog. */
export class Reader {
  readonly catalog: Catalog
  readonly observations: ObservationReader
  readonly #begin
  readonly #commit
  readonly #version
  readonly #collections = new Map<string, StoredCollection>()
  #readAtVersion: number | undefined

  /** @param isShared  It is the connection that writes, too (`:memory:`): reading needs no transaction, and its own writes change what was read. */
  constructor(
    readonly database: SqliteDatabase,
    private readonly isShared: boolean,
  ) {
    this.catalog = new Catalog(database)
    this.observations = new ObservationReader(database)
    this.#begin = new Statement(database, 'BEGIN')
    this.#commit = new Statement(database, 'COMMIT')
    this.#version = new Statement<[], number>(database, isShared ? 'SELECT total_changes()' : 'PRAGMA data_version')
  }

  /** Fixes the view that all reads have until `end`. @throws SQLite's errors. */
  begin(): void {
    if (!this.isShared) this.#begin.run()
    try {
      const version = this.#version.get() // the first read is what takes the view
      if (version !== this.#readAtVersion) this.#collections.clear()
      this.#readAtVersion = version
    } catch (error) {
      this.end()
      throw error
    }
  }

  /** A small read that is repeated by every statement: from memory while nothing was written. */
  collection(name: string): StoredCollection | undefined {
    const known = this.#collections.get(name)
    if (known !== undefined && (!this.isShared || this.#version.get() === this.#readAtVersion)) return known
    const read = this.catalog.collection(name)
    if (read !== undefined) this.#collections.set(name, read)
    return read
  }

  end(): void {
    if (!this.isShared && this.database.inTransaction) this.#commit.run()
  }
}
