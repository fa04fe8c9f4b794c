import { type Binder, bindCondition, bindEntities, bindLimit, bindOrder, bindRange, bindSource } from './bind-clauses.js'
import type { BoundRange, BoundSelect, OutputColumn } from './bound.js'
import { type Compiled, compile } from './expression.js'
import { printExpression } from './print-expression.js'
import { SELECT_STAR, SelectScope } from './select-scope.js'
import type { Columns, Expression, Select } from './statement.js'

export function bindSelect(statement: Select, binder: Binder): BoundSelect {
  const scope = new SelectScope()
  const collection = bindSource(statement.source, statement, binder)
  const columns = bindColumns(statement.columns, scope, binder)
  const where = bindCondition(statement.where, scope, binder)
  const order = bindOrder(statement.order, scope, () => namedColumns(statement.columns, scope, binder), binder)
  return {
    kind: 'select',
    collection,
    columns,
    entities: statement.entities === undefined ? { kind: 'each' } : bindEntities(statement.entities, collection, binder),
    range: bindExtent(statement, binder),
    where,
    order,
    limit: bindLimit(statement.limit, binder),
    reads: { vectors: scope.vectors, payloads: scope.payloads },
  }
}

/** AS OF is the newest one at or before its time; it stands instead of a range. */
function bindExtent({ asOf, range }: Select, binder: Binder): BoundRange {
  if (asOf === undefined) return bindRange(range, range?.between === undefined ? 'This bound' : 'BETWEEN', binder)
  const { values, mistakes } = binder
  if (range !== undefined) throw mistakes.syntax(range, 'AS OF already chooses one observation of each entity. Leave out either AS OF or this range.')
  const latest = asOf.base.kind === 'latest' && asOf.shifts.length === 0
  return { from: undefined, to: latest ? undefined : values.instant(asOf, 'AS OF'), last: { count: 1 } }
}

function bindColumns({ list }: Columns, scope: SelectScope, binder: Binder): readonly OutputColumn[] {
  if (list === undefined) return SELECT_STAR.map((name) => outputOf(reference(name), name, scope, binder))
  const columns = list.map(({ expression, alias }) => outputOf(expression, alias?.name ?? printExpression(expression), scope, binder))
  const names = new Set(columns.map(({ name }) => name))
  if (names.has('__proto__')) throw binder.mistakes.syntax(list.at(-1)!, 'No column can be called "__proto__". Give it another name with AS.')
  if (names.size < columns.length) throw binder.mistakes.syntax(list.at(-1)!, 'Two columns have the same name. Give one another name with AS.')
  return columns
}

/** By its name in lower case: what AS calls the columns. */
function namedColumns({ list }: Columns, scope: SelectScope, { values }: Binder): ReadonlyMap<string, Compiled> {
  return new Map(
    (list ?? []).flatMap(({ alias, expression }) => (alias === undefined ? [] : [[alias.name.toLowerCase(), compile(expression, scope, values)]])),
  )
}

function outputOf(expression: Expression, name: string, scope: SelectScope, { values }: Binder): OutputColumn {
  const { kind, evaluate } = compile(expression, scope, values)
  return { name, evaluate, isVector: kind === 'vector' }
}

function reference(name: (typeof SELECT_STAR)[number]): Expression {
  if (name === 'payload') return { kind: 'path', root: 'payload', names: [], start: 0, end: 0 }
  return { kind: 'column-reference', name, start: 0, end: 0 }
}
