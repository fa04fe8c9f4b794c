import type { CollectionRecord, EntityRecord } from '../../storage/index.js'
import type { Evaluate, Scope } from '../expression/compiled.js'
import { entityIdsOf } from '../expression/entity-condition.js'
import { test } from '../expression/expression.js'
import { KnownMembers } from '../expression/known-members.js'
import { timeBoundsOf } from '../expression/time-condition.js'
import { conjuncts } from '../syntax/expression-parts.js'
import type { Expression } from '../syntax/statement.js'
import { ALWAYS, intersection, type TimeBounds } from '../time-bounds.js'
import type { Binder } from './bind-clauses.js'
import type { BoundCondition, BoundEntities, BoundWhere } from './bound.js'
import { SelectScope } from './select-scope.js'

/** Looking an entity up takes the time of going past so many of them in the table. */
const READ_A_LOOKUP = 4

/** What WHERE has to say of who is asked. */
interface Named {
  readonly entities: BoundEntities
  /** Conditions that name entities, and are to be tested. */
  readonly tested: readonly BoundCondition[]
  /** What else AND joins. */
  readonly rest: readonly Expression[]
}

/**
 * Takes out of WHERE what names entities: those are looked up, where the statement is about each entity and they are few.
 *
 * @param passedALookup  How many entities are gone past in the time of looking one up.
 */
export function bindNamed(
  where: Expression | undefined,
  entities: BoundEntities,
  collection: CollectionRecord,
  scope: Scope,
  passedALookup: number,
  { values }: Binder,
): Named {
  const tested: BoundCondition[] = []
  const rest: Expression[] = []
  let named: readonly string[] | undefined
  for (const part of where === undefined ? [] : conjuncts(where)) {
    const ids = entityIdsOf(part, scope, values)
    if (ids === undefined) {
      rest.push(part)
      continue
    }
    const members = new KnownMembers(ids)
    tested.push({ expression: part, evaluate: ({ entity }: { entity: EntityRecord }) => members.has(entity.id) })
    named = named === undefined ? ids : named.filter((id) => members.has(id) === true)
  }
  const isLookedUp = named !== undefined && entities.kind === 'each' && named.length * passedALookup <= collection.entityCount
  if (!isLookedUp) return { entities, tested, rest }
  return { entities: { kind: 'ids', ids: named!, missing: undefined }, tested: [], rest }
}

/** WHERE of a SELECT, and what it looks at. */
export interface SelectWhere {
  readonly entities: BoundEntities
  readonly where: BoundWhere
  /** When it can be true. */
  readonly window: TimeBounds
  readonly uses: Pick<SelectScope, 'vectors' | 'payloads' | 'observations'>
}

/** Takes AND apart: what is known of an entity is asked once an entity, the rest of one observation after the other. */
export function bindWhere(
  where: Expression | undefined,
  given: BoundEntities,
  collection: CollectionRecord,
  aggregateRefusal: (name: string) => string,
  binder: Binder,
): SelectWhere {
  const { values } = binder
  const newScope = () => new SelectScope(collection, aggregateRefusal)
  const { entities, tested, rest } = bindNamed(where, given, collection, newScope(), READ_A_LOOKUP, binder)
  const ofEntity = [...tested]
  const ofObservation: BoundCondition[] = []
  const uses = { vectors: false, payloads: false, observations: false }
  let window: TimeBounds = ALWAYS
  for (const part of rest) {
    const scope = newScope()
    const { evaluate } = test(part, scope, values)
    ;(scope.observations ? ofObservation : ofEntity).push({ expression: part, evaluate })
    window = intersection(window, timeBoundsOf(part, scope, values) ?? ALWAYS)
    uses.vectors ||= scope.vectors
    uses.payloads ||= scope.payloads
    uses.observations ||= scope.observations
  }
  return { entities, where: { ofEntity: conjunction(ofEntity), ofObservation: conjunction(ofObservation) }, window, uses }
}

function conjunction(conditions: readonly BoundCondition[]): BoundCondition | undefined {
  if (conditions.length < 2) return conditions[0]
  const expression = conditions
    .map((condition) => condition.expression)
    .reduce((left, right): Expression => ({ kind: 'binary', operator: 'and', left, right, start: left.start, end: right.end }))
  return { expression, evaluate: allOf(conditions)! }
}

/** @returns undefined: there is nothing to ask. */
export function allOf(conditions: readonly BoundCondition[]): Evaluate | undefined {
  return conditions.length === 0 ? undefined : (row) => conditions.every(({ evaluate }) => evaluate(row) === true)
}
