import { interpolate, noMethodAnswered } from '../engine/index.js'
import { InvariantError } from '../errors.js'
import type { CollectionRecord, EntityRecord, ImmediateView } from '../storage/index.js'
import type { SqlArguments } from './sql-arguments.js'
import { type SqlValue, toBlob } from './sql-values.js'
import type { SqlHost, TableFunction } from './table-function.js'

/** The columns of a PREDICT row. */
const COLUMNS = [
  'entity',
  'timestamp',
  'vector',
  'kind',
  'horizon_ms',
  'last_timestamp',
  'context_count',
  'method',
  'model',
  'fallback_reason',
  'status',
] as const
/** What methods that need no waiting look at, at most. */
const CONTEXT_MAX = 2

/** One entity at one moment, as `PREDICT vector AT at FOR ENTITIES (...)`: always one row, whose status says what came of it. */
export const predict: TableFunction = {
  name: 'chronode_predict',
  parameters: ['collection', 'for_entity', 'at', 'using_method'],
  columns: COLUMNS,
  *rows(given, view, host) {
    const collection = given.collection(view, 'collection')
    const id = given.entity('for_entity')
    const at = given.momentOrLatest('at')
    const method = given.optionalName('using_method')
    yield predictRow({ given, view, host, collection, id, at, method })
  },
}

interface Request {
  readonly given: SqlArguments
  readonly view: ImmediateView
  readonly host: SqlHost
  readonly collection: CollectionRecord
  readonly id: string
  /** Infinity: the last observation. */
  readonly at: number
  readonly method: string | undefined
}

function predictRow(request: Request): SqlValue[] {
  const { view, collection, id } = request
  const entity = view.findEntity(collection, id)
  const at = request.at === Number.POSITIVE_INFINITY ? entity?.lastTimestamp : request.at
  if (entity === undefined) return unanswered(id, at, 'not_found')
  const { firstTimestamp, lastTimestamp } = entity
  if (at === undefined || firstTimestamp === undefined || lastTimestamp === undefined) return unanswered(id, at, 'no_observations')
  if (at < firstTimestamp) return unanswered(id, at, 'before_first')
  return at <= lastTimestamp ? stored(request, entity, at) : extrapolated(request, entity, at, lastTimestamp)
}

/** At an observation, or between two. */
function stored({ view, collection }: Request, entity: EntityRecord, at: number): SqlValue[] {
  const { before, after } = view.surroundings(collection, entity, at)
  if (before === undefined) throw new InvariantError(`'${entity.id}' has no observation at or after its first`)
  const isObserved = before.timestamp === at || after === undefined
  return toRow({
    entity: entity.id,
    timestamp: at,
    vector: toBlob(isObserved ? before.vector : interpolate(before, after, at)),
    kind: isObserved ? 'observed' : 'interpolated',
    horizon_ms: at - before.timestamp,
    last_timestamp: before.timestamp,
    context_count: isObserved ? 1n : 2n,
  })
}

function extrapolated(request: Request, entity: EntityRecord, at: number, lastTimestamp: number): SqlValue[] {
  const { given, view, host, collection, method: wanted } = request
  const context = view.readContext(collection, { entity, limit: CONTEXT_MAX })
  const said = host.predictNow(collection, { entity: entity.id, context, targets: Float64Array.of(at) }, wanted)
  if (said.kind === 'waits') throw waits(given, said.method, wanted === said.method ? undefined : said.reason)
  if (said.kind === 'refused') throw noMethodAnswered(entity.id, said.refusal, said.tried)
  const { vector, method, contextCount, firstRefusal } = said.answer
  return toRow({
    entity: entity.id,
    timestamp: at,
    vector: toBlob(vector),
    kind: 'extrapolated',
    horizon_ms: at - lastTimestamp,
    last_timestamp: lastTimestamp,
    context_count: BigInt(contextCount),
    method,
    fallback_reason: firstRefusal?.reason ?? null,
  })
}

function waits(given: SqlArguments, method: string, reason: string | undefined) {
  const received = `"${method}"${reason === undefined ? '' : `, by ${reason}`}`
  const advice = "Its answer has to be waited for, which SQLite cannot. Give 'linear' or 'last', or ask with db.query('PREDICT ...')."
  return given.wrong('using_method', "'linear' or 'last'", received, advice)
}

function unanswered(entity: string, timestamp: number | undefined, status: string): SqlValue[] {
  return toRow({ entity, timestamp: timestamp ?? null, context_count: 0n, status })
}

function toRow(cells: Partial<Record<(typeof COLUMNS)[number], SqlValue>>): SqlValue[] {
  const row = { status: 'ok', ...cells }
  return COLUMNS.map((column) => row[column] ?? null)
}
