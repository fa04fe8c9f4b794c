import { QueryLimitError } from '../errors.js'
import type {
  BoundCondition,
  BoundDescribe,
  BoundGrouping,
  BoundLimit,
  BoundNearest,
  BoundOrderKey,
  BoundPredict,
  BoundQuery,
  BoundSelect,
  BoundShow,
  OutputColumn,
} from './bind/bound.js'
import { isOfRecords } from './bind/known-aggregates.js'
import { refuseTooManyPredicted } from './nearest/predicted-limit.js'

/** What will be done, from the inside out. Every choice is made here; `execute` only follows it. */
export type Plan =
  | { readonly kind: 'predict'; readonly query: BoundPredict; readonly rowsWanted: number }
  | { readonly kind: 'scan'; readonly query: BoundSelect; readonly rowsWanted: number }
  /** Reads by itself: what it fills in may lie before the range. */
  | { readonly kind: 'sample'; readonly query: BoundSelect; readonly rowsWanted: number }
  | { readonly kind: 'aggregate'; readonly input: Plan; readonly query: BoundSelect & { readonly grouping: BoundGrouping } }
  /** Aggregates of what the records of entities, or of the collection, know of their observations, of which none is read. */
  | { readonly kind: 'record-aggregate'; readonly query: BoundSelect & { readonly grouping: BoundGrouping } }
  /** `target`: the PREDICT that is its target. */
  | { readonly kind: 'nearest'; readonly query: BoundNearest; readonly target: Plan | undefined }
  | { readonly kind: 'catalog'; readonly query: BoundShow | BoundDescribe }
  | { readonly kind: 'filter'; readonly input: Plan; readonly condition: BoundCondition }
  /** `rowsWanted`: how many of the first are needed. */
  | { readonly kind: 'sort'; readonly input: Plan; readonly keys: readonly BoundOrderKey[]; readonly rowsWanted: number }
  | { readonly kind: 'limit'; readonly input: Plan; readonly limit: BoundLimit }
  | { readonly kind: 'project'; readonly input: Plan; readonly columns: readonly OutputColumn[]; readonly isWholeRow: boolean }

export interface Limits {
  /** The most rows that a result may have. */
  readonly maxRows: number
  /** How vectors come: as they are, as plain lists, or not at all. */
  readonly vectors: 'float32' | 'array' | 'none'
}

/** @throws {QueryLimitError} more rows than `maxRows`, as far as that is known before running. */
export function plan(query: BoundQuery, { maxRows, vectors }: Limits): Plan {
  if (query.kind === 'nearest') return nearest(query, vectors)
  if (query.kind !== 'predict' && query.kind !== 'select') return { kind: 'catalog', query }
  refuseTooMany(query, maxRows)
  const wanted = query.limit === undefined ? Number.POSITIVE_INFINITY : query.limit.offset + query.limit.count
  const rowsWanted = query.order.length === 0 ? wanted : Number.POSITIVE_INFINITY
  let node: Plan = query.kind === 'predict' ? { kind: 'predict', query, rowsWanted } : selected(withoutUnshown(query, vectors), rowsWanted)
  if (query.order.length > 0) node = { kind: 'sort', input: node, keys: query.order, rowsWanted: wanted }
  if (query.limit !== undefined) node = { kind: 'limit', input: node, limit: query.limit }
  const columns = vectors === 'none' ? query.columns.filter(({ isVector }) => !isVector) : query.columns
  return { kind: 'project', input: node, columns, isWholeRow: query.kind === 'predict' && query.isWholeRow && vectors === 'float32' }
}

function nearest(query: BoundNearest, vectors: Limits['vectors']): Plan {
  const { target, scope, entities, shows, limit, columns } = query
  if (scope.kind === 'predicted' && entities.kind === 'each' && scope.prediction.where === undefined) {
    refuseTooManyPredicted(query.collection.entityCount)
  }
  const planned = target.kind === 'prediction' ? plan(target.query, { maxRows: Number.POSITIVE_INFINITY, vectors: 'float32' }) : undefined
  const shown = shows && { ...shows, vectors: shows.vectors && vectors !== 'none' }
  const search: Plan = { kind: 'nearest', query: { ...query, shows: shown }, target: planned }
  const input: Plan = limit === undefined ? search : { kind: 'limit', input: search, limit }
  return { kind: 'project', input, columns: vectors === 'none' ? columns.filter(({ isVector }) => !isVector) : columns, isWholeRow: false }
}

/** Vectors that nothing shows are not read. */
function withoutUnshown(query: BoundSelect, vectors: Limits['vectors']): BoundSelect {
  const { reads } = query
  return { ...query, reads: { ...reads, vectors: reads.vectors || (reads.vectorsToShow && vectors !== 'none') } }
}

function selected(query: BoundSelect, rowsWanted: number): Plan {
  const { grouping, having, sample } = query
  if (grouping === undefined) return sample === undefined ? observations(query, rowsWanted) : { kind: 'sample', query, rowsWanted }
  const grouped = { ...query, grouping }
  const groups: Plan = isOfRecords(grouped)
    ? { kind: 'record-aggregate', query: grouped }
    : { kind: 'aggregate', input: observations(query, Number.POSITIVE_INFINITY), query: grouped }
  return having === undefined ? groups : { kind: 'filter', input: groups, condition: having }
}

function observations(query: BoundSelect, rowsWanted: number): Plan {
  const { ofObservation } = query.where
  if (ofObservation === undefined) return { kind: 'scan', query, rowsWanted }
  return { kind: 'filter', input: { kind: 'scan', query, rowsWanted: Number.POSITIVE_INFINITY }, condition: ofObservation }
}

function refuseTooMany(query: BoundPredict | BoundSelect, maxRows: number): void {
  const estimate = estimatedRows(query)
  const rows = query.limit === undefined ? estimate : Math.min(Math.max(0, estimate - query.limit.offset), query.limit.count)
  if (rows <= maxRows) return
  throw new QueryLimitError(
    `This statement has ${rows} rows, and at most ${maxRows} are allowed. Add a LIMIT, ask for fewer entities or times, raise maxRows, or read them with iterate().`,
    maxRows,
    rows,
  )
}

/** Rows that are sure to come; 0 where that cannot be known. */
function estimatedRows(query: BoundPredict | BoundSelect): number {
  if (isFiltered(query)) return 0
  const { entities, collection } = query
  const count = entities.kind === 'each' ? collection.entityCount : entities.ids.length
  if (query.kind === 'predict') return count * (query.times.kind === 'list' ? query.times.list.length : query.times.count)
  if (query.grouping !== undefined || query.sample !== undefined) return 0
  const { from, to, last } = query.range
  const isWhole = entities.kind === 'each' && from === undefined && to === undefined && last === undefined
  return isWhole ? collection.observationCount : 0
}

function isFiltered(query: BoundPredict | BoundSelect): boolean {
  return query.kind === 'predict' ? query.where !== undefined : query.where.ofEntity !== undefined || query.where.ofObservation !== undefined
}
