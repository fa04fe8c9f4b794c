import { distance } from '../../src/distance.js'
import type { CollectionRecord, EntityRecord, Observation, SearchRequest, SearchResult, Snapshot } from '../../src/storage/index.js'
import type { Random } from '../support/random.ts'

type Candidate = readonly [entity: EntityRecord, observation: Observation]

/** What a result says of the data, in plain words. */
export interface Answer {
  readonly hits: readonly (readonly [entity: string, timestamp: number, distance: number, score: number])[]
  readonly candidates: number
  readonly newestTimestamp: number | undefined
}

export function answerOf({ hits, candidates, newestTimestamp }: SearchResult): Answer {
  return { hits: hits.map(({ entity, timestamp, distance: apart, score }) => [entity.id, timestamp, apart, score]), candidates, newestTimestamp }
}

/** What a search should answer, by reading everything and sorting all of it. */
export async function answerByReading(snapshot: Snapshot, collection: CollectionRecord, request: SearchRequest): Promise<Answer> {
  const all = await candidatesOf(snapshot, collection, request)
  const times = all.map(([, { timestamp }]) => timestamp)
  const newestTimestamp = times.length === 0 ? undefined : Math.max(...times)
  const reference = request.recency?.reference ?? newestTimestamp ?? 0
  const span = Math.max(...times.map((t) => Math.abs(reference - t)))
  const scoreOf = (apart: number, timestamp: number) => {
    if (request.recency === undefined) return apart
    const { alpha } = request.recency
    return alpha * apart + (1 - alpha) * (span === 0 ? 0 : Math.abs(reference - timestamp) / span)
  }
  const counts = new Map<string, number>()
  const hits = all
    .map(([{ id }, { timestamp, vector }]) => {
      const apart = distance(collection.metric, vector, request.query)
      return [id, timestamp, apart, scoreOf(apart, timestamp)] as const
    })
    .filter(([, , apart]) => apart <= (request.within ?? Number.POSITIVE_INFINITY))
    .sort((a, b) => a[3] - b[3] || Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])) || a[1] - b[1])
    .filter(([id]) => {
      counts.set(id, (counts.get(id) ?? 0) + 1)
      return counts.get(id)! <= (request.perEntity ?? Number.POSITIVE_INFINITY)
    })
    .slice(0, request.k)
  return { hits, candidates: all.length, newestTimestamp }
}

async function candidatesOf(snapshot: Snapshot, collection: CollectionRecord, request: SearchRequest): Promise<Candidate[]> {
  const { choice, from, to, entities, excluded, keepEntity, keepObservation } = request
  const all: Candidate[] = []
  const named = entities && new Set(entities.map(({ id }) => id))
  const byEntity = new Map<EntityRecord, Observation[]>()
  for await (const { entity, observations } of snapshot.scan(collection, {})) {
    if (entity.key === excluded || named?.has(entity.id) === false || keepEntity?.(entity) === false) continue
    const inRange = observations.filter(({ timestamp }) => timestamp >= from && timestamp <= to)
    byEntity.set(entity, [...(byEntity.get(entity) ?? []), ...inRange])
  }
  for (const [entity, observations] of byEntity) {
    const chosen = choice === 'newest' ? observations.slice(-1) : observations
    for (const observation of chosen) if (keepObservation?.(entity, observation) !== false) all.push([entity, observation])
  }
  return all
}

/** Numbers of which there are few, so that many distances are equal. */
export function randomVector(random: Random, dimension: number): Float32Array {
  return Float32Array.from({ length: dimension }, () => random.below(3) - 1)
}

/** Whatever may be asked for, over moments from 0 to `last`. */
export async function randomRequest(random: Random, snapshot: Snapshot, collection: CollectionRecord, last: number): Promise<SearchRequest> {
  const all: EntityRecord[] = []
  for await (const page of snapshot.scanEntities(collection)) all.push(...page)
  const sometimes = <T>(make: () => T): T | undefined => (random.chance(0.3) ? make() : undefined)
  const moment = () => random.below(last + 2) - 1
  const needs = { vectors: random.chance(0.5), payloads: random.chance(0.5) }
  const odd = random.below(2)
  const filters = [
    ({ id }: EntityRecord) => id.length % 2 === odd,
    ({ attributes }: EntityRecord) => (attributes?.['topic'] ?? 0) === odd,
    ({ observationCount }: EntityRecord) => observationCount > 3,
    ({ firstTimestamp = -1, lastTimestamp = -1 }: EntityRecord) => (firstTimestamp + lastTimestamp) % 2 === odd,
  ]
  return {
    query: randomVector(random, collection.dimension),
    k: random.pick([1, 3, 10, 50, 5000]),
    choice: random.pick(['newest', 'all']),
    from: sometimes(moment) ?? Number.NEGATIVE_INFINITY,
    to: sometimes(moment) ?? Number.POSITIVE_INFINITY,
    entities: all.length > 0 ? sometimes(() => random.list(0, 12, () => random.pick(all))) : undefined,
    excluded: all.length > 0 ? sometimes(() => random.pick(all).key) : undefined,
    keepEntity: sometimes(() => random.pick(filters)),
    keepObservation: random.chance(0.1) ? (_, { timestamp }) => timestamp % 2 === odd : undefined,
    needs,
    within: sometimes(() => random.next() * 3),
    perEntity: sometimes(() => 1 + random.below(3)),
    recency: sometimes(() => ({ alpha: random.pick([0, 0.3, 0.7, 1]), reference: sometimes(moment) })),
  }
}
