import type { Database } from '../../index.js'
import { UsageError } from '../terminal.js'

/** The name of the collection that is meant when none was named. @throws {UsageError} there are several, or none. */
export function onlyCollection(db: Database): string {
  const names = collectionNames(db)
  if (names.length === 1) return names[0]!
  throw new UsageError(`Say which collection with --collection: ${names.length === 0 ? 'there is none yet' : `there is ${names.join(', ')}`}.`)
}

export function collectionNames(db: Database): string[] {
  return db.collections().map(({ name }) => name)
}
