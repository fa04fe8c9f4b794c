import { formatTimestamp } from '../../timestamp.js'
import type { BoundNearest, BoundScope, BoundSearchCondition, BoundTarget } from '../bind/bound.js'
import type { DistanceKernels } from '../expression/distance-kernels.js'
import type { SearchMeta } from '../nearest/search-meta.js'
import { printConjunction } from '../syntax/print-expression.js'
import { boundsInWords } from './bounds-in-words.js'

/** What is searched for: `the 10 nearest in "words" by cosine to entity 'climate'`. */
export function nearestDetail({ collection, k, target, within, perEntity, alpha, reference }: BoundNearest): string {
  return [
    `the ${k} nearest in "${collection.name}" by ${collection.metric} to ${targetDetail(target)}`,
    ...(within === undefined ? [] : [`within ${within}`]),
    ...(perEntity === undefined ? [] : [`at most ${perEntity} an entity`]),
    ...(alpha === undefined ? [] : [`ranked by ${alpha} * distance + ${round(1 - alpha)} * age from ${ageOrigin(reference)}`]),
  ].join(', ')
}

function round(share: number): number {
  return Number(share.toFixed(12))
}

function ageOrigin(reference: number | undefined): string {
  return reference === undefined ? 'the newest candidate' : formatTimestamp(reference)
}

function targetDetail(target: BoundTarget): string {
  if (target.kind === 'vector') return 'a vector'
  if (target.kind === 'prediction') return 'a prediction'
  if (target.at === undefined) return `entity '${target.id}'`
  return `entity '${target.id}' ${Number.isFinite(target.at) ? `at ${formatTimestamp(target.at)}` : 'where it was last'}`
}

/** Which stored vectors are looked at. */
export function candidatesDetail({ collection, entities }: BoundNearest, { choice, from, to }: Extract<BoundScope, { kind: 'stored' }>): string {
  const who = entities.kind === 'each' ? `all ${collection.entityCount} entities` : `${entities.ids.length} named entities`
  const what = choice === 'all' ? 'every observation' : 'the last observation of each'
  return `${who}, ${[what, ...boundsInWords({ from, to })].join(' ')}`
}

/** What of WHERE is tested, and how often: `attributes.topic = 'environment', once an entity; payload.n = 1, once an observation`. */
export function testedDetail({ expressions: { ofEntity, ofObservation } }: BoundSearchCondition): string {
  const entities = ofEntity.length === 0 ? [] : [`${printConjunction(ofEntity)}, once an entity`]
  const observations = ofObservation.length === 0 ? [] : [`${printConjunction(ofObservation)}, once an observation`]
  return [...entities, ...observations].join('; ')
}

/** How it is searched; before it ran, as far as that is known. */
export function searchDetail({ collection, scope, entities }: BoundNearest, search: SearchMeta | undefined, kernels: DistanceKernels): string {
  if (search !== undefined) {
    const { candidates, kernel, threads, access, shortfall } = search
    return [`${candidates} candidates, kernel ${kernel}, ${threadsInWords(threads)}, ${access}`, ...(shortfall === null ? [] : [shortfall])].join(
      '; ',
    )
  }
  const isWindow = scope.kind === 'stored' && scope.choice === 'all'
  const most = entities.kind === 'ids' && !isWindow ? entities.ids.length : isWindow ? collection.observationCount : collection.entityCount
  return `at most ${most} candidates, kernel ${kernels.simd}, ${threadsInWords(kernels.threadsFor(most, collection.dimension, 1))}, ${expectedAccess(scope)}`
}

/** Where candidates will come from. What memory has room for, storage decides when it is asked. */
function expectedAccess(scope: BoundScope): string {
  if (scope.kind === 'predicted') return 'predicted'
  const read = scope.where?.expressions.ofObservation ?? []
  if (read.length > 0) return `streamed, because each observation is asked: ${printConjunction(read)}`
  return 'resident, or streamed where memory_limit has no room for the matrix or too little is searched to build it'
}

function threadsInWords(threads: number): string {
  return threads === 0 ? 'on the event loop' : `${threads} ${threads === 1 ? 'thread' : 'threads'}`
}
