import { toEntityId } from '../../entity.js'
import { ArgumentError, described } from '../../errors.js'
import { INTERVAL_UNITS, parseInterval } from '../../interval.js'
import { checkOptions } from '../../options.js'
import { type TimestampInput, toTimestamp } from '../../timestamp.js'
import type { QueryOptions } from '../query.js'
import { NOWHERE } from '../syntax/query-place.js'
import type {
  ContextClause,
  Entities,
  Identifier,
  IntervalNode,
  NumberLiteral,
  Option,
  Predict,
  TextLiteral,
  Time,
  Times,
  Using,
} from '../syntax/statement.js'
import { CONDITION_MEMBERS, type ConditionMembers, conditionOf } from './typed-condition.js'

/** A span of time: milliseconds, or text such as `'7 days'` or `'1 month'`. */
export type IntervalInput = number | string

interface ContextRequest {
  readonly last?: number | IntervalInput | undefined
  readonly since?: TimestampInput | undefined
  readonly until?: TimestampInput | undefined
}

/** `PREDICT` as an object: every member is a clause of the language, and means the same. */
export type PredictRequest = PredictedEntities & {
  /** One moment, several, a grid (its end excluded unless `endIncluded`), or steps after each entity's last observation. */
  readonly at: PredictedTimes
  /** What predictors may see: at most the newest `last`, nothing before `since`; nothing after `until` exists for this prediction. */
  readonly context?: ContextRequest | undefined
  /** Methods in the order in which they are tried. Default: as the configuration says. */
  readonly using?: string | readonly string[] | undefined
  /** A model of the database, by name. */
  readonly model?: string | undefined
  /** What answers when all of `using` refuse: a method, or `'error'` to be told. */
  readonly fallback?: string | undefined
  /** Bounds one call of a model, in milliseconds; `timeoutMs` bounds the whole prediction. */
  readonly inferenceTimeoutMs?: number | undefined
} & ConditionMembers &
  Omit<QueryOptions, 'vectors'>

interface EntityChoices {
  readonly entity: string
  readonly entities: readonly string[]
  readonly each: true
}

type Chosen<Name extends keyof EntityChoices> = Pick<EntityChoices, Name> & { readonly [Other in Exclude<keyof EntityChoices, Name>]?: undefined }

/** One entity, some, or each. */
export type PredictedEntities = Chosen<'entity'> | Chosen<'entities'> | Chosen<'each'>

export type PredictedTimes =
  | TimestampInput
  | readonly TimestampInput[]
  | { readonly from: TimestampInput; readonly to: TimestampInput; readonly step: IntervalInput; readonly endIncluded?: boolean }
  | { readonly horizon: number; readonly step: IntervalInput }

const KNOWN = [
  ...['entity', 'entities', 'each', 'at', 'context', 'using', 'model', 'fallback', 'inferenceTimeoutMs'],
  ...CONDITION_MEMBERS,
  ...['signal', 'timeoutMs', 'maxRows'],
]

/**
 * The statement that a typed request stands for, the same tree that its text would give.
 *
 * @throws {ArgumentError | InvalidTimestampError | InvalidEntityError}
 */
export function predictStatement(collection: string, request: PredictRequest): Predict {
  checkOptions('request', request, KNOWN)
  const { at, context, using, model, fallback, inferenceTimeoutMs } = request
  const entities = entitiesOf(request)
  return {
    kind: 'predict',
    items: { kind: 'items', list: undefined, ...NOWHERE },
    times: timesOf(at),
    entities,
    source: identifier(collection),
    where: conditionOf(request),
    context: context === undefined ? undefined : contextOf(context),
    using: usingOf(using, model),
    options: [
      ...(fallback === undefined ? [] : [option('fallback', text(fallback))]),
      ...(inferenceTimeoutMs === undefined ? [] : [option('timeout_ms', number(inferenceTimeoutMs))]),
    ],
    order: [],
    limit: undefined,
    ...NOWHERE,
  }
}

function entitiesOf(request: PredictRequest): Entities {
  const given = ['entity', 'entities', 'each'].filter((name) => name in request)
  if (given.length > 1) throw new ArgumentError('request', 'an object with one of entity, entities and each', `one with ${given.join(' and ')}`)
  if ('entity' in request) return { kind: 'entities', quantity: 'one', values: [text(toEntityId(request.entity))], lone: false, ...NOWHERE }
  if ('entities' in request) {
    if (!Array.isArray(request.entities)) throw new ArgumentError('entities', 'a list of entity ids', described(request.entities))
    return { kind: 'entities', quantity: 'list', values: request.entities.map((id) => text(toEntityId(id))), lone: false, ...NOWHERE }
  }
  if (request.each !== true) throw new ArgumentError('request', 'an object with entity, entities, or each: true', objectWith(request))
  return { kind: 'entities', quantity: 'each', values: [], lone: false, ...NOWHERE }
}

