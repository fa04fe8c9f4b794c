import { StorageError } from '../../errors.js'
import { formatTimestamp } from '../../timestamp.js'

const WHAT_TO_DO =
  ': the stored data is damaged. Run verify() to see what else is hit; restore it from a backup or write it again, or copy what is whole with salvageDatabase().'

/** What is damaged, in words: `Collection "words", entity "climate", observation at 2020-01-01T00:00:00.000Z`. */
export function placeInWords(collection: string, entity?: string, timestamp?: unknown): string {
  const parts = [`Collection "${collection}"`]
  if (entity !== undefined) parts.push(`entity "${entity}"`)
  if (timestamp !== undefined) parts.push(`observation at ${momentInWords(timestamp)}`)
  return parts.join(', ')
}

/** Of a damaged row even the timestamp may be no time. */
function momentInWords(timestamp: unknown): string {
  return typeof timestamp === 'number' && Math.abs(timestamp) <= 8.64e15 ? formatTimestamp(timestamp) : String(timestamp)
}

/** @param claim  What was met: `does not match its checksum`. */
export function corruption(place: string, claim: string): StorageError {
  return new StorageError('STORAGE_CORRUPT', `${place} ${claim}${WHAT_TO_DO}`)
}

/** The same of a database that cannot be opened: nobody can call verify() on it. */
export function withoutVerify(error: unknown): unknown {
  if (!(error instanceof StorageError) || error.code !== 'STORAGE_CORRUPT') return error
  const message = error.message.replace(/Run verify\(\) to see what (else )?is hit[;,] (and )?restore/, 'Restore')
  return new StorageError(error.code, message, { cause: error.cause })
}

/** What such an error says of a part of this collection, without what to do: for a list of all that is damaged. */
export function damageInWords({ message }: StorageError, collection: string): string {
  const place = placeInWords(collection)
  return message.replace(`${place}: `, '').replace(`${place} `, '').replace(WHAT_TO_DO, '')
}
