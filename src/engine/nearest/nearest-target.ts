import type { EntityRecord, Snapshot } from '../../storage/index.js'
import { formatTimestamp } from '../../timestamp.js'
import type { BoundNearest, BoundPredict, BoundTarget } from '../bind/bound.js'
import { someEntityIds } from '../entity-pages.js'
import { predictRows } from '../predict/predict-rows.js'
import type { PredictRecord } from '../predict-record.js'
import type { Batch, Context } from '../running.js'
import { sharing } from '../shared-snapshot.js'

/** What neighbours are near to. */
export interface Aim {
  /** [D] */
  readonly vector: Float32Array
  /** The entity that it is, which is no neighbour of itself. */
  readonly excluded: EntityRecord | undefined
}

/** Runs the PREDICT that is a target. */
export type NestedRows = (context: Context) => AsyncIterable<Batch>

/** @throws {NotFoundError | QueryTypeError} there is no such entity, no vector then, or more than one. */
export async function targetOf(query: BoundNearest, snapshot: Snapshot, nested: NestedRows, context: Context): Promise<Aim> {
  const { target } = query
  switch (target.kind) {
    case 'vector':
      return { vector: target.vector, excluded: undefined }
    case 'entity':
      return entityAim(query, target, snapshot, context)
    case 'prediction':
      return { vector: await onlyVector(nested({ ...context, ...sharing(snapshot, context) }), target), excluded: undefined }
  }
}

async function entityAim(query: BoundNearest, target: Extract<BoundTarget, { kind: 'entity' }>, snapshot: Snapshot, context: Context): Promise<Aim> {
  const { collection, scope } = query
  const [entity] = await snapshot.findEntities(collection, [target.id])
  if (entity === undefined) throw target.missing(await someEntityIds(snapshot, collection))
  if (target.at === undefined && scope.kind === 'predicted') {
    return { vector: await predictedVector(scope.prediction, target, { ...context, ...sharing(snapshot, context) }), excluded: entity }
  }
  const { from, to } = target.at === undefined && scope.kind === 'stored' ? scope.extent : { from: Number.NEGATIVE_INFINITY, to: target.at! }
  const [seen] = await snapshot.readContexts(collection, [{ entity, limit: 1, since: finite(from), until: finite(to) }])
  if (seen === undefined || seen.timestamps.length === 0) throw target.without(`has no observation${inWords(from, to)}`)
  return { vector: seen.vectors, excluded: entity }
}

function finite(bound: number): number | undefined {
  return Number.isFinite(bound) ? bound : undefined
}

function inWords(from: number, to: number): string {
  if (from === to) return ` at ${formatTimestamp(to)}`
  if (Number.isFinite(from)) return ` from ${formatTimestamp(from)} to ${formatTimestamp(to)}`
  return Number.isFinite(to) ? ` at or before ${formatTimestamp(to)}` : ''
}

/** The target as PREDICTED AT sees its candidates; what chooses those does not choose it. */
async function predictedVector(
  prediction: BoundPredict,
  { id, without }: Extract<BoundTarget, { kind: 'entity' }>,
  context: Context,
): Promise<Float32Array> {
  const alone: BoundPredict = { ...prediction, entities: { kind: 'ids', ids: [id], missing: undefined }, where: undefined }
  for await (const [row] of predictRows(alone, 1, context)) return answered(row as PredictRecord, without)
  throw without('cannot be predicted')
}

async function onlyVector(rows: AsyncIterable<Batch>, { notOne, without }: Extract<BoundTarget, { kind: 'prediction' }>): Promise<Float32Array> {
  let only: PredictRecord | undefined
  for await (const batch of rows) {
    if (batch.length > 1 || (only !== undefined && batch.length > 0)) throw notOne('several')
    only ??= batch[0] as PredictRecord | undefined
  }
  if (only === undefined) throw notOne('none')
  return answered(only, (what) => without((only as PredictRecord).entity, what))
}

function answered(row: PredictRecord, without: (what: string) => Error): Float32Array {
  if (row.status === 'ok') return row.vector
  const then = row.timestamp === null ? '' : ` at ${formatTimestamp(row.timestamp)}`
  throw without(`has no vector${then} (${row.status})`)
}
