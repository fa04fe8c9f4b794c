import { QueryLimitError } from '../../errors.js'
import type { Compiled, Kind, Scope, Space } from '../expression/compiled.js'
import type { BoundTime } from '../expression/value-binder.js'
import type { ContextClause, Items, Option, Predict, Times, Using } from '../syntax/statement.js'
import { type Binder, bindCondition, bindEntities, bindLimit, bindOrder, bindRange, bindSource } from './bind-clauses.js'
import type { BoundContext, BoundPredict, BoundTimes, OutputColumn } from './bound.js'
import { gridTimes, STEPS_MAX } from './grid.js'
import { entityScope, noAggregates } from './select-scope.js'

/** The longest context that a statement may ask for, in observations. */
export const CONTEXT_MAX = 4096

/** The columns of a PREDICT row, in their order, with what they hold. */
export const PREDICT_COLUMNS: Readonly<Record<string, Kind>> = {
  entity: 'text',
  timestamp: 'time',
  vector: 'vector',
  kind: 'text',
  horizon_ms: 'number',
  last_timestamp: 'time',
  context_count: 'number',
  method: 'text',
  model: 'text',
  fallback_reason: 'text',
  status: 'text',
}
const NAMES = Object.keys(PREDICT_COLUMNS)
/** Every answer says these, whatever columns were asked for. */
const ALWAYS = ['status', 'method', 'fallback_reason']
const ALL_COLUMNS = NAMES.map((name) => output(name, name))

function predictScope(space: Space): Scope {
  return {
    names: NAMES,
    what: 'column of PREDICT',
    space,
    column: (name) => (Object.hasOwn(PREDICT_COLUMNS, name) ? column(name) : undefined),
    root: () => undefined,
    aggregate: noAggregates,
  }
}

function column(name: string): Compiled {
  return { kind: PREDICT_COLUMNS[name]!, evaluate: (row: Readonly<Record<string, unknown>>) => row[name] ?? null }
}

function output(name: string, as: string): OutputColumn {
  return { name: as, evaluate: column(name).evaluate, isVector: name === 'vector' }
}

export function bindPredict(statement: Predict, binder: Binder): BoundPredict {
  const collection = bindSource(statement.source, statement, binder)
  const columns = bindItems(statement.items, binder)
  return {
    kind: 'predict',
    collection,
    columns,
    isWholeRow: columns === ALL_COLUMNS,
    entities: bindEntities(statement.entities, collection, binder),
    where: bindCondition(statement.where, entityScope(collection), binder),
    times: bindTimes(statement.times, binder),
    context: bindContext(statement.context, binder),
    ...bindUsing(statement.using, binder),
    ...bindOptions(statement.options, binder),
    order: bindOrder(statement.order, predictScope(collection), () => namedItems(statement.items), binder),
    limit: bindLimit(statement.limit, binder),
  }
}

export function bindContext(clause: ContextClause | undefined, binder: Binder): BoundContext {
  const context = bindRange(clause?.bounds, 'CONTEXT', binder)
  if (context.last !== undefined && 'count' in context.last && context.last.count > CONTEXT_MAX) {
    throw binder.mistakes.type(clause!, `CONTEXT LAST may be at most ${CONTEXT_MAX} observations; this is ${context.last.count}.`)
  }
  return context
}

/** `vector` alone and `*` are the whole row; named columns are those, and what every answer says. */
function bindItems({ list }: Items, { mistakes }: Binder): readonly OutputColumn[] {
  if (list === undefined || (list.length === 1 && list[0]!.name.name === 'vector' && list[0]!.alias === undefined)) return ALL_COLUMNS
  const chosen = list.map(({ name, alias }) => {
    const known = name.name.toLowerCase()
    if (!Object.hasOwn(PREDICT_COLUMNS, known)) throw mistakes.unknown(name, 'no column of PREDICT', name.name, NAMES)
    return output(known, alias?.name ?? known)
  })
  const taken = new Set(list.map(({ name, alias }) => alias?.name ?? name.name.toLowerCase()))
  if (taken.has('__proto__')) throw mistakes.syntax(list.at(-1)!, 'No column can be called "__proto__". Give it another name with AS.')
  if (taken.size < list.length) throw mistakes.syntax(list.at(-1)!, 'Two columns have the same name. Give one another name with AS.')
  return [...chosen, ...ALWAYS.filter((name) => !taken.has(name)).map((name) => output(name, name))]
}

