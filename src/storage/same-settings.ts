import { CollectionExistsError } from '../errors.js'
import type { CollectionRecord, CollectionSettings } from './store.js'

/** The collection that is there, for who asks for one like it. @throws {CollectionExistsError} */
export function sameSettings(existing: CollectionRecord, requested: CollectionSettings): CollectionRecord {
  const [has, wants] = [settingsInWords(existing), settingsInWords(requested)]
  if (has !== wants) throw new CollectionExistsError(existing.name, has, wants)
  return existing
}

function settingsInWords({ dimension, metric, normalized }: CollectionSettings): string {
  return `dimension ${dimension}, metric ${metric}, ${normalized ? 'normalized' : 'not normalized'}`
}
