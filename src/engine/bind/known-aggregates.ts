import type { BoundGrouping, BoundSelect } from './bound.js'

export type GroupedSelect = BoundSelect & { readonly grouping: BoundGrouping }

/** Whether all of these aggregates are known without any observation being read: of whole entities, counts and their first and last time. */
export function isOfRecords({ grouping, sample, where, range }: GroupedSelect): boolean {
  const { from, to, last } = range
  const isWhole = sample === undefined && where.ofObservation === undefined && from === undefined && to === undefined && last === undefined
  return isWhole && grouping.aggregates.every(({ known }) => known !== undefined)
}

/** Whether the collection's own record knows them: how many observations there are of all entities. */
export function isOfCollection({ grouping, entities, where }: GroupedSelect): boolean {
  const isOfAll = !grouping.byEntity && entities.kind === 'each' && where.ofEntity === undefined
  return isOfAll && grouping.aggregates.every(({ known }) => known === 'observationCount')
}
