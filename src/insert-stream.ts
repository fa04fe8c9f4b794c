import { ArgumentError, described, QueryStoppedError } from './errors.js'
import { Slice } from './slice.js'

export interface InsertManyOptions {
  /** Observations in one atomic batch. Default 1000. */
  readonly batchSize?: number
  /** Told after every batch. */
  readonly onProgress?: (progress: InsertProgress) => void
  /** Stops between two batches with `QUERY_ABORTED`; what was written stays. */
  readonly signal?: AbortSignal
}

export interface InsertProgress {
  readonly batches: number
  readonly inserted: number
  readonly replaced: number
}

const BATCH_SIZE = 1000
const BATCH_SIZE_MAX = 100_000

/**
 * Writes a stream batch by batch, one after another: the source is never read faster than it is written, and the event loop
 * turns between batches.
 *
 * @param write  Writes one batch whole or not at all; `offset` is the position of its first item in the stream.
 */
export async function insertStream<T>(
  source: AsyncIterable<T> | Iterable<T>,
  { batchSize = BATCH_SIZE, onProgress, signal }: InsertManyOptions,
  write: (batch: readonly T[], offset: number) => Promise<{ readonly inserted: number; readonly replaced: number }>,
): Promise<InsertProgress> {
  if (!isIterable(source)) throw new ArgumentError('source', 'an iterable or an async iterable of observations', described(source))
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > BATCH_SIZE_MAX) {
    throw new ArgumentError('batchSize', `a whole number from 1 to ${BATCH_SIZE_MAX}`, described(batchSize))
  }
  let progress: InsertProgress = { batches: 0, inserted: 0, replaced: 0 }
  let offset = 0
  let batch: T[] = []
  const flush = async () => {
    stopIfAborted(signal)
    const { inserted, replaced } = await write(batch, offset)
    offset += batch.length
    batch = []
    progress = { batches: progress.batches + 1, inserted: progress.inserted + inserted, replaced: progress.replaced + replaced }
    onProgress?.(progress)
    await slice.pause()
  }
  stopIfAborted(signal)
  const slice = new Slice()
  if (isAsync(source)) {
    for await (const item of source) {
      batch.push(item)
      if (batch.length === batchSize) await flush()
    }
  } else {
    for (const item of source) {
      batch.push(item) // what is at hand is not awaited: that costs as much as checking it
      if (batch.length === batchSize) await flush()
    }
  }
  if (batch.length > 0) await flush()
  return progress
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new QueryStoppedError('QUERY_ABORTED', 'The stream was stopped by its signal. The batches before it are written.', { cause: signal.reason })
}

function isAsync<T>(source: AsyncIterable<T> | Iterable<T>): source is AsyncIterable<T> {
  return Symbol.asyncIterator in source
}

function isIterable(source: unknown): boolean {
  return typeof source === 'object' && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source)
}
