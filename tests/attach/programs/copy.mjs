// An app with a better-sqlite3 of its own, elsewhere than ours: which path it lies at is the second argument.
import { createRequire } from 'node:module'
import { openDatabase } from '../../../dist/src/index.js'
import { copiesOfSqlite, quiet, say } from './program.mjs'

const [path, library] = process.argv.slice(2)
const Database = createRequire(import.meta.url)(library)
const app = new Database(path)
app.pragma('journal_mode = WAL')
const db = await openDatabase({}, { connection: app, logger: quiet })
const words = await db.createCollection('words', { dimension: 1 })
await words.insert([
  { entity: 'a', timestamp: 1, vector: [1] },
  { entity: 'a', timestamp: 2, vector: [2] },
])
const stored = async () => (await db.query('SELECT entity, timestamp')).rows.map(({ entity, timestamp }) => `${entity} ${timestamp}`).join(', ')
say(await stored())
app.exec('BEGIN')
words.insertSync([{ entity: 'a', timestamp: 3, vector: [3] }])
say(`inside a transaction: ${await stored()}`)
app.exec('COMMIT')
say(`verified: ${(await db.verify()).ok}`)
say(`copies of SQLite: ${copiesOfSqlite()}`)
await db.close()
app.close()
