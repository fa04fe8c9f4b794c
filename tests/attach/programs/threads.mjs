// Several worker threads, each with a connection of its own to one file.
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { openDatabase } from '../../../dist/src/index.js'
import { copiesOfSqlite, quiet, say } from './program.mjs'

if (isMainThread) {
  const [path, threads, count] = process.argv.slice(2)
  const workers = Array.from(
    { length: Number(threads) },
    (_, n) => new Worker(new URL(import.meta.url), { workerData: { path, n, count: Number(count) } }),
  )
  const reports = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]))
  say(`${reports.reduce((sum, { written }) => sum + written, 0)} written`)
  say(`copies of SQLite: ${Math.max(...reports.map(({ copies }) => copies))}`)
} else {
  const { path, n, count } = workerData
  const app = new Database(path)
  const db = await openDatabase({ storage: { busy_timeout_ms: 30_000 } }, { connection: app, logger: quiet })
  const words = db.collection('words')
  let written = 0
  for (let i = 0; i < count; i++) written += (await words.insert([{ entity: `thread ${n}`, timestamp: i, vector: [n, i] }])).inserted
  const copies = copiesOfSqlite()
  await db.close()
  app.close()
  parentPort.postMessage({ written, copies })
}
