import type { Route, RouteStep } from '../../analytics/index.js'
import { unreachable } from '../../errors.js'
import { formatInterval } from '../../interval.js'
import { formatTimestamp } from '../../timestamp.js'
import type { BoundEntities, BoundGrouping, BoundPredict, BoundRange, BoundSample, BoundSelect, BoundTimes } from '../bind/bound.js'
import { isOfCollection } from '../bind/known-aggregates.js'
import { execute } from '../execute.js'
import type { SearchMeta } from '../nearest/search-meta.js'
import type { Plan } from '../plan.js'
import type { Context, Trace } from '../running.js'
import { isPredicting } from '../select/sample-rows.js'
import { openSnapshot } from '../stop.js'
import { printExpression } from '../syntax/print-expression.js'
import { ALWAYS, intersection, type TimeBounds } from '../time-bounds.js'
import { boundsInWords } from './bounds-in-words.js'
import { candidatesDetail, nearestDetail, searchDetail, testedDetail } from './explain-nearest.js'

/** One operator or detail of a plan; `rows` and `elapsed_ms` after EXPLAIN ANALYZE. */
export interface ExplainRecord {
  /** Indented by two spaces a level. */
  operation: string
  detail: string
  rows?: number | null
  elapsed_ms?: number | null
}

/** Tells what a plan does, in tree order; with `analyze` it is run, and each operator says how many rows it gave and in what time. */
export async function explain(plan: Plan, context: Context, analyze: boolean): Promise<ExplainRecord[]> {
  let search: SearchMeta | undefined
  const measured = new Map<Plan, { readonly rows: number; readonly elapsedMs: number }>()
  if (analyze) {
    const trace: Trace = (operator, rows, elapsedMs) => measured.set(operator, { rows, elapsedMs })
    const report = (meta: SearchMeta) => {
      search = meta
      context.report?.(meta)
    }
    for await (const _ of execute(plan, { ...context, trace, report })) context.stop.check()
  }
  const records: ExplainRecord[] = []
  for (const { level, operation, detail, operator } of await lines(plan, 0, { ...context, search })) {
    const record = { operation: '  '.repeat(level) + operation, detail }
    const times = operator && measured.get(operator)
    records.push(analyze ? { ...record, rows: times?.rows ?? null, elapsed_ms: times === undefined ? null : rounded(times.elapsedMs) } : record)
  }
  return records
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

/** `search`: how the NEAREST of this plan was answered, after ANALYZE. */
type Explained = Context & { readonly search: SearchMeta | undefined }

interface Line {
  readonly level: number
  readonly operation: string
  readonly detail: string
  readonly operator?: Plan
}

async function lines(plan: Plan, level: number, context: Explained): Promise<Line[]> {
  const line = (operation: string, detail: string): Line => ({ level, operation, detail, operator: plan })
  switch (plan.kind) {
    case 'project':
      return [line('project', plan.columns.map(({ name }) => name).join(', ')), ...(await lines(plan.input, level + 1, context))]
    case 'limit':
      return [line('limit', `${plan.limit.count} rows after ${plan.limit.offset}`), ...(await lines(plan.input, level + 1, context))]
    case 'sort':
      return [
        line(
          'sort',
          plan.keys.map(({ expression, descending }) => `${printExpression(expression)} ${descending ? 'descending' : 'ascending'}`).join(', '),
        ),
        ...(await lines(plan.input, level + 1, context)),
      ]
    case 'filter':
      return [line('filter', printExpression(plan.condition.expression)), ...(await lines(plan.input, level + 1, context))]
    case 'catalog':
      return [line('catalog', plan.query.kind === 'show' ? plan.query.what : plan.query.kind)]
    case 'scan':
      return [line('scan', scanDetail(plan.query))]
    case 'aggregate':
      return [line('aggregate', aggregateDetail(plan.query)), ...(await lines(plan.input, level + 1, context))]
    case 'record-aggregate':
      return [line('aggregate', aggregateDetail(plan.query)), { level: level + 1, operation: 'records', detail: recordsDetail(plan.query) }]
    case 'sample':
      return [line('sample', sampleDetail(plan.query)), ...(await sampleLines(plan.query, level + 1, context))]
    case 'predict':
      return [line('predict', predictDetail(plan.query)), ...(await predictLines(plan.query, level + 1, context))]
    case 'nearest':
      return [line('nearest', nearestDetail(plan.query)), ...(await nearestLines(plan, level + 1, context))]
    default:
      return unreachable(plan)
  }
}

async function nearestLines({ query, target }: Extract<Plan, { kind: 'nearest' }>, level: number, context: Explained): Promise<Line[]> {
  const { scope } = query
  const nested = target === undefined ? [] : [{ level, operation: 'target', detail: 'one prediction' }, ...(await lines(target, level + 1, context))]
  const found = { level, operation: 'search', detail: searchDetail(query, context.search, context.kernels()) }
  if (scope.kind === 'predicted') {
    const predicted = { level: level + 1, operation: 'predict', detail: predictDetail(scope.prediction) }
    return [...nested, found, predicted, ...(await predictLines(scope.prediction, level + 2, context))]
  }
  const filters = scope.where === undefined ? [] : [{ level: level + 1, operation: 'filter', detail: testedDetail(scope.where) }]
  return [...nested, found, ...filters, { level: level + 1, operation: 'candidates', detail: candidatesDetail(query, scope) }]
}

function scanDetail(query: BoundSelect): string {
  const tested = query.where.ofObservation === undefined ? [] : ['tested row by row']
  return [entitiesDetail(query), readDetail(query.range, query.window), ...tested].join(', ')
}

/** No observation is read. */
function recordsDetail(query: BoundSelect & { readonly grouping: BoundGrouping }): string {
  if (isOfCollection(query)) return `"${query.collection.name}", its own record, which counts them; no observation is read`
  return `${entitiesDetail(query)}, their own records; no observation is read`
}

/** What is asked once an entity stands beside them: `"words", all 128 entities with attributes.topic = 'environment'`. */
function entitiesDetail({ collection, entities, where }: BoundSelect): string {
  const count = entities.kind === 'each' ? `all ${collection.entityCount} entities` : named(entities)
  const kept = where.ofEntity === undefined ? '' : ` with ${printExpression(where.ofEntity.expression)}`
  return `"${collection.name}", ${count}${kept}`
}

function aggregateDetail({ grouping, sample, range }: BoundSelect & { readonly grouping: BoundGrouping }): string {
  const taken = grouping.texts.length === 0 ? 'nothing' : grouping.texts.join(', ')
  const groups = grouping.byEntity ? 'of each entity' : 'of all entities'
  return sample === undefined ? `${taken} ${groups}` : `${taken} ${groups}, ${gridDetail(sample, range)}`
}

function sampleDetail({ sample, range }: BoundSelect): string {
  return `the last of each entity, ${gridDetail(sample!, range)}`
}

function gridDetail({ step, fill }: BoundSample, { from }: BoundRange): string {
  const origin = from === undefined ? 'by the UTC calendar' : `from ${formatTimestamp(from)}`
  return `in buckets of ${formatInterval(step)} ${origin}${fill === 'none' ? '' : `, empty ones filled: ${fill}`}`
}

async function sampleLines(query: BoundSelect, level: number, { analytics, stop }: Context): Promise<Line[]> {
  const { where, collection } = query
  const scan = { level, operation: 'scan', detail: scanDetail(query) }
  const read =
    where.ofObservation === undefined
      ? [scan]
      : [
          { level, operation: 'filter', detail: printExpression(where.ofObservation.expression) },
          { ...scan, level: level + 1 },
        ]
  if (!isPredicting(query)) return read
  const route = await stop.race(analytics.route({ collection }))
  return [...read, { level, operation: 'route', detail: route.reason }, ...routeLines(route, level + 1)]
}

function predictDetail({ collection, entities, times, where }: BoundPredict): string {
  const who =
    entities.kind === 'each'
      ? `${where === undefined ? '' : 'those of '}${collection.entityCount} entities${where === undefined ? '' : ` with ${printExpression(where.expression)}`}`
      : named(entities)
  return `"${collection.name}", ${who} x ${timesDetail(times)}`
}

function named({ ids }: Extract<BoundEntities, { kind: 'ids' }>): string {
  return ids.length === 1 ? `entity '${ids[0]}'` : `${ids.length} named entities`
}

function timesDetail(times: BoundTimes): string {
  if (times.kind === 'horizon') return `${times.count} steps of ${formatInterval(times.step)}`
  const [only] = times.list
  if (only === undefined || times.list.length > 1) return `${times.list.length} times`
  return only.kind === 'instant' ? formatTimestamp(only.at) : `${only.kind.toUpperCase()} of each entity`
}

function rangeDetail(range: BoundRange): string {
  return readDetail(range, ALWAYS)
}

/** @param window  What narrows the range further. */
function readDetail({ from, to, last }: BoundRange, window: TimeBounds): string {
  const parts = [
    ...(last === undefined ? [] : ['count' in last ? `newest ${last.count} of each` : `last ${formatInterval(last.interval)} of each`]),
    ...boundsInWords(intersection({ from: from ?? ALWAYS.from, to: to ?? ALWAYS.to }, window)),
  ]
  return parts.length === 0 ? 'all times' : parts.join(', ')
}

async function predictLines(query: BoundPredict, level: number, { analytics, stop, store }: Context): Promise<Line[]> {
  const { collection, context, entities } = query
  const route = await stop.race(analytics.route(query))
  const asked = context.last === undefined ? `newest ${route.context} of each` : ''
  const snapshot = entities.kind === 'ids' && entities.ids.length === 1 ? await openSnapshot(store, stop) : undefined
  try {
    const [entity] = snapshot === undefined || entities.kind === 'each' ? [] : await snapshot.findEntities(collection, entities.ids)
    const there = entity === undefined ? '' : `; '${entity.id}' has ${entity.observationCount} observations`
    return [
      { level, operation: 'context', detail: [asked, rangeDetail(context)].filter((part) => part !== '' && part !== 'all times').join(', ') + there },
      { level, operation: 'route', detail: route.reason },
      ...routeLines(route, level + 1),
    ]
  } finally {
    snapshot?.release()
  }
}

function routeLines({ steps, failsWhenRefused }: Route, level: number): Line[] {
  const tried = steps.map((step) => ({ level, operation: step.method, detail: stepDetail(step) }))
  return failsWhenRefused ? [...tried, { level, operation: 'error', detail: "fallback = 'error': when all of these refuse" }] : tried
}

function stepDetail({ role, model, shut, predictor }: RouteStep): string {
  const { min, max } = predictor.context
  return [
    { asked: 'asked for', fallback: 'fallback', last: 'last resort' }[role],
    observationsInWords(min, max),
    ...(model === undefined ? [] : [`model ${model.name}`]),
    ...(model?.sha256 === undefined ? [] : [`sha256 ${model.sha256}`]),
    ...(model?.device === undefined ? [] : [`on ${model.device}`]),
    ...(shut === undefined ? [] : [`will refuse: ${shut.reason}. ${shut.message}`]),
  ].join(', ')
}

function observationsInWords(min: number, max: number | undefined): string {
  if (max === undefined) return `${min} or more observations`
  if (min === max) return min === 1 ? '1 observation' : `${min} observations`
  return `${min} to ${max} observations`
}
