import { OBSERVATION_COLUMNS, observationRow } from './observation-row.js'
import type { TableFunction } from './table-function.js'

/** The observations of one entity in time order, both ends of the range included. */
export const trajectory: TableFunction = {
  name: 'chronode_trajectory',
  parameters: ['collection', 'for_entity', 'since', 'until'],
  columns: OBSERVATION_COLUMNS,
  *rows(given, view) {
    const collection = given.collection(view, 'collection')
    const range = { from: given.optionalMoment('since'), to: given.optionalMoment('until') }
    const entity = view.findEntity(collection, given.entity('for_entity'))
    if (entity === undefined) return
    for (const observation of view.observations(collection, entity, range)) yield observationRow(entity, observation)
  },
}
