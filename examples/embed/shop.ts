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

export interface Customer {
  readonly id: string
  readonly name: string
  /** What this customer likes, in the space of the products. */
  readonly embedding: readonly number[]
}

export interface Suggestion {
  readonly id: string
  readonly name: string
  readonly stock: number
  readonly distance: number
}

/**
 * Where every product in stock will be at a moment, and how near that is to where the customer will be: one statement over the shop's tables and
 * Chronode's functions. SQLite cannot wait for a model, so the method is named.
 */
const SUGGEST = `
  SELECT p.id, p.name, p.stock, chronode_distance('cosine', future.vector, taste.vector) AS distance
  FROM chronode_predict('customers', :customer, :at, 'linear') AS taste
  CROSS JOIN product AS p
  JOIN chronode_predict('products', p.id, :at, 'linear') AS future
  WHERE p.stock > 0 AND taste.status = 'ok' AND future.status = 'ok'
  ORDER BY distance, p.id
  LIMIT :count`

/** A shop with a database of its own, into which Chronode was invited: one file, one connection, one transaction for both. */
export class Shop {
  readonly #connection: Database.Database
  readonly #chronode: Chronode
  readonly #products: Collection
  readonly #customers: Collection

  private constructor(connection: Database.Database, chronode: Chronode, products: Collection, customers: Collection) {
    this.#connection = connection
    this.#chronode = chronode
    this.#products = products
    this.#customers = customers
  }

  static async open(path: string, analytics: ConfigInput['analytics'] = {}): Promise<Shop> {
    const connection = new Database(path)
    connection.pragma('journal_mode = WAL')
    await migrate(connection)
    const chronode = await openDatabase({ analytics }, { connection })
    const products = await chronode.createCollection('products', { dimension: DIMENSION })
    const customers = await chronode.createCollection('customers', { dimension: DIMENSION })
    chronode.registerSqlFunctions() // from here on the shop's own SQL may ask Chronode
    return new Shop(connection, chronode, products, customers)
  }

  /** Writes a product and its embedding together. Whatever is wrong with either, nothing of both is written. */
  put({ id, name, stock, embedding }: Product, at: number): void {
    this.#connection.transaction(() => {
      const upsert =
        'INSERT INTO product (id, name, stock) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, stock = excluded.stock'
      this.#connection.prepare(upsert).run(id, name, stock)
      this.#products.insertSync([{ entity: id, timestamp: at, vector: embedding }])
    })()
  }

  /** The same for a customer. */
  putCustomer({ id, name, embedding }: Customer, at: number): void {
    this.#connection.transaction(() => {
      this.#connection.prepare('INSERT INTO customer (id, name) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name').run(id, name)
      this.#customers.insertSync([{ entity: id, timestamp: at, vector: embedding }])
    })()
  }

  /** Products in stock whose embedding will be nearest to that of the customer. */
  suggest(customer: string, at: number | string, count = 3): Suggestion[] {
    return this.#connection.prepare<object, Suggestion>(SUGGEST).all({ customer, at, count })
  }

  names(): string[] {
    return this.#connection.prepare<[], string>('SELECT name FROM product ORDER BY id').pluck().all()
  }

  async predict(id: string, at: string): Promise<PredictRow> {
    const [row] = await this.#products.predict({ entity: id, at })
    if (row === undefined) throw new Error('a prediction of one product at one moment has one row')
    return row
  }

  /** Chronode leaves the connection open: it is the shop's. */
  async close(): Promise<void> {
    await this.#chronode.close()
    this.#connection.close()
  }
}