/** An object in words, by its members. */
function objectWith(request: object): string {
  const members = Object.entries(request).map(([name, value]) => (name === 'each' ? `each: ${described(value)}` : name))
  return members.length === 0 ? 'an empty object' : `one with ${members.join(' and ')}`
}

function timesOf(at: PredictedTimes | undefined): Times {
  if (at === undefined) throw new ArgumentError('at', "a moment such as '2030-12-31', a list of them, a grid or a horizon", 'undefined')
  if (Array.isArray(at)) {
    if (at.length === 0) throw new ArgumentError('at', 'at least one moment', 'an empty list')
    return { kind: 'times', list: at.map((one: TimestampInput) => time(one)), parenthesised: true, ...NOWHERE }
  }
  if (typeof at !== 'object' || at === null) return { kind: 'times', list: [time(at)], parenthesised: false, ...NOWHERE }
  if ('horizon' in at) return { kind: 'horizon', count: number(at.horizon), step: interval(at.step, 'at.step'), ...NOWHERE }
  if ('from' in at) {
    const { from, to, step, endIncluded = false } = at as Extract<PredictedTimes, { readonly from: TimestampInput }>
    return { kind: 'grid', from: time(from), to: time(to), step: interval(step, 'at.step'), endIncluded, ...NOWHERE }
  }
  return { kind: 'times', list: [time(at as TimestampInput)], parenthesised: false, ...NOWHERE }
}

export function contextOf(context: NonNullable<PredictRequest['context']>): ContextClause {
  checkOptions('context', context, ['last', 'since', 'until'])
  const { last, since, until } = context
  const bounds = {
    kind: 'range',
    between: undefined,
    last: last === undefined ? undefined : typeof last === 'number' ? number(last) : interval(last, 'context.last'),
    since: since === undefined ? undefined : time(since),
    until: until === undefined ? undefined : time(until),
    ...NOWHERE,
  } as const
  return { kind: 'context', bounds, ...NOWHERE }
}

export function usingOf(using: PredictRequest['using'], model: string | undefined): Using | undefined {
  if (using !== undefined && model !== undefined) throw new ArgumentError('model', 'absent where using is given', described(model))
  if (model !== undefined) return { kind: 'using-model', model: text(model), ...NOWHERE }
  if (using === undefined) return undefined
  const methods = typeof using === 'string' ? [using] : using
  if (!Array.isArray(methods) || methods.some((name) => typeof name !== 'string'))
    throw new ArgumentError('using', 'the name of a method, or a list of names', described(using))
  return { kind: 'using-methods', methods: methods.map(identifier), ...NOWHERE }
}

export function time(input: TimestampInput): Time {
  return { kind: 'time', base: number(toTimestamp(input)), shifts: [], ...NOWHERE }
}

/** `'latest'` is LATEST. */
export function timeOrLatest(input: TimestampInput | 'latest'): Time {
  return input === 'latest' ? { kind: 'time', base: { kind: 'latest', ...NOWHERE }, shifts: [], ...NOWHERE } : time(input)
}

export function interval(input: IntervalInput, argument: string): IntervalNode {
  if (typeof input === 'number' && Number.isFinite(input))
    return { kind: 'interval', value: { kind: 'duration', amount: input, unit: 'ms', ...NOWHERE }, worded: false, ...NOWHERE }
  if (typeof input === 'string' && parseInterval(input) !== undefined) return { kind: 'interval', value: text(input), worded: true, ...NOWHERE }
  throw new ArgumentError(argument, `milliseconds, or text such as '7 days' (${INTERVAL_UNITS})`, described(input))
}

export function option(name: string, value: TextLiteral | NumberLiteral): Option {
  return { kind: 'option', name: identifier(name), value, ...NOWHERE }
}

export function text(value: string): TextLiteral {
  return { kind: 'text', value, ...NOWHERE }
}

export function number(value: number): NumberLiteral {
  return { kind: 'number', value, ...NOWHERE }
}

export function identifier(name: string): Identifier {
  return { kind: 'identifier', name, ...NOWHERE }
}
