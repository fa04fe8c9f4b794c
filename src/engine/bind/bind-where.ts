import type { CollectionRecord } from '../../storage/index.js'
import { test } from '../expression/expression.js'
import { timeBoundsOf } from '../expression/time-condition.js'
import { SelectScope } from '../select/select-scope.js'
import { conjuncts } from '../syntax/expression-parts.js'
import type { Expression } from '../syntax/statement.js'
import { ALWAYS, intersection, type TimeBounds } from '../time-bounds.js'
import type { Binder } from './bind-clauses.js'
import type { BoundCondition, BoundWhere, Evaluate } from './bound.js'

/** WHERE of a SELECT, and what it looks at. */
export interface SelectWhere {
  readonly where: BoundWhere
  /** When it can be true. */
  readonly window: TimeBounds
  readonly uses: Pick<SelectScope, 'vectors' | 'payloads' | 'observations'>
}

/** Takes AND apart: what is known of an entity is asked once an entity, the rest of one observation after the other. */
export function bindWhere(
  where: Expression | undefined,
  collection: CollectionRecord,
  aggregateRefusal: (name: string) => string,
  { values }: Binder,
): SelectWhere {
  const ofEntity: BoundCondition[] = []
  const ofObservation: BoundCondition[] = []
  const uses = { vectors: false, payloads: false, observations: false }
  let window: TimeBounds = ALWAYS
  for (const part of where === undefined ? [] : conjuncts(where)) {
    const scope = new SelectScope(collection, aggregateRefusal)
    const { evaluate } = test(part, scope, values)
    ;(scope.observations ? ofObservation : ofEntity).push({ expression: part, evaluate })
    window = intersection(window, timeBoundsOf(part, scope, values) ?? ALWAYS)
    uses.vectors ||= scope.vectors
    uses.payloads ||= scope.payloads
    uses.observations ||= scope.observations
  }
  return { where: { ofEntity: conjunction(ofEntity), ofObservation: conjunction(ofObservation) }, window, uses }
}

function conjunction(conditions: readonly BoundCondition[]): BoundCondition | undefined {
  if (conditions.length < 2) return conditions[0]
  const expression = conditions
    .map((condition) => condition.expression)
    .reduce((left, right): Expression => ({ kind: 'binary', operator: 'and', left, right, start: left.start, end: right.end }))
  return { expression, evaluate: allOf(conditions)! }
}

/** @returns undefined: there is nothing to ask. */
function allOf(conditions: readonly BoundCondition[]): Evaluate | undefined {
  return conditions.length === 0 ? undefined : (row) => conditions.every(({ evaluate }) => evaluate(row) === true)
}
