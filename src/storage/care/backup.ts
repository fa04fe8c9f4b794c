import { randomUUID } from 'node:crypto'
import { closeSync, openSync, renameSync, rmSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { ArgumentError, described, QueryStoppedError, StorageError } from '../../errors.js'
import { toStorageError } from '../connection/sqlite-errors.js'
import type { SqliteDatabase } from '../connection/sqlite-library.js'
import type { BackupOptions } from '../store.js'

export interface CopyOptions extends Pick<BackupOptions, 'signal' | 'onProgress'> {
  /** How long it may fail to advance because somebody writes through that same connection. */
  readonly stallMs: number
}

/** Copied in one turn of the event loop: with pages of 16 KB about a millisecond. */
const PAGES_A_TURN = 64

/**
 * Where a backup goes: the copy is made beside it and named so when it is whole, so that half a copy never bears the name.
 *
 * @param source  The database file, which no backup may replace; '' in memory.
 * @throws {ArgumentError} there is a file. @throws {StorageError} `STORAGE_UNREACHABLE`
 */
export function backupTarget(path: unknown, source: string, { overwrite = false }: BackupOptions): string {
  if (typeof path !== 'string' || path.trim() === '' || path === ':memory:') throw new ArgumentError('path', 'the path of a file', described(path))
  const target = resolve(path)
  assertNoLog(target)
  const stats = statSync(target, { throwIfNoEntry: false })
  if (stats === undefined) return target
  if (!stats.isFile()) throw new ArgumentError('path', 'the path of a file', `${target}, which is no regular file`)
  const sourceStats = source === '' ? undefined : statSync(source, { throwIfNoEntry: false })
  if (sourceStats !== undefined && isSameFile(stats, sourceStats)) throw new ArgumentError('path', 'another file than the database', target)
  if (overwrite) return target
  throw new ArgumentError('path', 'a file that does not exist yet', `${target}, which does`, 'Choose another path, or pass { overwrite: true }.')
}

/** SQLite would play the log of an older database of that name into the copy. */
function assertNoLog(target: string): void {
  const log = [`${target}-wal`, `${target}-journal`].find((path) => statSync(path, { throwIfNoEntry: false }) !== undefined)
  if (log === undefined) return
  const advice = `Close what uses that database, or choose another path. If nothing does, it was left behind: remove ${basename(log)}.`
  throw new ArgumentError('path', 'a path where no database is in use', `${target}, beside which there is ${log}`, advice)
}

/** By whatever name. */
function isSameFile(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino
}

/**
 * Copies what a connection sees, page by page, between other work. On one whose read transaction is open the copy is that view.
 *
 * @param assertFree  Whether the name may still be taken, when the copy is whole.
 * @throws {StorageError} `STORAGE_FULL`, `STORAGE_UNREACHABLE`, `STORAGE_BUSY`; nothing is left behind.
 * @throws {QueryStoppedError} `QUERY_ABORTED`: the signal said so.
 */
export async function copyTo(target: string, database: SqliteDatabase, assertFree: () => void, options: CopyOptions): Promise<void> {
  const unfinished = `${target}.${randomUUID().slice(0, 8)}.unfinished` // two backups to one name must not meet
  createPrivate(unfinished)
  try {
    await transfer(database, unfinished, options)
    assertFree()
    renameSync(unfinished, target)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}

function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (cause) {
    const message = `The backup cannot be written: ${dirname(path)} does not exist, or does not let this user create a file. Choose another folder.`
    throw new StorageError('STORAGE_UNREACHABLE', message, { cause })
  }
}

async function transfer(database: SqliteDatabase, path: string, { stallMs, signal, onProgress }: CopyOptions): Promise<void> {
  let remainingBefore = Number.POSITIVE_INFINITY
  let advancedAtMs = performance.now()
  const progress = ({ remainingPages, totalPages }: { remainingPages: number; totalPages: number }): number => {
    if (signal?.aborted === true) throw new QueryStoppedError('QUERY_ABORTED', 'The backup was aborted.', { cause: signal.reason })
    onProgress?.({ pages: totalPages - remainingPages, pagesTotal: totalPages })
    if (remainingPages !== remainingBefore) advancedAtMs = performance.now()
    else if (performance.now() - advancedAtMs > stallMs) throw stalled(stallMs)
    remainingBefore = remainingPages
    return PAGES_A_TURN
  }
  try {
    await database.backup(path, { progress })
  } catch (error) {
    throw toStorageError(error, path)
  }
}

function stalled(stallMs: number): StorageError {
  return new StorageError(
    'STORAGE_BUSY',
    `The backup did not advance for ${stallMs} ms, because the database was locked by a write. Try again when that has ended.`,
  )
}
