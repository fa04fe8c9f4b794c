import { described } from '../../errors.js'
import { addIntervals } from '../../interval.js'
import type { CollectionRecord, EntityRecord } from '../../storage/index.js'
import type { Timestamp } from '../../timestamp.js'
import type { Compiled, Evaluate, Scope } from '../expression/compiled.js'
import { test } from '../expression/expression.js'
import { timeBoundsOf } from '../expression/time-condition.js'
import type { Expression, Nearest, Option } from '../syntax/statement.js'
import { ALWAYS, intersection, isNever, type TimeBounds } from '../time-bounds.js'
import { type Binder, bindCondition, bindEntities, bindLimit, bindSource } from './bind-clauses.js'
import { bindContext, bindOptions, bindUsing } from './bind-predict.js'
import { bindReturn } from './bind-return.js'
import { bindTarget, isLatest } from './bind-target.js'
import { allOf, bindNamed } from './bind-where.js'
import type { BoundCondition, BoundContext, BoundEntities, BoundNearest, BoundPredict, BoundScope, BoundSearchCondition } from './bound.js'
import { entityScope, SelectScope } from './select-scope.js'

/** The most neighbours that can be asked for. */
export const K_MAX = 1_000_000_000
const OPTIONS = ['alpha', 'at', 'fallback', 'timeout_ms']
/** Looking an entity up takes the time of going past so many of them in memory. */
const PASSED_A_LOOKUP = 64
/** Those that say how candidates are predicted. */
const PREDICTING = ['fallback', 'timeout_ms']

export function bindNearest(statement: Nearest, binder: Binder): BoundNearest {
  const { values } = binder
  const collection = bindSource(statement.source, statement, binder)
  const named: BoundEntities = statement.entities === undefined ? { kind: 'each' } : bindEntities(statement.entities, collection, binder)
  const { scope, entities } = bindScope(statement, collection, named, binder)
  const ranking = bindRanking(statement.options, binder)
  const isPredicted = scope.kind === 'predicted'
  return {
    kind: 'nearest',
    collection,
    ...bindReturn(statement.items, { isPredicted, isScored: ranking.alpha !== undefined }, binder),
    k: values.count(statement.count, 'NEAREST', { min: 1, max: K_MAX }),
    target: bindTarget(statement.target, statement.source, collection, isPredicted ? scope.prediction.context.to : undefined, binder),
    scope,
    entities,
    within: bindWithin(statement.within, binder),
    perEntity: statement.perEntity && values.count(statement.perEntity, 'PER ENTITY', { min: 1 }),
    alpha: ranking.alpha,
    reference: ranking.at ?? referenceOf(scope),
    limit: bindLimit(statement.limit, binder),
  }
}

/** The moment that a scope is about; undefined: AS OF LATEST is about its newest candidate's. */
function referenceOf(scope: BoundScope): Timestamp | undefined {
  if (scope.kind === 'predicted') return scope.at
  const { to } = scope.extent
  return to === Number.POSITIVE_INFINITY ? undefined : to
}

/** `entities`: those that FOR names, or WHERE of what is stored. Of predictions an unknown one would be counted, and WHERE knows only those that are there. */
function bindScope(
  statement: Nearest,
  collection: CollectionRecord,
  entities: BoundEntities,
  binder: Binder,
): Pick<BoundNearest, 'scope' | 'entities'> {
  const { scope } = statement
  if (scope?.kind === 'predicted') {
    const at = binder.values.instant(scope.at, 'PREDICTED AT')
    return { scope: { kind: 'predicted', at, prediction: bindPrediction(statement, at, collection, entities, binder) }, entities }
  }
  rejectPredicting(statement, binder)
  const { choice, ...extent } = bindExtent(scope, binder)
  const { where, entities: asked, ...narrowed } = bindWhere(statement.where, { choice, ...extent }, entities, collection, binder)
  return { scope: { kind: 'stored', choice, ...narrowed, extent, where }, entities: asked }
}

type Extent = Pick<Extract<BoundScope, { kind: 'stored' }>, 'choice' | 'from' | 'to'>

