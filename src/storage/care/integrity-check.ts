import { Worker } from 'node:worker_threads'
import { QueryStoppedError, StorageError } from '../../errors.js'
import type { Connection } from '../connection/connection.js'
import type { SqliteDatabase } from '../connection/sqlite-library.js'
import { Statement } from '../connection/statement.js'

type ForeignKeyRow = [table: string, rowid: number | null, parent: string, constraint: number]

/** In an app's file its own tables are its own business. */
const OUR_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'chronode_*' ORDER BY name"

/** Runs in a worker: statements over whole tables, which cannot be divided. */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads')
const database = new (require(workerData.library))(workerData.path, { readonly: true, fileMustExist: true })
try {
  parentPort.postMessage(workerData.checks.flatMap((check) => database.prepare(check).pluck().all()))
} finally {
  database.close()
}`

/**
 * SQLite's own checks: its structures, and that every reference has what it refers to.
 *
 * @returns what is wrong, in words.
 */
export async function checkIntegrity(database: SqliteDatabase, connection: Connection, signal: AbortSignal | undefined): Promise<string[]> {
  const tables = allOf<string>(database, OUR_TABLES, 'list of tables')
  const checks = connection.isAttached ? tables.rows.map((table) => `PRAGMA integrity_check(${table})`) : ['PRAGMA integrity_check']
  const { path, library } = connection
  const isBeside = database !== connection.database && library !== undefined
  const structure = isBeside ? await checkInWorker({ path, library, checks }, signal) : checkHere(database, checks)
  const damages = structure.filter((line) => line !== 'ok').map((line) => `SQLite's integrity check: ${line}`)
  return [...tables.damages, ...damages, ...tables.rows.flatMap((table) => foreignKeys(database, table))]
}

function checkHere(database: SqliteDatabase, checks: readonly string[]): string[] {
  return checks.flatMap((check) => {
    const { rows, damages } = allOf<string>(database, check, 'integrity check')
    return [...rows, ...damages]
  })
}

function foreignKeys(database: SqliteDatabase, name: string): string[] {
  const { rows, damages } = allOf<ForeignKeyRow>(database, `PRAGMA foreign_key_check(${name})`, 'foreign key check')
  return [...damages, ...rows.map(([table, rowid, parent]) => `row ${rowid} of ${table} refers to a row of ${parent} that is not there`)]
}

/** Damage can be such that SQLite ends a check with an error: then that is what it found. */
function allOf<Row>(database: SqliteDatabase, sql: string, what: string): { rows: Row[]; damages: string[] } {
  try {
    return { rows: new Statement<[], Row>(database, sql).all(), damages: [] }
  } catch (error) {
    if (error instanceof StorageError && error.code === 'STORAGE_CORRUPT') return { rows: [], damages: [`SQLite's ${what}: ${error.message}`] }
    throw error
  }
}

interface WorkerTask {
  readonly path: string
  readonly library: string
  readonly checks: readonly string[]
}

function checkInWorker(workerData: WorkerTask, signal: AbortSignal | undefined): Promise<string[]> {
  const worker = new Worker(WORKER, { eval: true, workerData })
  return new Promise<string[]>((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new QueryStoppedError('QUERY_ABORTED', 'verify() was aborted.', { cause: signal.reason })), {
      once: true,
    })
    worker.once('message', resolve)
    worker.once('error', (error) => resolve([error.message])) // a file that SQLite cannot even read
  }).finally(() => worker.terminate())
}
