import BetterSqlite3 from 'better-sqlite3'
import { type Database, openDatabase } from 'chronode'
import { times } from './absolute.ts'
import { BenchFolder } from './bench-folder.ts'
import { type Finding, finding, type Scale } from './finding.ts'
import { type Candidate, compare } from './measure.ts'
import { nameOf, Source, timeOf } from './observations.ts'

const DIMENSION = 128
const MOMENTS = 2
const LATER = timeOf(MOMENTS + 5)
const NEIGHBOURS = 10

const PLAIN_JOIN = `SELECT count((SELECT vector FROM plain WHERE entity = p.id AND timestamp <= (? + 0) ORDER BY timestamp DESC LIMIT 1)) FROM product p`
const AS_OF_JOIN = "SELECT count(a.vector) FROM product p JOIN chronode_as_of('items', ?, p.id) a"
const PREDICT_JOIN = "SELECT count(a.vector) FROM product p JOIN chronode_predict('items', p.id, ?) a"

interface Shape {
  readonly entities: number
  /** Rows of the app's own table. */
  readonly products: number
  readonly rounds: number
}

/** Functions inside an app's SQL, against plain rows that are joined in the same way, and against the query language. */
export async function sql(scale: Scale): Promise<Finding[]> {
  const shape: Shape = scale === 'quick' ? { entities: 200, products: 50, rounds: 1 } : { entities: 100_000, products: 10_000, rounds: 5 }
  using folder = new BenchFolder()
  const app = new BetterSqlite3(folder.file('app.db'))
  app.pragma('journal_mode = WAL')
  const db = await openDatabase({}, { connection: app })
  try {
    await fill(app, db, shape)
    db.registerSqlFunctions()
    return [...(await joins(app, shape)), await neighbours(app, db, shape)]
  } finally {
    await db.close()
    app.close()
  }
}

async function fill(app: BetterSqlite3.Database, db: Database, { entities, products }: Shape): Promise<void> {
  app.exec(`CREATE TABLE product (id TEXT PRIMARY KEY);
    CREATE TABLE plain (entity TEXT, timestamp REAL, vector BLOB); CREATE UNIQUE INDEX by_time ON plain (entity, timestamp)`)
  const items = await db.createCollection('items', { dimension: DIMENSION })
  const row = app.prepare('INSERT INTO plain VALUES (?, ?, ?)')
  const product = app.prepare('INSERT INTO product VALUES (?)')
  for (const batch of new Source(DIMENSION).live(entities, MOMENTS)) {
    await items.insert(batch)
    app.transaction(() => {
      for (const { entity, timestamp, vector } of batch) row.run(entity, timestamp, toBlob(vector as Float32Array))
    })()
  }
  app.transaction(() => {
    for (let i = 0; i < products; i++) product.run(nameOf(i))
  })()
}

async function joins(app: BetterSqlite3.Database, { products, rounds }: Shape): Promise<Finding[]> {
  const joined = (text: string): Candidate => {
    const statement = app.prepare(text).pluck()
    return { name: text, calls: products, run: () => expectCount(statement.get(LATER), products) }
  }
  const against = 'plain rows, the newest before, in the same join'
  const asOf = await compare(joined(AS_OF_JOIN), joined(PLAIN_JOIN), rounds)
  const predict = await compare(joined(PREDICT_JOIN), joined(PLAIN_JOIN), rounds)
  return [
    finding(`chronode_as_of of one, joined with ${products} rows`, against, asOf, times(asOf.firstUs, asOf.secondUs)),
    finding('chronode_predict, linear, the same', against, predict, times(predict.firstUs, predict.secondUs)),
  ]
}

async function neighbours(app: BetterSqlite3.Database, db: Database, { entities, rounds }: Shape): Promise<Finding> {
  const vector = Float32Array.from({ length: DIMENSION }, (_, i) => Math.sin(i))
  const inSql = app.prepare(`SELECT entity FROM chronode_nearest('items', ?, ${NEIGHBOURS})`).pluck()
  const inLanguage = db.prepare<{ entity: string }>(`NEAREST ${NEIGHBOURS} TO $1 FROM items`)
  const called: Candidate = { name: 'in SQL', calls: 1, run: () => expectCount(inSql.all(toBlob(vector)).length, NEIGHBOURS) }
  const statement: Candidate = {
    name: 'NEAREST',
    calls: 1,
    run: async () => expectCount((await inLanguage.all([vector])).rows.length, NEIGHBOURS),
  }
  const ratio = await compare(called, statement, rounds)
  return finding(`chronode_nearest among ${entities} × ${DIMENSION}, not the first`, 'NEAREST', ratio, times(ratio.firstUs, ratio.secondUs))
}

function toBlob(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
}

function expectCount(count: unknown, expected: number): void {
  if (count !== expected) throw new Error(`${String(count)} came, ${expected} should have`)
}
