import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { QueryStoppedError, StorageError } from '../errors.js'
import type { Connection } from './connection.js'
import type { SqliteDatabase } from './sqlite-library.js'
import { Statement } from './statement.js'

type ForeignKeyRow = [table: string, rowid: number | null, parent: string, constraint: number]

/** Runs in a worker: one statement over the whole file, which cannot be divided. */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads')
const database = new (require(workerData.library))(workerData.path, { readonly: true, fileMustExist: true })
try {
  parentPort.postMessage(database.prepare('PRAGMA integrity_check').pluck().all())
} finally {
  database.close()
}`

/**
 * SQLite's own checks: its structures, and that every reference has what it refers to.
 *
 * @returns what is wrong, in words.
 */
export async function checkIntegrity(database: SqliteDatabase, connection: Connection, signal: AbortSignal | undefined): Promise<string[]> {
  const structure = connection.openReader === undefined ? checkHere(database) : await checkInWorker(connection.path, signal)
  return [...structure.filter((line) => line !== 'ok').map((line) => `SQLite's integrity check: ${line}`), ...foreignKeys(database)]
}

function checkHere(database: SqliteDatabase): string[] {
  return new Statement<[], string>(database, 'PRAGMA integrity_check').all()
}

function foreignKeys(database: SqliteDatabase): string[] {
  try {
    const rows = new Statement<[], ForeignKeyRow>(database, 'PRAGMA foreign_key_check').all()
    return rows.map(([table, rowid, parent]) => `row ${rowid} of ${table} refers to a row of ${parent} that is not there`)
  } catch (error) {
    if (error instanceof StorageError && error.code === 'STORAGE_CORRUPT') return [`SQLite's foreign key check: ${error.message}`]
    throw error
  }
}

function checkInWorker(path: string, signal: AbortSignal | undefined): Promise<string[]> {
  const library = createRequire(import.meta.url).resolve('better-sqlite3')
  const worker = new Worker(WORKER, { eval: true, workerData: { path, library } })
  return new Promise<string[]>((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new QueryStoppedError('QUERY_ABORTED', 'verify() was aborted.', { cause: signal.reason })), {
      once: true,
    })
    worker.once('message', resolve)
    worker.once('error', (error) => resolve([error.message])) // a file that SQLite cannot even read
  }).finally(() => worker.terminate())
}
