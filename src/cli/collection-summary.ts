import type { Collection } from '../index.js'

/** A collection in the words of the query language. Times are epoch milliseconds, null where there is nothing. */
export type CollectionSummary = {
  readonly name: string
  readonly dimension: number
  readonly metric: string
  readonly normalized: boolean
  readonly entity_count: number
  readonly observation_count: number
  readonly first_timestamp: number | null
  readonly last_timestamp: number | null
}

/** Counts and times are those of one moment. Cost: one pass over the entities, none over observations. */
export async function summaryOf(collection: Collection): Promise<CollectionSummary> {
  const { name, dimension, metric, normalized } = collection
  let [entities, observations, first, last] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for await (const { observations: count, firstTimestamp, lastTimestamp } of collection.entities()) {
    entities++
    observations += count
    first = Math.min(first, firstTimestamp ?? first)
    last = Math.max(last, lastTimestamp ?? last)
  }
  return {
    name,
    dimension,
    metric,
    normalized,
    entity_count: entities,
    observation_count: observations,
    first_timestamp: observations === 0 ? null : first,
    last_timestamp: observations === 0 ? null : last,
  }
}