function bindExtent(scope: Exclude<Nearest['scope'], { kind: 'predicted' }>, { values, mistakes }: Binder): Extent {
  const always: Extent = { choice: 'newest', ...ALWAYS }
  switch (scope?.kind) {
    case undefined:
      return always
    case 'as-of':
      return isLatest(scope.at) ? always : { ...always, to: values.instant(scope.at, 'AS OF') }
    case 'at': {
      const to = values.instant(scope.at, 'AT')
      if (scope.tolerance === undefined) return { choice: 'newest', from: to, to }
      const { months, ms } = values.interval(scope.tolerance)
      if (months < 0 || ms < 0) throw mistakes.type(scope.tolerance, 'TOLERANCE looks back from AT: it is a span of 0 or more.')
      const from = addIntervals(to, { months, ms }, -1)
      return { choice: 'newest', from: Number.isNaN(from) ? Number.NEGATIVE_INFINITY : from, to }
    }
    case 'window': {
      const [from, to] = [values.instant(scope.from, 'BETWEEN'), values.instant(scope.to, 'BETWEEN')]
      if (from > to) throw mistakes.type(scope, 'BETWEEN ends before it begins. Swap its ends.')
      return { choice: 'all', from, to }
    }
  }
}

/** What of a statement says how to predict, and has nothing to say of stored vectors. */
function rejectPredicting({ context, using, options }: Nearest, { mistakes }: Binder): void {
  const option = options.find(({ name }) => PREDICTING.includes(name.name.toLowerCase()))
  const clause = context ?? using ?? option?.name
  if (clause === undefined) return
  const what = clause.kind === 'context' ? 'CONTEXT' : clause.kind === 'identifier' ? `The option ${clause.name}` : 'USING'
  throw mistakes.syntax(
    clause,
    `${what} says how to predict, and these candidates are stored. It belongs to PREDICTED AT, or into the parentheses of TO (PREDICT ...).`,
  )
}

function bindPrediction(
  { where, context, using, options }: Nearest,
  at: Timestamp,
  collection: CollectionRecord,
  entities: BoundEntities,
  binder: Binder,
): BoundPredict {
  const bound: BoundContext = bindContext(context, binder)
  return {
    kind: 'predict',
    collection,
    columns: [],
    isWholeRow: true,
    entities,
    where: bindCondition(where, predictedScope(collection), binder),
    times: { kind: 'list', list: [{ kind: 'instant', at }] },
    context: bound,
    ...bindUsing(using, binder),
    ...bindOptions(
      options.filter(({ name }) => PREDICTING.includes(name.name.toLowerCase())),
      binder,
    ),
    order: [],
    limit: undefined,
  }
}

/** Of predictions, WHERE chooses entities. */
function predictedScope(collection: CollectionRecord): Scope {
  return {
    ...entityScope(collection),
    what: 'column for WHERE of NEAREST',
    refusal: (name) =>
      ['timestamp', 'vector', 'recorded_at', 'payload'].includes(name)
        ? `${name} is of stored observations, and candidates of PREDICTED AT are predictions. WHERE chooses them by entity and attributes.`
        : undefined,
    aggregate: () => ({ refusal: NO_AGGREGATES }),
  }
}

const NO_AGGREGATES = 'NEAREST has no aggregates. They are taken of stored observations, by SELECT.'

/** Columns of rows that candidates do not have. */
const RANKED = ['rank', 'distance', 'score', 'age_ms']

class CandidateScope extends SelectScope {
  override readonly what = 'column for WHERE of NEAREST'
  /** True once anything of observations but their time was looked at. */
  contents = false

  override column(name: string): Compiled | undefined {
    if (name === 'vector' || name === 'recorded_at') this.contents = true
    return super.column(name)
  }

  override root(name: 'payload' | 'attributes'): Compiled {
    if (name === 'payload') this.contents = true
    return super.root(name)
  }

  refusal(name: string): string | undefined {
    return RANKED.includes(name)
      ? `${name} is known once candidates are ranked, and WHERE chooses them before that. For a greatest distance write WITHIN.`
      : undefined
  }
}

