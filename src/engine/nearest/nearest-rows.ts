import { Slice } from '../../slice.js'
import type { EntityRecord, Observation, SearchHit, Snapshot } from '../../storage/index.js'
import { type Found, NEAREST_COLUMNS } from '../bind/bind-return.js'
import type { BoundEntities, BoundNearest, BoundScope } from '../bind/bound.js'
import { namedEntities } from '../entity-pages.js'
import type { Batch, Context } from '../running.js'
import { openSnapshot } from '../stop.js'
import { predictedNeighbours } from './nearest-predicted.js'
import { type Aim, type NestedRows, targetOf } from './nearest-target.js'
import { type Neighbours, shortfallOf } from './search-meta.js'

const BATCH_ROWS = 1024
const HITS_A_STEP = 1000

/**
 * Finds the target's vector, then what is nearest to it, all in one snapshot.
 *
 * @param nested  Runs the PREDICT that is the target.
 */
export async function* nearestRows(query: BoundNearest, nested: NestedRows, context: Context): AsyncGenerator<Batch> {
  const snapshot = await openSnapshot(context.store, context.stop)
  try {
    const aim = await targetOf(query, snapshot, nested, context)
    const { scope } = query
    const { found, meta } =
      scope.kind === 'stored'
        ? await storedNeighbours(query, scope, aim, snapshot, context)
        : await predictedNeighbours(query, scope, aim, snapshot, context)
    context.report?.(meta)
    for (let i = 0; i < found.length; i += BATCH_ROWS) yield found.slice(i, i + BATCH_ROWS)
  } finally {
    snapshot.release()
  }
}

async function storedNeighbours(
  query: BoundNearest,
  { choice, from, to, where }: Extract<BoundScope, { kind: 'stored' }>,
  { vector, excluded }: Aim,
  snapshot: Snapshot,
  { stop }: Context,
): Promise<Neighbours> {
  const { collection, k, within, perEntity, alpha } = query
  const slice = new Slice()
  const vectors = isVectorAlone(query)
  const { ofEntity, ofObservation, needs } = where ?? {}
  const request = {
    query: vector,
    k,
    choice,
    from,
    to,
    entities: await entitiesOf(query.entities, query, snapshot),
    excluded: excluded?.key,
    keepEntity: ofEntity && ((entity: EntityRecord) => ofEntity({ entity } as never) === true),
    keepObservation: ofObservation && ((entity: EntityRecord, observation: object) => ofObservation({ entity, observation } as never) === true),
    needs,
    within,
    perEntity,
    vectors,
    recency: alpha === undefined ? undefined : { alpha, reference: query.reference },
  }
  const { hits, candidates, newestTimestamp, kernel, threads, access } = await stop.race(snapshot.search(collection, request, stop.signal))
  const reference = query.reference ?? newestTimestamp ?? Number.NaN
  const found: Found[] = []
  for (const { entity, timestamp, distance, score, vector } of hits) {
    if ((found.length + 1) % HITS_A_STEP === 0) await slice.pause()
    const observation = vector && { timestamp, vector, recordedAt: Number.NaN, payload: undefined } // no column shows the last two
    found.push({ rank: found.length + 1, entity, timestamp, distance, score, ageMs: reference - timestamp, observation })
  }
  const meta = { candidates, kernel, threads, access, shortfall: shortfallOf(query, hits.length, candidates) }
  if (query.shows === undefined || (vectors && access === 'resident')) return { found, meta }
  return { found: await withObservations(found, hits, query, snapshot, stop), meta }
}

/** Of all neighbours the vector is shown, which the search may have, and nothing else that must be read. */
function isVectorAlone({ shows, columns, limit }: BoundNearest): boolean {
  if (shows === undefined || !shows.vectors || shows.payloads || limit !== undefined) return false
  return !columns.some(({ evaluate }) => evaluate === NEAREST_COLUMNS.stored['recorded_at'])
}

/** @returns undefined: all of them. */
async function entitiesOf(entities: BoundEntities, { collection }: BoundNearest, snapshot: Snapshot): Promise<readonly EntityRecord[] | undefined> {
  if (entities.kind === 'each') return undefined
  const named = await namedEntities(snapshot, { collection, entities }, entities.ids)
  return named.flatMap(({ entity }) => (entity === undefined ? [] : [entity]))
}

/** Reads what columns show of the neighbours that LIMIT leaves. */
async function withObservations(
  found: readonly Found[],
  hits: readonly SearchHit[],
  query: BoundNearest,
  snapshot: Snapshot,
  stop: Context['stop'],
): Promise<readonly Found[]> {
  const { offset, count } = query.limit ?? { offset: 0, count: found.length }
  const slice = new Slice()
  const shown = [...found]
  let next = offset
  for await (const observation of observationsOf(hits.slice(offset, offset + count), query, snapshot)) {
    shown[next] = { ...found[next]!, observation }
    next++
    stop.check()
    await slice.pause()
  }
  return shown
}

/** One a hit, in their order. */
async function* observationsOf(
  hits: readonly SearchHit[],
  { collection, shows, scope }: BoundNearest,
  snapshot: Snapshot,
): AsyncGenerator<Observation> {
  if (scope.kind === 'stored' && scope.choice === 'newest') {
    const to = Number.isFinite(scope.to) ? scope.to : undefined
    const pieces = snapshot.scan(collection, { ...shows, entities: hits.map(({ entity }) => entity), to, newest: 1 })
    for await (const { observations } of pieces) yield* observations
    return
  }
  for (const { entity, timestamp } of hits) {
    const pieces = snapshot.scan(collection, { ...shows, entities: [entity], from: timestamp, to: timestamp })
    for await (const { observations } of pieces) yield* observations
  }
}
