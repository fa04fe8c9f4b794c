import { Worker } from 'node:worker_threads'
import { NotFoundError, QueryStoppedError } from '../../errors.js'
import type { Connection } from '../connection/connection.js'
import { toStorageError } from '../connection/sqlite-errors.js'
import { Statement } from '../connection/statement.js'
import type { CollectionRecord, CompactOptions, CompactReport } from '../store.js'
import type { CompactedPage } from '../writer.js'

/** VACUUM is one statement over the whole file: it runs where it holds nobody up. */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads')
let database
try {
  database = new (require(workerData.library))(workerData.path, { timeout: workerData.timeoutMs, fileMustExist: true })
  database.exec('VACUUM')
  database.pragma('wal_checkpoint(TRUNCATE)')
  parentPort.postMessage(undefined)
} catch ({ message, code }) {
  parentPort.postMessage({ message, code })
} finally {
  database?.close()
}`

/** What compacting needs of a store. */
export interface Compaction {
  readonly connection: Connection
  readonly busyTimeoutMs: number
  readonly collections: readonly CollectionRecord[]
  /** In a transaction of its own. */
  pack(collection: CollectionRecord, afterId: string): Promise<CompactedPage>
  /** While nobody else of this process writes. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

/**
 * Packs every observation into segments, some entities at a time, and gives the room that is left free back to the file system: only of a file
 * of our own, since one of an app is the app's.
 *
 * @throws {QueryStoppedError} `QUERY_ABORTED`: the signal said so. What was packed stays packed.
 */
export async function compactAll(compaction: Compaction, { onProgress, signal }: CompactOptions): Promise<CompactReport> {
  const bytesBefore = fileBytes(compaction.connection)
  let packed = 0
  for (const collection of compaction.collections) {
    let entities = 0
    for (let afterId: string | undefined = ''; afterId !== undefined; ) {
      if (signal?.aborted === true) throw new QueryStoppedError('QUERY_ABORTED', 'compact() was aborted.', { cause: signal.reason })
      const page: CompactedPage = await packOrNothing(compaction, collection, afterId)
      packed += page.packed
      entities += page.entities
      afterId = page.next
      onProgress?.({ collection: collection.name, entities, entitiesTotal: collection.entityCount })
    }
  }
  await compaction.alone(() => reclaim(compaction))
  return { packed, bytesBefore, bytesAfter: fileBytes(compaction.connection) }
}

/** A collection that was dropped in the meantime has nothing to pack. */
async function packOrNothing({ pack }: Compaction, collection: CollectionRecord, afterId: string): Promise<CompactedPage> {
  try {
    return await pack(collection, afterId)
  } catch (error) {
    if (error instanceof NotFoundError) return { packed: 0, entities: 0, next: undefined }
    throw error
  }
}

async function reclaim({ connection, busyTimeoutMs }: Compaction): Promise<void> {
  const { path, library, isAttached, openReader, database } = connection
  if (isAttached || openReader === undefined) return // an app's, or in memory
  if (library === undefined) {
    new Statement(database, 'VACUUM').run() // a bundle: nobody knows where the library lies
    return
  }
  const worker = new Worker(WORKER, { eval: true, workerData: { path, library, timeoutMs: busyTimeoutMs } })
  try {
    const failure = await new Promise<{ message: string; code: string } | undefined>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    if (failure !== undefined) throw toStorageError(Object.assign(new Error(failure.message), { code: failure.code }), path)
  } finally {
    await worker.terminate()
  }
}

function fileBytes({ database }: Connection): number {
  const [pages, bytes] = ['page_count', 'page_size'].map((name) => new Statement<[], number>(database, `PRAGMA ${name}`).get()!)
  return pages! * bytes!
}
