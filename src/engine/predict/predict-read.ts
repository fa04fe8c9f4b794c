import type { Route } from '../../analytics/index.js'
import { addIntervals } from '../../interval.js'
import type { JsonObject } from '../../json.js'
import { Slice } from '../../slice.js'
import type { EntityRecord, Snapshot } from '../../storage/index.js'
import { lengthOf, type Trajectory } from '../../trajectory.js'
import type { BoundContext, BoundPredict } from '../bind/bound.js'
import { entityPages, type NamedEntity, namedEntities } from '../entity-pages.js'
import { type BoundTime, shift } from '../expression/value-binder.js'
import type { StoredRecord } from '../predict-record.js'
import type { Context } from '../running.js'
import { openSnapshot } from '../stop.js'
import { interpolate } from './interpolate.js'

/** What was read of one entity for a PREDICT: enough to answer every moment without the store. */
export interface Reading {
  readonly id: string
  readonly attributes: JsonObject | null
  readonly status: 'ok' | 'not_found' | 'no_observations'
  /** One a row; null: counted from observations that do not exist. */
  readonly times: readonly (number | null)[]
  /** The newest observations at or before UNTIL; undefined when there are none. */
  readonly context: Trajectory | undefined
  /** By position in `times`: the answers that the store itself has, at or between observations. */
  readonly stored: ReadonlyMap<number, StoredRecord>
}

/** Bytes of contexts and answers that one page may hold. */
const PAGE_BYTES = 16 * 1024 * 1024
const PAGE_ENTITIES_MAX = 1024
const NOTHING_STORED: ReadonlyMap<number, StoredRecord> = new Map()

/** Reads everything that a PREDICT needs, in one snapshot that ends with the last page. */
export async function* readPages(
  query: BoundPredict,
  route: Route,
  rowsWanted: number,
  { store, stop }: Context,
): AsyncGenerator<readonly Reading[]> {
  const limit = contextLimit(query.context, route)
  const snapshot = await openSnapshot(store, stop)
  try {
    const slice = new Slice()
    for await (const page of entityPages(snapshot, query, pageEntities(query, limit, rowsWanted), stop)) {
      yield await readPage(snapshot, query, limit, page, slice)
    }
  } finally {
    snapshot.release()
  }
}

/** Reads what the PREDICT of one named entity needs. It is the hot path: a page without generators around it. */
export async function readOne(query: BoundPredict, id: string, route: Route, { store, stop }: Context): Promise<readonly Reading[]> {
  const snapshot = await openSnapshot(store, stop)
  try {
    const named = await namedEntities(snapshot, query, [id])
    return await readPage(snapshot, query, contextLimit(query.context, route), named, new Slice())
  } finally {
    snapshot.release()
  }
}

/** The most observations that any method of the route will look at. */
export function contextLimit(context: BoundContext, route: Route): number {
  const asked = context.last !== undefined && 'count' in context.last ? context.last.count : route.context
  const seen = route.steps.map(({ predictor, shut }) => (shut === undefined ? (predictor.context.max ?? asked) : 1))
  return Math.max(1, Math.min(asked, Math.max(...seen)))
}

function timesPerEntity({ times }: BoundPredict): number {
  return times.kind === 'list' ? times.list.length : times.count
}

function pageEntities(query: BoundPredict, limit: number, rowsWanted: number): number {
  const { dimension } = query.collection
  const times = timesPerEntity(query)
  const bytes = (limit + times) * dimension * 4 + 256
  const fitting = Math.max(1, Math.floor(PAGE_BYTES / bytes))
  return Math.min(fitting, PAGE_ENTITIES_MAX, Math.max(1, Math.ceil(rowsWanted / times)))
}

