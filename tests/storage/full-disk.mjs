// Fills a small disk of its own (a tmpfs) through dist/, and prints what was met as JSON: node full-disk.mjs FOLDER [--log]
// --log: until the write-ahead log must be cut back, for which there is no room.
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { openDatabase } from '../../dist/src/index.js'

const [folder, mode] = process.argv.slice(2)
const path = join(folder, 'store.db')
const ballast = join(folder, 'ballast')
const WAL_BYTES_MAX = 64 * 1024 * 1024
const met = {}

async function codeOf(work) {
  try {
    await work()
    return 'none'
  } catch (error) {
    return error.code ?? error.message
  }
}

writeFileSync(ballast, Buffer.alloc(512 * 1024))
const db = await openDatabase({ storage: { path } })
const drift = await db.createCollection('drift', { dimension: 256 })
let acknowledged = 0
async function insert() {
  const batch = Array.from({ length: 100 }, (_, i) => ({
    entity: 'a',
    timestamp: 1e12 + acknowledged + i,
    vector: new Float32Array(256).fill(i + 1),
  }))
  await drift.insert(batch)
  acknowledged += 100
}

await insert()
if (mode === '--log') {
  const reader = new Sqlite(path, { readonly: true })
  reader.exec('BEGIN; SELECT count(*) FROM chronode_entity') // keeps the log from being begun anew
  while (statSync(`${path}-wal`).size <= WAL_BYTES_MAX) await insert()
  reader.close()
  await new Promise((resolve) => setTimeout(resolve, 100)) // its length is looked at every 50 ms
  met.cut = await codeOf(insert)
}
met.insert = await codeOf(async () => {
  for (;;) await insert()
})
met.kept = (await drift.stats()).observations === acknowledged
met.read = (await drift.trajectory({ entity: 'a', last: 1 })).timestamps[0] === 1e12 + acknowledged - 1
met.verify = (await db.verify()).ok
met.backup = await codeOf(() => db.backup(join(folder, 'copy.db')))
met.compact = await codeOf(() => db.compact())
met.left = readdirSync(folder).sort()
rmSync(ballast)
met.afterwards = await codeOf(insert)
await db.close()
const again = await openDatabase({ storage: { path } })
met.reopened = (await again.collection('drift').stats()).observations === acknowledged && (await again.verify()).ok
await again.close()
process.stdout.write(JSON.stringify(met))
