import type { Catalog, StoredCollection } from './catalog.js'
import type { SqliteDatabase } from './connection/sqlite-library.js'
import { Statement } from './connection/statement.js'
import type { Transactions } from './connection/transaction.js'

/** The collections as the writing connection sees them, read again only when somebody has written: every statement asks for them. */
export class CollectionMemory {
  readonly #dataVersion: Statement<[], number>
  readonly #byName = new Map<string, StoredCollection>()
  #all: readonly StoredCollection[] | undefined
  #versionOfOthers: number | undefined
  #versionOfOurs: number | undefined

  constructor(
    database: SqliteDatabase,
    private readonly catalog: Catalog,
    private readonly transactions: Transactions,
  ) {
    this.#dataVersion = new Statement(database, 'PRAGMA data_version')
  }

  get(name: string): StoredCollection | undefined {
    if (this.transactions.isOfApp) return this.catalog.collection(name)
    this.#forgetIfOlder()
    const known = this.#byName.get(name) ?? this.catalog.collection(name)
    if (known !== undefined) this.#byName.set(name, known)
    return known
  }

  /** By name (UTF-8 bytes). */
  all(): readonly StoredCollection[] {
    if (this.transactions.isOfApp) return this.catalog.collections()
    this.#forgetIfOlder()
    this.#all ??= this.catalog.collections()
    return this.#all
  }

  /** SQLite tells what other connections have written, our transactions what this one has. */
  #forgetIfOlder(): void {
    const others = this.#dataVersion.get()
    const ours = this.transactions.version
    if (others === this.#versionOfOthers && ours === this.#versionOfOurs) return
    this.#byName.clear()
    this.#all = undefined
    this.#versionOfOthers = others
    this.#versionOfOurs = ours
  }
}
