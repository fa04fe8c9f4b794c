import { QueryLimitError } from '../errors.js'
import type {
  BoundCondition,
  BoundDescribe,
  BoundLimit,
  BoundOrderKey,
  BoundPredict,
  BoundQuery,
  BoundSelect,
  BoundShow,
  OutputColumn,
} from './bound.js'

/** What will be done, from the inside out. Every choice is made here; `execute` only follows it. */
export type Plan =
  | { readonly kind: 'predict'; readonly query: BoundPredict; readonly rowsWanted: number }
  | { readonly kind: 'scan'; readonly query: BoundSelect; readonly rowsWanted: number }
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
  if (query.kind !== 'predict' && query.kind !== 'select') return { kind: 'catalog', query }
  refuseTooMany(query, maxRows)
  const wanted = query.limit === undefined ? Number.POSITIVE_INFINITY : query.limit.offset + query.limit.count
  const rowsWanted = query.order.length === 0 ? wanted : Number.POSITIVE_INFINITY
  let node: Plan = source(query, rowsWanted)
  if (query.order.length > 0) node = { kind: 'sort', input: node, keys: query.order, rowsWanted: wanted }
  if (query.limit !== undefined) node = { kind: 'limit', input: node, limit: query.limit }
  const columns = vectors === 'none' ? query.columns.filter(({ isVector }) => !isVector) : query.columns
  return { kind: 'project', input: node, columns, isWholeRow: query.kind === 'predict' && query.isWholeRow && vectors === 'float32' }
}

function source(query: BoundPredict | BoundSelect, rowsWanted: number): Plan {
  if (query.kind === 'predict') return { kind: 'predict', query, rowsWanted }
  if (query.where === undefined) return { kind: 'scan', query, rowsWanted }
  return { kind: 'filter', input: { kind: 'scan', query, rowsWanted: Number.POSITIVE_INFINITY }, condition: query.where }
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
  if (query.where !== undefined) return 0
  const { entities, collection } = query
  const count = entities.kind === 'each' ? collection.entityCount : entities.ids.length
  if (query.kind === 'predict') return count * (query.times.kind === 'list' ? query.times.list.length : query.times.count)
  const { from, to, last } = query.range
  const isWhole = entities.kind === 'each' && from === undefined && to === undefined && last === undefined
  return isWhole ? collection.observationCount : 0
}
