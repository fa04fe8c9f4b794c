// Writes 20 batches with the durability of the second argument.
import { openDatabase } from '../../dist/src/index.js'

const [path, durability] = process.argv.slice(2)
const db = await openDatabase({ storage: { path, durability } })
const words = await db.createCollection('words', { dimension: 1 })
for (let n = 0; n < 20; n++) await words.insert([{ entity: 'a', timestamp: 1e12 + n, vector: [n] }])
await db.close()
