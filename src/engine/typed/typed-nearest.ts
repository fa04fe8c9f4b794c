import { toEntityId } from '../../entity.js'
import { ArgumentError, described } from '../../errors.js'
import type { JsonObject, JsonValue } from '../../json.js'
import { checkOptions } from '../../options.js'
import type { RefusalReason } from '../../prediction.js'
import { type TimestampInput, toTimestamp } from '../../timestamp.js'
import { toVector, type VectorInput } from '../../vector.js'
import { NEAREST_COLUMNS } from '../bind/bind-return.js'
import type { QueryOptions } from '../query.js'
import { NOWHERE } from '../syntax/query-place.js'
import type { Items, Nearest, Option, Scope, Target } from '../syntax/statement.js'
import { CONDITION_MEMBERS, type ConditionMembers, conditionOf } from './typed-condition.js'
import {
  contextOf,
  type IntervalInput,
  identifier,
  interval,
  number,
  option,
  type PredictRequest,
  predictStatement,
  text,
  time,
  timeOrLatest,
  usingOf,
} from './typed-predict.js'
import { listed } from './typed-select.js'

/** `NEAREST` as an object: every member is a clause of the language, and means the same. */
export type NearestRequest = {
  /** How many neighbours. */
  readonly k: number
  /** A vector; an entity, at a time or as the candidates are seen; or a prediction. */
  readonly to: VectorInput | EntityTarget | PredictionTarget
  /** Keeps the search to these. Default: all of them. An unknown one is no neighbour. */
  readonly entities?: readonly string[] | undefined
  /** What is farther away does not count. */
  readonly within?: number | undefined
  /** At most so many rows of one entity. */
  readonly perEntity?: number | undefined
  /** From 0 to 1: ranks by `alpha * distance + (1 - alpha) * age`, the age being 1 for the candidate that is farthest in time. */
  readonly alpha?: number | undefined
  /** From when ages are counted. Default: the moment that the search is about. */
  readonly reference?: TimestampInput | undefined
  /** What rows have beside rank, entity, timestamp, distance and age_ms. */
  readonly columns?: readonly NearestColumn[] | undefined
} & NearestScope &
  ConditionMembers &
  Omit<QueryOptions, 'vectors'>

export interface EntityTarget {
  readonly entity: string
  /** Its last observation at or before; `'latest'`: its last one. */
  readonly at?: TimestampInput | 'latest' | undefined
}

export interface PredictionTarget {
  readonly predict: { readonly entity: string; readonly at: TimestampInput } & PredictionOptions
}

/** How to predict: as for `predict`. */
export type PredictionOptions = Pick<PredictRequest, 'context' | 'using' | 'model' | 'fallback' | 'inferenceTimeoutMs'>

interface StoredScopes {
  /** Each entity's last observation at or before; `'latest'`: its last one. */
  readonly asOf?: TimestampInput | 'latest' | undefined
  /** The same, but no older than the tolerance. Default: of that very moment. */
  readonly at: TimestampInput
  readonly tolerance?: IntervalInput | undefined
  /** Every observation from the first to the second, both included. */
  readonly between: readonly [TimestampInput, TimestampInput]
}

interface PredictedScope extends PredictionOptions {
  /** Where each entity is predicted to be. */
  readonly predictedAt: TimestampInput
}

type AllScopes = StoredScopes & PredictedScope

/** These members, and none that belongs to another scope. */
type Scoped<Name extends keyof AllScopes> = Pick<AllScopes, Name> & { readonly [Other in Exclude<keyof AllScopes, Name>]?: undefined }

/** Which vectors are candidates. Nothing said: each entity's last one. */
export type NearestScope = Scoped<'asOf'> | Scoped<'at' | 'tolerance'> | Scoped<'between'> | Scoped<keyof PredictedScope>

export type NearestColumn = Exclude<keyof NearestRecord, 'rank' | 'entity' | 'timestamp' | 'distance' | 'age_ms'>

/** A neighbour. docs/language.md says what each column means. */
export interface NearestRecord {
  /** From 1. */
  rank: number
  entity: string
  /** Epoch milliseconds. */
  timestamp: number
  distance: number
  age_ms: number
  /** What it was ranked by; there with `alpha`. */
  score?: number
  /** [D]; there of predicted ones. */
  vector?: Float32Array
  attributes?: JsonObject | null
  /** Of stored ones. */
  payload?: JsonValue
  recorded_at?: number
  /** Of predicted ones; the first two are always there. */
  method?: string | null
  fallback_reason?: RefusalReason | null
  kind?: 'observed' | 'interpolated' | 'extrapolated'
  model?: string | null
  horizon_ms?: number
  last_timestamp?: number
  context_count?: number
}

const SCOPES = ['asOf', 'at', 'between', 'predictedAt']
const HOW = ['context', 'using', 'model', 'fallback', 'inferenceTimeoutMs']
const OTHERS = [
  ...['k', 'to', 'tolerance', 'entities', 'within', 'perEntity', 'alpha', 'reference', 'columns'],
  ...CONDITION_MEMBERS,
  ...['signal', 'timeoutMs', 'maxRows'],
]

/**
 * The statement that a typed request stands for, the same tree that its text would give.
 *
 * @throws {ArgumentError | InvalidTimestampError | InvalidEntityError | InvalidVectorError | DimensionError}
 */
