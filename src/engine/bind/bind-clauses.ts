import type { CollectionRecord } from '../../storage/index.js'
import type { Compiled, Scope } from '../expression/compiled.js'
import { compile, test } from '../expression/expression.js'
import type { ValueBinder } from '../expression/value-binder.js'
import type { Mistakes } from '../syntax/mistakes.js'
import type { Entities, Expression, Identifier, Limit, OrderKey, Range, Span } from '../syntax/statement.js'
import type { BoundCondition, BoundEntities, BoundLimit, BoundOrderKey, BoundRange } from './bound.js'

/** The names that a statement may use. */
export interface Catalog {
  collection(name: string): CollectionRecord | undefined
  collections(): readonly CollectionRecord[]
  /** Predictors, for USING and `fallback`. */
  methodNames(): readonly string[]
}

/** What binding one statement has at hand. */
export interface Binder {
  readonly values: ValueBinder
  readonly mistakes: Mistakes
  readonly catalog: Catalog
}

/** The collection that FROM names, or the only one there is. */
export function bindSource(source: Identifier | undefined, statement: Span, { catalog, mistakes }: Binder): CollectionRecord {
  if (source !== undefined) return namedCollection(source, catalog, mistakes)
  const all = catalog.collections()
  const [only] = all
  if (only !== undefined && all.length === 1) return only
  if (only === undefined)
    throw mistakes.syntax(statement, 'This database has no collection yet. Make one with db.createCollection(name, { dimension }).')
  const names = all.map(({ name }) => name)
  throw mistakes.syntax(statement, `This database has ${all.length} collections; say which one with FROM: ${names.slice(0, 12).join(', ')}.`)
}

export function namedCollection({ name, ...span }: Identifier, catalog: Catalog, mistakes: Mistakes): CollectionRecord {
  const collection = catalog.collection(name)
  if (collection !== undefined) return collection
  throw mistakes.unknown(
    span,
    'no collection',
    name,
    catalog.collections().map((known) => known.name),
    'collection',
  )
}

export function bindEntities(node: Entities, collection: CollectionRecord, { values, mistakes }: Binder): BoundEntities {
  if (node.quantity === 'each') return { kind: 'each' }
  const ids = values.texts(node.values, node.lone, 'An entity id', node)
  if (node.quantity === 'list') return { kind: 'ids', ids, missing: undefined }
  const missing = (known: readonly string[]) => mistakes.missing(node.values[0]!, 'entity', ids[0]!, known, ` in collection "${collection.name}"`)
  return { kind: 'ids', ids, missing }
}

export function bindRange(range: Range | undefined, clause: string, { values, mistakes }: Binder): BoundRange {
  if (range === undefined) return { from: undefined, to: undefined, last: undefined }
  const { between, since, until, last } = range
  const from = between === undefined ? since && values.instant(since, clause) : values.instant(between.from, clause)
  const to = between === undefined ? until && values.instant(until, clause) : values.instant(between.to, clause)
  if (from !== undefined && to !== undefined && from > to) throw mistakes.type(range, `${clause} ends before it begins. Swap its ends.`)
  return { from, to, last: last && values.countOrInterval(last, 'LAST') }
}

export function bindCondition(where: Expression | undefined, scope: Scope, { values }: Binder): BoundCondition | undefined {
  return where && { expression: where, evaluate: test(where, scope, values).evaluate }
}

/** @param columns  Columns that the statement has given names with AS: those come first. */
export function bindOrder(
  keys: readonly OrderKey[],
  scope: Scope,
  columns: () => ReadonlyMap<string, Compiled>,
  { values, mistakes }: Binder,
): readonly BoundOrderKey[] {
  if (keys.length === 0) return []
  const inner = withNames(columns(), scope)
  return keys.map(({ expression, descending }) => {
    const { kind, evaluate, constant } = compile(expression, inner, values)
    if (constant !== undefined && expression.kind !== 'column-reference')
      throw mistakes.type(expression, `This key is the same for every row, and orders none. Name a column, without quotes${listed(inner)}.`)
    if (kind === 'vector' || kind === 'interval')
      throw mistakes.type(
        expression,
        `${kind === 'vector' ? 'A vector' : 'A span of time'} has no order. Order by a number of it, such as norm(vector).`,
      )
    return { expression, descending, evaluate }
  })
}

/** What rows can be ordered by. */
function listed(scope: Scope): string {
  const isThere = (name: string) => (name === 'payload' || name === 'attributes' ? scope.root(name) : scope.column(name)) !== undefined
  const names = scope.names.filter((name) => name !== 'vector' && isThere(name))
  return names.length === 0 ? '' : `: ${names.join(', ')}`
}

/** A scope in which the names given by AS come first. */
export function withNames(named: ReadonlyMap<string, Compiled>, scope: Scope): Scope {
  return {
    names: [...named.keys(), ...scope.names],
    what: scope.what,
    space: scope.space,
    column: (name) => named.get(name) ?? scope.column(name),
    root: (name) => scope.root(name),
    refusal: (name) => scope.refusal?.(name),
    aggregate: (call, values) => scope.aggregate(call, values),
  }
}

export function bindLimit(limit: Limit | undefined, { values }: Binder): BoundLimit | undefined {
  if (limit === undefined) return undefined
  return { count: values.count(limit.count, 'LIMIT'), offset: limit.offset === undefined ? 0 : values.count(limit.offset, 'OFFSET') }
}