/** By its name in lower case: what AS calls the columns. */
function namedItems({ list }: Items): ReadonlyMap<string, Compiled> {
  return new Map(
    (list ?? []).flatMap(({ name, alias }) => (alias === undefined ? [] : [[alias.name.toLowerCase(), column(name.name.toLowerCase())]])),
  )
}

function bindTimes(node: Times, { values, mistakes }: Binder): BoundTimes {
  switch (node.kind) {
    case 'times':
      return { kind: 'list', list: values.times(node.list, node.parenthesised) }
    case 'horizon': {
      const step = values.interval(node.step)
      if (step.months < 0 || step.ms < 0 || step.months + step.ms === 0) throw mistakes.type(node.step, 'STEP should go forward in time.')
      return { kind: 'horizon', count: values.count(node.count, 'HORIZON', { min: 1, max: STEPS_MAX }), step, beyond: () => values.beyond(node) }
    }
    case 'grid': {
      const from = values.instant(node.from, 'A grid')
      const to = values.instant(node.to, 'A grid')
      const step = values.interval(node.step)
      if (step.months < 0 || step.ms < 0 || step.months + step.ms === 0) throw mistakes.type(node.step, 'STEP should go forward in time.')
      if (to < from) throw mistakes.type(node, 'This grid ends before it begins. Swap its ends.')
      const times = gridTimes(from, to, step, node.endIncluded, STEPS_MAX)
      if (times === undefined)
        throw new QueryLimitError(`This grid has more than ${STEPS_MAX} moments. Take a longer STEP or a shorter span.`, STEPS_MAX, undefined)
      if (times.length === 0) throw mistakes.type(node, 'This grid has no moment: FROM .. TO leaves out its end. Write BETWEEN .. AND to include it.')
      return { kind: 'list', list: times.map((at): BoundTime => ({ kind: 'instant', at })) }
    }
  }
}

export function bindUsing(using: Using | undefined, { values, mistakes, catalog }: Binder): Pick<BoundPredict, 'methods' | 'model'> {
  if (using === undefined) return { methods: undefined, model: undefined }
  if (using.kind === 'using-model') return { methods: undefined, model: values.text(using.model, 'A model') }
  const known = catalog.methodNames()
  for (const { name, ...span } of using.methods) {
    if (!known.includes(name)) throw mistakes.unknown(span, 'no method', name, known)
  }
  return { methods: using.methods.map(({ name }) => name), model: undefined }
}

const OPTIONS = ['fallback', 'timeout_ms']

export function bindOptions(options: readonly Option[], { values, mistakes, catalog }: Binder): Pick<BoundPredict, 'fallback' | 'timeoutMs'> {
  let fallback: string | undefined
  let timeoutMs: number | undefined
  for (const { name, value } of options) {
    if (value.kind === 'time') throw mistakes.type(value, `${name.name} does not take a time.`)
    switch (name.name.toLowerCase()) {
      case 'fallback': {
        fallback = values.text(value, 'fallback')
        const known = ['error', ...catalog.methodNames()]
        if (!known.includes(fallback)) throw mistakes.missing(value, 'predictor', fallback, known)
        break
      }
      case 'timeout_ms': {
        const given = values.value(value)
        if (typeof given !== 'number' || !(given >= 1 && given <= 86_400_000))
          throw mistakes.type(value, 'timeout_ms should be milliseconds, from 1 to 86400000.')
        timeoutMs = given
        break
      }
      default:
        throw mistakes.unknown(name, 'no option of PREDICT', name.name, OPTIONS)
    }
  }
  return { fallback, timeoutMs }
}