async function readPage(
  snapshot: Snapshot,
  query: BoundPredict,
  limit: number,
  page: readonly NamedEntity[],
  slice: Slice,
): Promise<readonly Reading[]> {
  const { collection, context } = query
  const found = page.flatMap(({ entity }) => (entity === undefined ? [] : [entity]))
  const contexts = await snapshot.readContexts(
    collection,
    found.map((entity) => ({ entity, limit, until: context.to })),
  )
  const readings: Reading[] = []
  let next = 0
  for (const { id, entity } of page) {
    const reading = entity === undefined ? unread(id, 'not_found', query) : readEntity(snapshot, query, entity, contexts[next++]!, slice)
    readings.push(reading instanceof Promise ? await reading : reading) // most need nothing more: no turn is spent on them
  }
  return readings
}

function unread(id: string, status: 'not_found' | 'no_observations', query: BoundPredict): Reading {
  const { times } = query
  const list = times.kind === 'list' ? times.list.map((time) => (time.kind === 'instant' ? time.at : null)) : Array<null>(times.count).fill(null)
  return { id, attributes: null, status, times: list, context: undefined, stored: NOTHING_STORED }
}

function readEntity(snapshot: Snapshot, query: BoundPredict, entity: EntityRecord, context: Trajectory, slice: Slice): Reading | Promise<Reading> {
  const first = entity.firstTimestamp
  if (lengthOf(context) === 0 || first === undefined) return unread(entity.id, 'no_observations', query)
  const times = resolveTimes(query, first, context)
  const reading: Reading = { id: entity.id, attributes: entity.attributes, status: 'ok', times, context, stored: NOTHING_STORED }
  return times.every((at) => isBeyond(at, context)) ? reading : withStoredAnswers(reading, times, snapshot, query, entity, slice)
}

/** Answers the moments at and between observations. */
async function withStoredAnswers(
  reading: Reading,
  times: readonly number[],
  snapshot: Snapshot,
  query: BoundPredict,
  entity: EntityRecord,
  slice: Slice,
): Promise<Reading> {
  const stored = new Map<number, StoredRecord>()
  for (const [index, at] of times.entries()) {
    if (isBeyond(at, reading.context!) || at < entity.firstTimestamp!) continue
    await slice.pause()
    const answer = await storedAnswer(snapshot, query, entity, at)
    if (answer !== undefined) stored.set(index, answer)
  }
  return { ...reading, stored }
}

/** True when a moment lies after everything that the statement may see of the entity. */
export function isBeyond(at: number, { timestamps }: Trajectory): boolean {
  return at > timestamps[timestamps.length - 1]!
}

/** @throws {QueryTypeError} a moment beyond the range of timestamps. */
function resolveTimes({ times }: BoundPredict, first: number, { timestamps }: Trajectory): number[] {
  const last = timestamps[timestamps.length - 1]!
  if (times.kind === 'list') return times.list.map((time) => resolveTime(time, first, last))
  return Array.from({ length: times.count }, (_, k) => within(addIntervals(last, times.step, k + 1), times.beyond))
}

function resolveTime(time: BoundTime, first: number, last: number): number {
  return time.kind === 'instant' ? time.at : within(shift(time.kind === 'latest' ? last : first, time.shifts), time.beyond)
}

function within(at: number, beyond: () => Error): number {
  if (Number.isNaN(at)) throw beyond()
  return at
}

async function storedAnswer(
  snapshot: Snapshot,
  { collection, context }: BoundPredict,
  entity: EntityRecord,
  at: number,
): Promise<StoredRecord | undefined> {
  const { before, after } = await snapshot.surroundings(collection, entity, at, context.to)
  if (before === undefined) return undefined
  const isObserved = before.timestamp === at || after === undefined
  return {
    entity: entity.id,
    timestamp: at,
    vector: isObserved ? before.vector : interpolate(before, after, at),
    kind: isObserved ? 'observed' : 'interpolated',
    horizon_ms: at - before.timestamp,
    last_timestamp: before.timestamp,
    context_count: isObserved ? 1 : 2,
    method: null,
    model: null,
    fallback_reason: null,
    status: 'ok',
  }
}
