import type { Expression, InList } from '../syntax/statement.js'
import type { Scope } from './compiled.js'
import { compile } from './expression.js'
import type { ValueBinder } from './value-binder.js'

/**
 * The entities of which a condition is true, where it is `entity = x` or `entity IN (...)` with what is known before any row is read. A list in a parameter is
 * only looked through, however long it is.
 *
 * @returns undefined: it is no such condition, or one that does not compile.
 */
export function entityIdsOf(condition: Expression, scope: Scope, values: ValueBinder): readonly string[] | undefined {
  if (condition.kind === 'in') return condition.negated || !isEntity(condition.operand) ? undefined : idsIn(condition, scope, values)
  if (condition.kind !== 'binary' || condition.operator !== '=') return undefined
  const { left, right } = condition
  if (!isEntity(left) && !isEntity(right)) return undefined
  return idsOf([isEntity(left) ? right : left].map((side) => knownValue(side, scope, values)))
}

function isEntity(node: Expression): boolean {
  return node.kind === 'column-reference' && node.name.toLowerCase() === 'entity'
}

function idsIn({ list, lone }: InList, scope: Scope, values: ValueBinder): readonly string[] | undefined {
  const [only] = list
  if (!lone || only?.kind !== 'parameter') return idsOf(list.map((item) => knownValue(item, scope, values)))
  const given = values.value(only)
  if (!Array.isArray(given)) return undefined
  values.limitList(given.length, only)
  return idsOf(given)
}

/** @returns undefined: known only row by row. */
function knownValue(node: Expression, scope: Scope, values: ValueBinder): unknown {
  return compile(node, scope, values).constant?.value
}

/** NULL is equal to none. No entity has an id that UTF-8 cannot hold, and looking it up would find another one. */
function idsOf(values: readonly unknown[]): readonly string[] | undefined {
  const ids: string[] = []
  for (const value of values) {
    if (typeof value === 'string') {
      if (value.isWellFormed()) ids.push(value)
    } else if (value !== null) return undefined
  }
  return ids
}