export function nearestStatement(collection: { readonly name: string; readonly dimension: number }, request: NearestRequest): Nearest {
  checkOptions('request', request, [...SCOPES, ...HOW, ...OTHERS])
  const { k, to, entities, within, perEntity, alpha, reference, columns } = request
  const isPredicted = request.predictedAt !== undefined
  const how: PredictionOptions = isPredicted ? request : {}
  if (!isPredicted) refuseMembers(request, HOW, 'predictedAt')
  if (request.at === undefined) refuseMembers(request, ['tolerance'], 'at')
  return {
    kind: 'nearest',
    count: counted('k', k),
    target: targetOf(to, collection),
    scope: scopeOf(request),
    source: identifier(collection.name),
    entities: entities === undefined ? undefined : listed(entities),
    where: conditionOf(request),
    context: how.context === undefined ? undefined : contextOf(how.context),
    using: usingOf(how.using, how.model),
    within: within === undefined ? undefined : number(finite('within', within)),
    perEntity: perEntity === undefined ? undefined : counted('perEntity', perEntity),
    items: columns === undefined ? undefined : itemsOf(columns, Object.keys(isPredicted ? NEAREST_COLUMNS.predicted : NEAREST_COLUMNS.stored)),
    options: [
      ...(alpha === undefined ? [] : [option('alpha', number(share(alpha)))]),
      ...(reference === undefined ? [] : [option('at', number(toTimestamp(reference)))]),
      ...predictionOptions(how),
    ],
    limit: undefined,
    ...NOWHERE,
  }
}

function refuseMembers(request: NearestRequest, members: readonly string[], owner: string): void {
  const stray = members.find((name) => (request as Readonly<Record<string, unknown>>)[name] !== undefined)
  if (stray !== undefined) throw new ArgumentError(stray, `absent without ${owner}`, described((request as Readonly<Record<string, unknown>>)[stray]))
}

function predictionOptions({ fallback, inferenceTimeoutMs }: PredictionOptions): Option[] {
  return [
    ...(fallback === undefined ? [] : [option('fallback', text(fallback))]),
    ...(inferenceTimeoutMs === undefined ? [] : [option('timeout_ms', number(inferenceTimeoutMs))]),
  ]
}

function targetOf(to: NearestRequest['to'], collection: { readonly name: string; readonly dimension: number }): Target {
  if (typeof to === 'object' && to !== null && 'entity' in to) {
    checkOptions('to', to, ['entity', 'at'])
    return { kind: 'target-entity', entity: text(toEntityId(to.entity)), at: to.at === undefined ? undefined : timeOrLatest(to.at), ...NOWHERE }
  }
  if (typeof to === 'object' && to !== null && 'predict' in to) {
    checkOptions('to', to, ['predict'])
    checkOptions('to.predict', to.predict, ['entity', 'at', ...HOW])
    return predictStatement(collection.name, to.predict)
  }
  if (to === undefined) throw new ArgumentError('to', "a vector, { entity: 'id' } or { predict: { entity, at } }", 'left out')
  const vector = toVector(to, { collection: collection.name, dimension: collection.dimension })
  return { kind: 'vector', values: Array.from(vector), ...NOWHERE }
}

function scopeOf(request: NearestRequest): Scope | undefined {
  const given = SCOPES.filter((name) => (request as Readonly<Record<string, unknown>>)[name] !== undefined)
  if (given.length > 1) throw new ArgumentError('request', `an object with one of ${SCOPES.join(', ')}`, `one with ${given.join(' and ')}`)
  const { asOf, at, tolerance, between, predictedAt } = request
  if (at !== undefined)
    return { kind: 'at', at: time(at), tolerance: tolerance === undefined ? undefined : interval(tolerance, 'tolerance'), ...NOWHERE }
  if (between !== undefined) {
    if (!Array.isArray(between) || between.length !== 2) throw new ArgumentError('between', 'a list of two moments', described(between))
    return { kind: 'window', from: time(between[0]), to: time(between[1]), ...NOWHERE }
  }
  if (predictedAt !== undefined) return { kind: 'predicted', at: time(predictedAt), ...NOWHERE }
  return asOf === undefined ? undefined : { kind: 'as-of', at: timeOrLatest(asOf), ...NOWHERE }
}

function counted(argument: string, value: number) {
  if (!(Number.isSafeInteger(value) && value >= 1)) throw new ArgumentError(argument, 'a whole number above 0', described(value))
  return number(value)
}

function finite(argument: string, value: number): number {
  if (!Number.isFinite(value)) throw new ArgumentError(argument, 'a finite number', described(value))
  return value
}

function share(alpha: number): number {
  if (!(alpha >= 0 && alpha <= 1)) throw new ArgumentError('alpha', 'a number from 0 to 1', described(alpha))
  return alpha
}

function itemsOf(columns: readonly string[], known: readonly string[]): Items {
  const stray = Array.isArray(columns) ? columns.find((name) => !known.includes(name)) : columns
  if (stray !== undefined) throw new ArgumentError('columns', `a list of some of ${known.join(', ')}`, described(stray))
  return { kind: 'items', list: columns.map((name) => ({ kind: 'item', name: identifier(name), alias: undefined, ...NOWHERE })), ...NOWHERE }
}
