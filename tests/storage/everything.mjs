// Opens a database, uses what brings connections or threads, and counts the copies of SQLite.
import { openDatabase } from '../../dist/src/index.js'
import { copiesOfSqlite, say } from '../attach/programs/program.mjs'

const [path] = process.argv.slice(2)
const db = await openDatabase({ storage: { path } })
const words = await db.createCollection('words', { dimension: 1 })
await words.insert([{ entity: 'a', timestamp: 1e12, vector: [1] }])
await db.query('SELECT entity')
await db.verify()
await db.backup(`${path}.copy`)
say(`copies of SQLite: ${copiesOfSqlite()}`)
await db.close()
