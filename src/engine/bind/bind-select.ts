import { type Compiled, KIND_IN_WORDS, type Scope } from '../expression/compiled.js'
import { compile } from '../expression/expression.js'
import { hasAggregate } from '../syntax/expression-parts.js'
import { printExpression } from '../syntax/print-expression.js'
import type { Column, Expression, Identifier, Select, Span } from '../syntax/statement.js'
import { ALWAYS, isNever, type TimeBounds } from '../time-bounds.js'
import { type Binder, bindCondition, bindEntities, bindLimit, bindOrder, bindRange, bindSource, withNames } from './bind-clauses.js'
import { bindSample } from './bind-sample.js'
import { bindWhere } from './bind-where.js'
import type { BoundEntities, BoundRange, BoundSelect } from './bound.js'
import { GroupScope } from './group-scope.js'
import { SAMPLE_STAR, SampleScope } from './sample-scope.js'
import { SELECT_STAR, SelectScope } from './select-scope.js'

export function bindSelect(statement: Select, binder: Binder): BoundSelect {
  const { sample, group } = statement
  const collection = bindSource(statement.source, statement, binder)
  const named: BoundEntities = statement.entities === undefined ? { kind: 'each' } : bindEntities(statement.entities, collection, binder)
  const { entities, where, window, uses } = bindWhere(statement.where, named, collection, inWhere, binder)
  const isGrouped = group !== undefined || expressionsOf(statement).some(hasAggregate)
  const rows = sample === undefined || isGrouped ? new SelectScope(collection, nested) : new SampleScope(collection, nested)
  const groups = isGrouped ? new GroupScope(rows, { entity: group !== undefined, bucket: sample !== undefined }) : undefined
  const scope = groups ?? rows
  const columns = bindColumns(statement, scope, binder)
  const aliases = namedColumns(columns)
  const having = bindCondition(group?.having, withNames(aliases, scope), binder)
  const order = bindOrder(statement.order, scope, () => aliases, binder)
  const range = bindExtent(statement, binder)
  return {
    kind: 'select',
    collection,
    columns: columns.map(({ name, compiled }) => ({ name, evaluate: compiled.evaluate, isVector: compiled.kind === 'vector' })),
    entities,
    range,
    sample: sample && bindSample(sample, { filter: uses, rows, isGrouped }, binder),
    where,
    window: windowOf(window, range),
    grouping: groups && { byEntity: group !== undefined, aggregates: groups.aggregates, texts: groups.texts },
    having,
    order,
    limit: bindLimit(statement.limit, binder),
    reads: {
      vectors: uses.vectors || rows.vectors,
      vectorsToShow: rows.shownVectors,
      payloads: uses.payloads || rows.payloads,
    },
  }
}

function inWhere(name: string): string {
  return `WHERE chooses observations before ${name} is taken of them. Put conditions on aggregates behind GROUP BY entity, as HAVING.`
}

function nested(name: string): string {
  return `${name} stands inside of another aggregate, which takes single observations. Take one of both.`
}

/** What can hold an aggregate. */
function expressionsOf({ columns, order }: Select): readonly Expression[] {
  return [...(columns.list ?? []), ...order].map(({ expression }) => expression)
}

/** AS OF is the newest one at or before its time; it stands instead of a range. */
function bindExtent({ asOf, range, sample }: Select, binder: Binder): BoundRange {
  if (asOf === undefined) return bindRange(range, range?.between === undefined ? 'This bound' : 'BETWEEN', binder)
  const { values, mistakes } = binder
  if (range !== undefined) throw mistakes.syntax(range, 'AS OF already chooses one observation of each entity. Leave out either AS OF or this range.')
  if (sample !== undefined)
    throw mistakes.syntax(
      sample,
      'AS OF chooses one observation of each entity, and SAMPLE BY needs a stretch of time. For what was known then write UNTIL and the time.',
    )
  const latest = asOf.base.kind === 'latest' && asOf.shifts.length === 0
  return { from: undefined, to: latest ? undefined : values.instant(asOf, 'AS OF'), last: { count: 1 } }
}

/** When WHERE can be true, as far as less can be read for it. Of the newest n of a range an earlier end would choose others: there it stays open. */
function windowOf(window: TimeBounds, { last }: BoundRange): TimeBounds {
  return last !== undefined && 'count' in last && !isNever(window) ? { ...window, to: ALWAYS.to } : window
}

/** A column of the result. */
interface SelectedColumn {
  readonly name: string
  readonly alias: Identifier | undefined
  readonly compiled: Compiled
}

function bindColumns({ columns, sample }: Select, scope: Scope, binder: Binder): readonly SelectedColumn[] {
  const { mistakes } = binder
  const { list } = columns
  if (list === undefined) {
    if (scope instanceof GroupScope)
      throw mistakes.syntax(columns, '* is the columns of single observations. Beside GROUP BY and aggregates name what to show: entity, count(*).')
    const star = sample === undefined ? SELECT_STAR : SAMPLE_STAR
    return star.map((name) => ({ name, alias: undefined, compiled: compiledColumn(starColumn(name, columns), scope, binder) }))
  }
  const taken = new Set<string>()
  return list.map(({ expression, alias, ...span }) => {
    const name = alias?.name ?? printExpression(expression)
    if (name === '__proto__') throw mistakes.syntax(span, 'No column can be called "__proto__". Give it another name with AS.')
    if (taken.has(name)) throw mistakes.syntax(span, `Two columns are called "${name}". Give one another name with AS.`)
    taken.add(name)
    return { name, alias, compiled: compiledColumn(expression, scope, binder) }
  })
}

function compiledColumn(expression: Expression, scope: Scope, { values, mistakes }: Binder): Compiled {
  const isVector = expression.kind === 'column-reference' && expression.name.toLowerCase() === 'vector'
  if (isVector && scope instanceof SelectScope) return scope.shownVector()
  const compiled = compile(expression, scope, values)
  if (compiled.kind === 'interval') throw mistakes.type(expression, `A column cannot hold ${KIND_IN_WORDS.interval}. Add it to a time.`)
  return compiled
}

/** By its name in lower case: what AS calls the columns. */
function namedColumns(columns: readonly SelectedColumn[]): ReadonlyMap<string, Compiled> {
  return new Map(columns.flatMap(({ alias, compiled }) => (alias === undefined ? [] : [[alias.name.toLowerCase(), compiled]])))
}

function starColumn(name: string, { start, end }: Span): Column['expression'] {
  if (name === 'payload') return { kind: 'path', root: 'payload', names: [], start, end }
  return { kind: 'column-reference', name, start, end }
}
