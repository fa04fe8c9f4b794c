import Database from 'better-sqlite3'
import { type Database as Chronode, type Collection, type ConfigInput, openDatabase, type PredictRow } from 'chronode'
import { migrate } from './schema.ts'

/** How many numbers an embedding of this shop has. */
const DIMENSION = 4

export interface Product {
  readonly id: string
  readonly name: string
  readonly stock: number
  readonly embedding: readonly number[]
}

/** A shop with a database of its own, into which Chronode was invited: one file, one connection, one transaction for both. */
export class Shop {
  readonly #connection: Database.Database
  readonly #chronode: Chronode
  readonly #embeddings: Collection

  private constructor(connection: Database.Database, chronode: Chronode, embeddings: Collection) {
    this.#connection = connection
    this.#chronode = chronode
    this.#embeddings = embeddings
  }

  static async open(path: string, analytics: ConfigInput['analytics'] = {}): Promise<Shop> {
    const connection = new Database(path)
    connection.pragma('journal_mode = WAL')
    await migrate(connection)
    const chronode = await openDatabase({ analytics }, { connection })
    return new Shop(connection, chronode, await chronode.createCollection('products', { dimension: DIMENSION }))
  }

  /** Writes a product and its embedding together. Whatever is wrong with either, nothing of both is written. */
  put({ id, name, stock, embedding }: Product, at: number): void {
    this.#connection.transaction(() => {
      const upsert =
        'INSERT INTO product (id, name, stock) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, stock = excluded.stock'
      this.#connection.prepare(upsert).run(id, name, stock)
      this.#embeddings.insertSync([{ entity: id, timestamp: at, vector: embedding }])
    })()
  }

  names(): string[] {
    return this.#connection.prepare<[], string>('SELECT name FROM product ORDER BY id').pluck().all()
  }

  async predict(id: string, at: string): Promise<PredictRow> {
    const [row] = await this.#embeddings.predict({ entity: id, at })
    if (row === undefined) throw new Error('a prediction of one product at one moment has one row')
    return row
  }

  /** Chronode leaves the connection open: it is the shop's. */
  async close(): Promise<void> {
    await this.#chronode.close()
    this.#connection.close()
  }
}
