import type { ModelDescription } from '../analytics/index.js'
import type { CollectionRecord, EntityRecord } from '../storage/index.js'
import type { BoundDescribe, BoundShow } from './bind/bound.js'
import { someEntityIds } from './entity-pages.js'
import type { Batch, Context } from './running.js'
import { openSnapshot } from './stop.js'

/** The rows of SHOW, one a thing, and of DESCRIBE, one a property. */
export async function* catalogRows(query: BoundShow | BoundDescribe, context: Context): AsyncGenerator<Batch> {
  switch (query.kind) {
    case 'show':
      yield await shownRows(query, context)
      return
    case 'describe-collection':
      yield properties(collectionRow(query.collection))
      return
    case 'describe-model': {
      const models = await context.stop.race(context.analytics.settledModels())
      const model = models.find(({ name }) => name === query.model)
      if (model === undefined) throw query.missing(models.map(({ name }) => name))
      yield properties(modelRow(model))
      return
    }
    case 'describe-entity':
      yield properties(await entityRow(query, context))
  }
}

async function shownRows({ what, collection }: BoundShow, { store, analytics, settings, stop }: Context): Promise<Batch> {
  switch (what) {
    case 'collections':
      return (collection === undefined ? store.collections() : [collection]).map(collectionRow)
    case 'models':
      return (await stop.race(analytics.settledModels()))
        .filter((model) => collection === undefined || model.collection === undefined || model.collection === collection.name)
        .map(modelRow)
    case 'predictors':
      return analytics.predictors().map(({ name, contextMin, contextMax, source, available, reason }) => ({
        name,
        context_min: contextMin,
        context_max: contextMax ?? null,
        source,
        available,
        reason: reason ?? null,
      }))
    case 'settings':
      return settings().map(({ setting, value }) => ({ setting, value: value ?? null }))
  }
}

function collectionRow({ name, dimension, metric, normalized, entityCount, observationCount }: CollectionRecord): object {
  return { name, dimension, metric, normalized, entity_count: entityCount, observation_count: observationCount }
}

function modelRow({ name, collection, status, reason, message, device, sha256, card, path }: ModelDescription): object {
  return {
    name,
    collection: collection ?? null,
    status,
    reason: reason ?? null,
    message: message ?? null,
    device: device ?? null,
    sha256: sha256 ?? null,
    card: card ?? null,
    path: path ?? null,
  }
}

async function entityRow(query: Extract<BoundDescribe, { kind: 'describe-entity' }>, { store, stop }: Context): Promise<object> {
  const snapshot = await openSnapshot(store, stop)
  try {
    const [entity] = await snapshot.findEntities(query.collection, [query.entity])
    if (entity === undefined) throw query.missing(await someEntityIds(snapshot, query.collection))
    return describedEntity(entity, query.collection)
  } finally {
    snapshot.release()
  }
}

function describedEntity({ id, attributes, observationCount, firstTimestamp, lastTimestamp }: EntityRecord, collection: CollectionRecord): object {
  return {
    entity: id,
    collection: collection.name,
    observation_count: observationCount,
    first_timestamp: firstTimestamp ?? null,
    last_timestamp: lastTimestamp ?? null,
    attributes,
  }
}

function properties(row: object): Batch {
  return Object.entries(row).map(([property, value]: [string, unknown]) => ({ property, value }))
}
