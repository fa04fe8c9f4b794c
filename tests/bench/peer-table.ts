import BetterSqlite3 from 'better-sqlite3'
import type { Batch } from './observations.ts'

/** With a bare `?` SQLite 3.54.1 prepares a read with ORDER BY and LIMIT anew each time, which costs three times the read: docs/benchmarks.md. */
const NUMBER = '(? + 0)'

/**
 * What a good engineer would write on better-sqlite3 without us: a rowid table of one row an observation, a unique index on
 * (entity, timestamp), entities numbered and remembered, statements prepared, one transaction a batch.
 *
 * It does less than we do: nothing is checked on the way in, nothing has a checksum, nothing is replaced.
 */
export class PeerTable {
  readonly #dimension: number
  readonly #database
  readonly #insertEntity
  readonly #insert
  readonly #keys = new Map<string, number>()
  readonly #write
  readonly #trajectory
  readonly #newest
  readonly #newestBefore
  readonly #newestBeforePlain

  constructor(path: string, dimension: number) {
    this.#dimension = dimension
    this.#database = new BetterSqlite3(path)
    this.#database.pragma('page_size = 16384')
    this.#database.pragma('journal_mode = WAL')
    this.#database.pragma('synchronous = NORMAL')
    this.#database.exec(`
      CREATE TABLE IF NOT EXISTS entity (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
      CREATE TABLE IF NOT EXISTS observation (key INTEGER PRIMARY KEY, entity INTEGER NOT NULL, timestamp REAL NOT NULL, vector BLOB NOT NULL);
      CREATE UNIQUE INDEX IF NOT EXISTS by_time ON observation (entity, timestamp);`)
    for (const [id, key] of this.#database.prepare<[], [string, number]>('SELECT id, key FROM entity').raw().all()) this.#keys.set(id, key)
    this.#insertEntity = this.#database.prepare('INSERT INTO entity (id) VALUES (?)')
    this.#insert = this.#database.prepare('INSERT INTO observation (entity, timestamp, vector) VALUES (?, ?, ?)')
    this.#write = this.#database.transaction((batch: Batch) => {
      for (const { entity, timestamp, vector } of batch) this.#insert.run(this.#key(entity), timestamp, vector)
    })
    const read = `SELECT timestamp, vector FROM observation WHERE entity = ${NUMBER}`
    this.#trajectory = this.#rows(`${read} ORDER BY timestamp`)
    this.#newest = this.#rows(`${read} ORDER BY timestamp DESC LIMIT 50`)
    this.#newestBefore = this.#rows(`${read} AND timestamp <= ${NUMBER} ORDER BY timestamp DESC LIMIT 1`)
    this.#newestBeforePlain = this.#rows(
      'SELECT timestamp, vector FROM observation WHERE entity = ? AND timestamp <= ? ORDER BY timestamp DESC LIMIT 1',
    )
  }

  insert(batch: Batch): void {
    this.#write(batch)
  }

  /** Timestamps [T] and vectors [T, D]. */
  trajectory(entity: string): { timestamps: Float64Array; vectors: Float32Array } {
    const rows = this.#trajectory.all(this.#key(entity))
    const timestamps = new Float64Array(rows.length)
    const vectors = new Float32Array(rows.length * this.#dimension)
    const bytes = new Uint8Array(vectors.buffer)
    for (let i = 0; i < rows.length; i++) {
      const [timestamp, vector] = rows[i]!
      timestamps[i] = timestamp
      bytes.set(vector, i * this.#dimension * 4)
    }
    return { timestamps, vectors }
  }

  newest(entity: string): Row[] {
    return this.#newest.all(this.#key(entity))
  }

  newestBefore(entity: string, at: number): Row | undefined {
    return this.#newestBefore.get(this.#key(entity), at)
  }

  /** With bare parameters, as one would write it first. */
  newestBeforePlain(entity: string, at: number): Row | undefined {
    return this.#newestBeforePlain.get(this.#key(entity), at)
  }

  close(): void {
    this.#database.close()
  }

  #key(entity: string): number {
    const known = this.#keys.get(entity)
    if (known !== undefined) return known
    const key = Number(this.#insertEntity.run(entity).lastInsertRowid)
    this.#keys.set(entity, key)
    return key
  }

  #rows(text: string): BetterSqlite3.Statement<unknown[], Row> {
    return this.#database.prepare<unknown[], Row>(text).raw()
  }
}

type Row = [timestamp: number, vector: Buffer]
