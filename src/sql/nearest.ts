import { toBlob } from './sql-values.js'
import type { TableFunction } from './table-function.js'

const COUNT_DEFAULT = 10

/** Whose last observation at or before a moment is nearest to a vector, as `NEAREST k TO vector AS OF at`. */
export const nearest: TableFunction = {
  name: 'chronode_nearest',
  parameters: ['collection', 'to_vector', 'k', 'at'],
  columns: ['rank', 'entity', 'timestamp', 'distance', 'age_ms', 'vector'],
  *rows(given, view) {
    const collection = given.collection(view, 'collection')
    const query = given.vector('to_vector', collection)
    const at = given.optionalMomentOrLatest('at')
    const { hits, newestTimestamp } = view.search(collection, { query, k: given.count('k', COUNT_DEFAULT), at })
    const reference = at === Number.POSITIVE_INFINITY ? newestTimestamp : at
    for (const [i, { entity, timestamp, distance, vector }] of hits.entries()) {
      yield [BigInt(i + 1), entity, timestamp, distance, (reference ?? timestamp) - timestamp, toBlob(vector)]
    }
  },
}