/**
 * Takes AND apart. What names entities has them looked up, what says something of time alone narrows the search, and what is known of an entity is asked
 * once an entity; what is left has to be asked of one observation after the other, for which they are read.
 */
function bindWhere(
  where: Expression | undefined,
  { choice, ...extent }: Extent,
  given: BoundEntities,
  collection: CollectionRecord,
  binder: Binder,
): TimeBounds & { readonly where: BoundSearchCondition | undefined; readonly entities: BoundEntities } {
  const { values } = binder
  const newScope = () => new CandidateScope(collection, () => NO_AGGREGATES)
  const { entities, tested, rest } = bindNamed(where, given, collection, newScope(), PASSED_A_LOOKUP, binder)
  let window: TimeBounds = extent
  const [ofEntity, ofObservation]: [BoundCondition[], BoundCondition[]] = [[...tested], []]
  const needs = { vectors: false, payloads: false }
  for (const part of rest) {
    const scope = newScope()
    const { evaluate } = test(part, scope, values)
    const bounds = timeBoundsOf(part, scope, values)
    if (bounds !== undefined) {
      window = narrowed(window, bounds, choice)
      if (choice === 'all' || bounds.to >= extent.to || isNever(window)) continue
    }
    if (!scope.observations) ofEntity.push({ expression: part, evaluate })
    else if (!scope.contents && choice === 'newest' && extent.to === ALWAYS.to) ofEntity.push({ expression: part, evaluate: ofLast(evaluate) })
    else ofObservation.push({ expression: part, evaluate })
    needs.vectors ||= scope.vectors
    needs.payloads ||= scope.payloads
  }
  if (ofEntity.length + ofObservation.length === 0) return { ...window, entities, where: undefined }
  const expressions = { ofEntity: ofEntity.map(({ expression }) => expression), ofObservation: ofObservation.map(({ expression }) => expression) }
  return { ...window, entities, where: { expressions, ofEntity: allOf(ofEntity), ofObservation: allOf(ofObservation), needs } }
}

/** Of the newest ones an earlier end would choose others: that of the window stays. */
function narrowed(window: TimeBounds, bounds: TimeBounds, choice: Extent['choice']): TimeBounds {
  const both = intersection(window, bounds)
  return choice === 'all' || isNever(both) ? both : { ...both, to: window.to }
}

/** Of the last observation of all, the time is known with its entity. */
function ofLast(evaluate: Evaluate): Evaluate {
  return ({ entity }: { entity: EntityRecord }) => {
    const { lastTimestamp: timestamp } = entity
    return timestamp !== undefined && evaluate({ entity, observation: { timestamp } } as never)
  }
}

function bindWithin(within: Nearest['within'], { values, mistakes }: Binder): number | undefined {
  if (within === undefined) return undefined
  const value = values.value(within)
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw mistakes.type(within, `WITHIN takes a distance, a finite number; it is ${described(value)}.`)
}

/** `alpha`, and `at`: the moment from which ages are counted. */
function bindRanking(options: readonly Option[], { values, mistakes }: Binder): { readonly alpha?: number; readonly at?: Timestamp } {
  const ranking: { alpha?: number; at?: Timestamp } = {}
  for (const { name, value } of options) {
    const known = name.name.toLowerCase()
    if (known === 'alpha') {
      const alpha = value.kind === 'time' ? undefined : values.value(value)
      if (typeof alpha !== 'number' || !(alpha >= 0 && alpha <= 1))
        throw mistakes.type(value, 'alpha should be a number from 0, which ranks by age alone, to 1, which ranks by distance alone.')
      ranking.alpha = alpha
    } else if (known === 'at') {
      ranking.at = value.kind === 'time' ? values.instant(value, 'at') : values.moment(values.value(value), value)
    } else if (!OPTIONS.includes(known)) {
      throw mistakes.unknown(name, 'no option of NEAREST', name.name, OPTIONS)
    }
  }
  return ranking
}
