import BetterSqlite3 from 'better-sqlite3'
import type { Batch } from '../observations.ts'
import type { Contender } from './contender.ts'
import { importPeer } from './install.ts'

interface SqliteVec {
  load(database: BetterSqlite3.Database): void
}

type Row = [vector: Buffer]

/** Vectors in a `vec0` table, which finds rows by rowid and neighbours only; entities and times in a rowid table beside it, with a unique index. */
export async function openSqliteVec(path: string, dimension: number): Promise<Contender> {
  const sqliteVec = await importPeer<SqliteVec>('sqlite-vec')
  const database = new BetterSqlite3(path)
  sqliteVec.load(database)
  database.pragma('page_size = 16384')
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = NORMAL')
  database.exec(`
    CREATE TABLE observation (key INTEGER PRIMARY KEY, entity TEXT NOT NULL, timestamp REAL NOT NULL);
    CREATE UNIQUE INDEX by_time ON observation (entity, timestamp);
    CREATE VIRTUAL TABLE embedding USING vec0(vector float[${dimension}]);`)
  const insertRow = database.prepare('INSERT INTO observation (entity, timestamp) VALUES (?, ?)')
  const insertVector = database.prepare('INSERT INTO embedding (rowid, vector) VALUES (?, ?)')
  const insert = database.transaction((batch: Batch) => {
    for (const { entity, timestamp, vector } of batch) insertVector.run(BigInt(insertRow.run(entity, timestamp).lastInsertRowid), vector)
  })
  const joined = 'SELECT embedding.vector FROM observation JOIN embedding ON embedding.rowid = observation.key WHERE entity = ?'
  const trajectory = database.prepare<[string], Row>(`${joined} ORDER BY timestamp`).raw()
  const newestBefore = database
    .prepare<[string, number], Row>(
      `SELECT vector FROM embedding WHERE rowid =
       (SELECT key FROM observation WHERE entity = (? || '') AND timestamp <= (? + 0) ORDER BY timestamp DESC LIMIT 1)`,
    )
    .raw()
  const nearest = database.prepare('SELECT rowid, distance FROM embedding WHERE vector MATCH ? AND k = ?')
  return {
    name: 'sqlite-vec',
    insert,
    finish() {},
    trajectory: (entity) => floats(trajectory.all(entity), dimension),
    newestBefore: (entity, at) => floats([newestBefore.get(entity, at)!], dimension),
    nearest: (query, k) => nearest.all(query, k).length,
    close: () => void database.close(),
  }
}

function floats(rows: readonly Row[], dimension: number): Float32Array {
  const bytes = new Uint8Array(rows.length * dimension * 4)
  rows.forEach(([vector], i) => {
    bytes.set(vector, i * dimension * 4)
  })
  return new Float32Array(bytes.buffer)
}
