import type { Route } from '../../analytics/index.js'
import { Slice } from '../../slice.js'
import type { EntityRecord, Observation, Snapshot } from '../../storage/index.js'
import type { Trajectory } from '../../trajectory.js'
import type { BoundContext, BoundSelect } from '../bind/bound.js'
import { narrowed } from '../context-window.js'
import { acceptAnswer } from '../predict/accept-answer.js'
import { contextLimit } from '../predict/predict-read.js'
import { readAhead } from '../predict/read-ahead.js'
import type { Batch, Context } from '../running.js'
import { openSnapshot } from '../stop.js'
import { SampleBatch, type Sampled } from './sample-batch.js'
import { SampleSeries } from './sample-series.js'
import { PieceReader, scanEntities, selectedEntities } from './scan-rows.js'

/** Bytes of contexts that are read at a time. */
const CONTEXT_BYTES = 16 * 1024 * 1024
const PAGE_ENTITIES = 512

/** One row a bucket and entity, by entity id, then by time. Contexts are read ahead of inference, so that the snapshot ends early. */
export async function* sampleRows(query: BoundSelect, rowsWanted: number, context: Context): AsyncGenerator<Batch> {
  const { analytics, stop } = context
  if (!isPredicting(query)) {
    for await (const { rows } of readSampled(query, rowsWanted, undefined, context)) yield rows
    return
  }
  const route = await stop.race(analytics.route({ collection: query.collection }))
  const bytesOf = ({ rows, asks }: Sampled): number =>
    asks.reduce((bytes, ask) => bytes + ask.context.vectors.byteLength, rows.length * (query.collection.dimension * 4 + 256))
  for await (const sampled of readAhead(readSampled(query, rowsWanted, route, context), bytesOf, context.readAheadBytes)) {
    stop.check()
    yield await predicted(sampled, query, route, context)
  }
}

async function predicted({ rows, asks }: Sampled, { collection }: BoundSelect, route: Route, context: Context): Promise<Batch> {
  if (asks.length === 0) return rows
  const { analytics, stop } = context
  const items = asks.map(({ entity, context: given, positions }) => ({
    entity,
    context: given,
    targets: Float64Array.from(positions, (position) => rows[position]!.observation.timestamp),
  }))
  const answers = await stop.race(analytics.predict(route, collection, items, { signal: stop.signal }))
  asks.forEach(({ entity, positions }, i) => {
    positions.forEach((position, k) => {
      const row = rows[position]!
      const { vector, method, model, fallbackReason } = acceptAnswer(entity, answers[i]![k]!, route, context)
      rows[position] = { ...row, observation: { ...row.observation, vector }, method, model, fallbackReason }
    })
  })
  return rows
}

/** @param route  Undefined: nothing is predicted. */
async function* readSampled(query: BoundSelect, rowsWanted: number, route: Route | undefined, { store, stop }: Context): AsyncGenerator<Sampled> {
  const snapshot = await openSnapshot(store, stop)
  const slice = new Slice()
  const batch = new SampleBatch(query.collection.dimension, rowsWanted)
  try {
    for await (const page of selectedEntities(snapshot, query, pageEntities(query, route, rowsWanted), stop)) {
      const contexts = route === undefined ? undefined : await readContexts(snapshot, query, page, route)
      const pieces = new PieceReader(scanEntities(snapshot, lookingBack(query), page))
      try {
        for (const [i, entity] of page.entries()) {
          const series = new SampleSeries(query, entity, await lastBefore(snapshot, query, entity))
          for (let isOver = false; !isOver; ) {
            stop.check()
            await slice.pause()
            const piece = await pieces.next(entity)
            isOver = piece === undefined
            for (const row of piece === undefined ? series.end() : series.take(piece.observations)) {
              batch.add(row, contexts?.[i])
              if (batch.isFull) yield batch.take()
              if (batch.isEnough) return
            }
          }
        }
      } finally {
        await pieces.close()
      }
    }
    if (!batch.isEmpty) yield batch.take()
  } finally {
    snapshot.release()
  }
}

/** Whether anything is shown that a predictor must say. */
export function isPredicting({ sample, reads }: BoundSelect): boolean {
  return sample?.fill === 'predict' && (reads.vectors || sample.showsMethod)
}

/** Where WHERE chooses observations, what stands before the range is known only once it has been tested, too. */
function lookingBack(query: BoundSelect): BoundSelect {
  const { where, range } = query
  if (!isFilledFromBefore(query) || where.ofObservation === undefined) return query
  return { ...query, range: { ...range, from: undefined } }
}

async function lastBefore(snapshot: Snapshot, query: BoundSelect, entity: EntityRecord): Promise<Observation | undefined> {
  const { collection, where, range } = query
  const { from, to } = range
  if (from === undefined || !isFilledFromBefore(query) || where.ofObservation !== undefined) return undefined
  if (entity.firstTimestamp === undefined || entity.firstTimestamp >= from) return undefined
  const { before } = await snapshot.surroundings(collection, entity, from, to)
  return before !== undefined && before.timestamp < from ? before : undefined
}

/** LAST says which observations count; without it those before the range do, too. */
function isFilledFromBefore({ sample, range }: BoundSelect): boolean {
  return sample!.fill !== 'none' && range.last === undefined
}

function pageEntities({ collection, range }: BoundSelect, route: Route | undefined, rowsWanted: number): number {
  const fitting = route === undefined ? PAGE_ENTITIES : Math.floor(CONTEXT_BYTES / (contextLimit(contextOf(range), route) * collection.dimension * 4))
  return Math.max(1, Math.min(fitting, PAGE_ENTITIES, rowsWanted))
}

async function readContexts(
  snapshot: Snapshot,
  { collection, range }: BoundSelect,
  entities: readonly EntityRecord[],
  route: Route,
): Promise<readonly Trajectory[]> {
  const context = contextOf(range)
  const limit = contextLimit(context, route)
  const requests = entities.map((entity) => ({ entity, limit, until: range.to }))
  return (await snapshot.readContexts(collection, requests)).map((trajectory) => narrowed(trajectory, context))
}

/** A prediction is that of `CONTEXT UNTIL` the range's end: where the range begins is no matter for it. */
function contextOf({ to, last }: BoundSelect['range']): BoundContext {
  return { from: undefined, to, last }
}
