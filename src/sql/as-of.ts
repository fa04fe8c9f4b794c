import type { CollectionRecord, EntityRecord, ImmediateView } from '../storage/index.js'
import { OBSERVATION_COLUMNS, observationRow } from './observation-row.js'
import type { TableFunction } from './table-function.js'

/** Each entity's last observation at or before a moment; with `for_entity`, that of one. Entities in the order of their ids (UTF-8 bytes). */
export const asOf: TableFunction = {
  name: 'chronode_as_of',
  parameters: ['collection', 'at', 'for_entity'],
  columns: OBSERVATION_COLUMNS,
  *rows(given, view) {
    const collection = given.collection(view, 'collection')
    const at = given.optionalMomentOrLatest('at')
    for (const entity of entitiesOf(view, collection, given.optionalEntity('for_entity'))) {
      const last = view.lastObservation(collection, entity, at)
      if (last !== undefined) yield observationRow(entity, last)
    }
  },
}

function entitiesOf(view: ImmediateView, collection: CollectionRecord, id: string | undefined): Iterable<EntityRecord> {
  if (id === undefined) return view.scanEntities(collection)
  const entity = view.findEntity(collection, id)
  return entity === undefined ? [] : [entity]
}
