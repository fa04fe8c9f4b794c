import type { Answer, Route } from '../../analytics/index.js'
import { InvariantError } from '../../errors.js'
import type { PredictionItem } from '../../prediction.js'
import { lengthOf, type Trajectory } from '../../trajectory.js'
import type { BoundPredict } from '../bind/bound.js'
import { narrowed } from '../context-window.js'
import type { PredictedRecord, PredictRecord, UnansweredRecord } from '../predict-record.js'
import type { Batch, Context } from '../running.js'
import { acceptAnswer } from './accept-answer.js'
import { isBeyond, type Reading, readOne, readPages } from './predict-read.js'
import { readAhead } from './read-ahead.js'

/** Reads contexts ahead and predicts them page by page. */
export async function* predictRows(query: BoundPredict, rowsWanted: number, context: Context): AsyncGenerator<Batch> {
  const { analytics, stop } = context
  const route = await stop.race(analytics.route(query))
  const { entities } = query
  if (entities.kind === 'ids' && entities.ids.length === 1) {
    yield await answerPage(await readOne(query, entities.ids[0]!, route, context), query, route, context)
    return
  }
  for await (const page of readAhead(readPages(query, route, rowsWanted, context), bytesOfPage, context.readAheadBytes)) {
    stop.check()
    yield await answerPage(page, query, route, context)
  }
}

export function bytesOfPage(page: readonly Reading[]): number {
  return page.reduce((bytes, { context, times }) => bytes + (context?.vectors.byteLength ?? 0) + times.length * 64 + 256, 0)
}

/** @returns one row an entity and moment. */
export async function answerPage(page: readonly Reading[], query: BoundPredict, route: Route, context: Context): Promise<PredictRecord[]> {
  const items: PredictionItem[] = []
  const windows = page.map((reading) => {
    const window = reading.context === undefined ? undefined : narrowed(reading.context, query.context)
    if (window === undefined || lengthOf(window) === 0) return undefined
    const targets = targetsOf(reading)
    if (targets.length === 0) return undefined
    items.push({ entity: reading.id, context: window, targets })
    return window
  })
  const { analytics, stop } = context
  const answers = items.length === 0 ? [] : await stop.race(analytics.predict(route, query.collection, items, { signal: stop.signal }))
  let next = 0
  return page.flatMap((reading, i) => {
    const window = windows[i]
    const cursor = window === undefined ? undefined : { window, answers: answers[next++]!, position: 0 }
    return reading.times.map((at, k) => rowOf(reading, at, k, cursor, route, context))
  })
}

/** The moments that only a method can answer. */
function targetsOf({ times, context }: Reading): Float64Array {
  const targets = new Float64Array(times.length)
  let count = 0
  for (const at of times) if (at !== null && context !== undefined && isBeyond(at, context)) targets[count++] = at
  return count === targets.length ? targets : targets.slice(0, count)
}

interface Cursor {
  readonly window: Trajectory
  readonly answers: readonly Answer[]
  position: number
}

function rowOf(reading: Reading, at: number | null, index: number, cursor: Cursor | undefined, route: Route, context: Context): PredictRecord {
  const stored = reading.stored.get(index)
  if (stored !== undefined) return stored
  if (reading.status !== 'ok') return unanswered(reading.id, at, reading.status)
  if (at === null || reading.context === undefined) throw new InvariantError(`'${reading.id}' was read without its context`)
  if (!isBeyond(at, reading.context)) return unanswered(reading.id, at, 'before_first')
  if (cursor === undefined) return unanswered(reading.id, at, 'no_context')
  const answer = cursor.answers[cursor.position++]
  if (answer === undefined) throw new InvariantError(`a prediction of '${reading.id}' has no answer`)
  return extrapolated(reading.id, at, cursor.window, answer, route, context)
}

function unanswered(entity: string, timestamp: number | null, status: UnansweredRecord['status']): UnansweredRecord {
  return {
    entity,
    timestamp,
    vector: null,
    kind: null,
    horizon_ms: null,
    last_timestamp: null,
    context_count: 0,
    method: null,
    model: null,
    fallback_reason: null,
    status,
  }
}

function extrapolated(entity: string, at: number, window: Trajectory, answer: Answer, route: Route, context: Context): PredictedRecord {
  const { vector, method, model, fallbackReason } = acceptAnswer(entity, answer, route, context)
  const last = window.timestamps[window.timestamps.length - 1]!
  return {
    entity,
    timestamp: at,
    vector,
    kind: 'extrapolated',
    horizon_ms: at - last,
    last_timestamp: last,
    context_count: answer.contextCount,
    method,
    model,
    fallback_reason: fallbackReason,
    status: 'ok',
  }
}
