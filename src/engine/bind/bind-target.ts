import { isFloat32Array } from 'node:util/types'
import { described } from '../../errors.js'
import type { CollectionRecord } from '../../storage/index.js'
import type { Timestamp } from '../../timestamp.js'
import { vectorOf } from '../expression/compiled.js'
import type { ValueBinder } from '../expression/value-binder.js'
import type { Identifier, Parameter, Predict, Target, TargetEntity, Time, VectorLiteral } from '../syntax/statement.js'
import type { Binder } from './bind-clauses.js'
import { bindPredict } from './bind-predict.js'
import type { BoundPredict, BoundTarget } from './bound.js'

/**
 * To what neighbours are near.
 *
 * @param until  After this nothing exists for the statement: its CONTEXT UNTIL.
 */
export function bindTarget(
  target: Target,
  source: Identifier | undefined,
  collection: CollectionRecord,
  until: Timestamp | undefined,
  binder: Binder,
): BoundTarget {
  switch (target.kind) {
    case 'vector':
      return { kind: 'vector', vector: checkedVector(target, target.values, collection, binder) }
    case 'parameter':
      return { kind: 'vector', vector: givenVector(target, collection, binder) }
    case 'target-entity':
      return bindEntity(target, collection, until, binder)
    case 'predict':
      return bindNested(target, source, collection, until, binder)
  }
}

function givenVector(node: Parameter, collection: CollectionRecord, binder: Binder): Float32Array {
  const value = binder.values.value(node)
  const isList = isFloat32Array(value) || (Array.isArray(value) && value.every((item) => typeof item === 'number'))
  if (isList) return checkedVector(node, value, collection, binder)
  const written = typeof node.key === 'number' ? `$${node.key}` : `:${node.key}`
  const advice = typeof value === 'string' ? ` For an entity write TO ENTITY ${written}.` : ''
  throw binder.mistakes.type(
    node,
    `TO takes a vector: a Float32Array or a list of numbers; this parameter holds ${Array.isArray(value) ? 'a list of other things' : described(value)}.${advice}`,
  )
}

function checkedVector(
  node: VectorLiteral | Parameter,
  numbers: ArrayLike<number>,
  { name, dimension }: CollectionRecord,
  { values, mistakes }: Binder,
): Float32Array {
  if (numbers.length !== dimension)
    throw mistakes.type(node, `Collection "${name}" stores vectors of ${dimension} numbers; this one has ${numbers.length}.`)
  return vectorOf(numbers, node, values).constant!.value as Float32Array
}

function bindEntity(
  { entity, at }: TargetEntity,
  collection: CollectionRecord,
  until: Timestamp | undefined,
  { values, mistakes }: Binder,
): BoundTarget {
  const id = values.text(entity, 'An entity id')
  const moment = at && targetTime(at, values)
  return {
    kind: 'entity',
    id,
    at: moment === undefined || until === undefined ? moment : Math.min(moment, until),
    missing: (known) => mistakes.missing(entity, 'entity', id, known, ` in collection "${collection.name}"`),
    without: (what) => mistakes.absent(entity, id, `Entity '${id}' ${what}, so that nothing can be near to it.`),
  }
}

/** @returns Infinity for LATEST. */
function targetTime(at: Time, values: ValueBinder): number {
  if (isLatest(at)) return Number.POSITIVE_INFINITY
  const time = values.time(at)
  if (time.kind === 'instant') return time.at
  throw values.mistakes.type(at, 'ENTITY v AT takes a moment, or LATEST alone, which is its last observation.')
}

/** LATEST without a span beside it. */
export function isLatest({ base, shifts }: Time): boolean {
  return base.kind === 'latest' && shifts.length === 0
}

const ONE_VECTOR = 'The PREDICT of TO gives one vector: one entity at one time'

function bindNested(
  node: Predict,
  source: Identifier | undefined,
  collection: CollectionRecord,
  until: Timestamp | undefined,
  binder: Binder,
): BoundTarget {
  const { mistakes } = binder
  if (node.source !== undefined && node.source.name !== collection.name)
    throw mistakes.syntax(node.source, `The PREDICT of TO asks the collection of NEAREST, "${collection.name}". Leave its FROM out.`)
  if (node.items.list?.every(({ name }) => name.name.toLowerCase() !== 'vector'))
    throw mistakes.syntax(node.items, 'The PREDICT of TO gives a vector: write PREDICT vector AT.')
  const here = source ?? { kind: 'identifier', name: collection.name, start: node.start, end: node.end }
  const bound = bindPredict({ ...node, source: here, items: { ...node.items, list: undefined } }, binder)
  const rows = rowCount(bound)
  if (rows !== undefined && rows !== 1) throw mistakes.type(node, `${ONE_VECTOR}; this one gives ${rows}.`)
  return {
    kind: 'prediction',
    query: until === undefined ? bound : { ...bound, context: { ...bound.context, to: Math.min(bound.context.to ?? until, until) } },
    notOne: (met) => mistakes.type(node, `${ONE_VECTOR}; this one gives ${met}.`),
    without: (entity, what) => mistakes.absent(node, entity, `Entity '${entity}' ${what}, so that nothing can be near to it.`),
  }
}

/** How many rows are sure to come; undefined: that is known once it runs. */
function rowCount({ entities, times, where, limit }: BoundPredict): number | undefined {
  if (entities.kind === 'each' || where !== undefined || limit !== undefined) return undefined
  return entities.ids.length * (times.kind === 'list' ? times.list.length : times.count)
}
