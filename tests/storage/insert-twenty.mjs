// Writes 20 batches with the durability of the second argument; with a third one it ends without closing.
import { openDatabase } from '../../dist/src/index.js'

const [path, durability, killed] = process.argv.slice(2)
const db = await openDatabase({ storage: { path, durability } })
const words = await db.createCollection('words', { dimension: 1 })
for (let n = 0; n < 20; n++) await words.insert([{ entity: 'a', timestamp: 1e12 + n, vector: [n] }])
if (killed !== undefined) process.kill(process.pid, 'SIGKILL')
await db.close()
