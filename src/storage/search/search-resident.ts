import type { DistanceKernels } from '../../native/runtime.js'
import type { SearchHit, SearchRequest, SearchResult } from '../store.js'
import { type Matrix, type MatrixEntity, recordOf } from './matrix.js'
import type { Slab } from './matrix-slab.js'
import { bestHits } from './search-best.js'
import { candidateEntities, type Search } from './search-candidates.js'
import { type RunList, Runs } from './search-runs.js'
import { timesBetween } from './search-streamed.js'

const ENTITIES_A_STEP = 100
const HITS_A_STEP = 1000

/** A neighbour, and where it lies. */
interface Lying extends Omit<SearchHit, 'entity' | 'vector'> {
  readonly entity: MatrixEntity
  readonly rank: number
  readonly slab: Slab
  readonly row: number
}

/** Has the kernels look at the candidates where they lie in memory. The request has no `keepObservation`. */
export async function searchResident(search: Search, matrix: Matrix, kernels: DistanceKernels): Promise<SearchResult> {
  const { request, collection, slice } = search
  const runs = await runsOf(search, matrix)
  const best = bestHits<Lying>(request.k, request.perEntity)
  let threads = 0
  for (const [slab, list] of runs.slabs) {
    const { rows, distances, scores } = await scan(search, kernels, slab, list, runs)
    threads = Math.max(threads, kernels.threadsFor(list.count, collection.dimension, 1))
    for (let i = 0; i < rows.length; i++) {
      if ((i + 1) % HITS_A_STEP === 0) await slice.pause()
      const row = rows[i]!
      const [entity, timestamp, rank] = [matrix.entityOf(slab, row), slab.timestamps[row]!, slab.ranks[row]!]
      best.add({ entity, timestamp, distance: distances[i]!, score: scores[i]!, rank, slab, row })
    }
    if (best.isFull) await slice.drive(best.cut())
  }
  const hits: SearchHit[] = []
  for (const hit of await slice.drive(best.cut())) {
    if ((hits.length + 1) % HITS_A_STEP === 0) await slice.pause()
    hits.push(hitOf(hit, request))
  }
  search.snapshot.assertLive()
  return {
    hits,
    candidates: runs.count,
    newestTimestamp: runs.count === 0 ? undefined : runs.newest,
    kernel: kernels.simd,
    threads,
    access: 'resident',
  }
}

function hitOf({ entity, timestamp, distance, score, slab, row }: Lying, { vectors }: SearchRequest): SearchHit {
  return { entity: recordOf(entity), timestamp, distance, score, vector: vectors ? slab.vector(row) : undefined }
}

async function runsOf(search: Search, matrix: Matrix): Promise<Runs> {
  const { entities, keepEntity, excluded, choice, from, to } = search.request
  if (entities !== undefined) return runsOfNamed(search, matrix)
  if (keepEntity !== undefined || excluded !== undefined) return runsOfAll(search, matrix)
  const known = matrix.runs.get(choice)
  if (known !== undefined && from <= known.oldest && known.newest <= to) return known // the window leaves nothing out
  const runs = await runsOfAll(search, matrix)
  const isOpen = from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY
  if (isOpen || (choice === 'all' && runs.count === matrix.observationCount)) matrix.runs.set(choice, runs)
  return runs
}

async function runsOfAll({ request, snapshot, slice }: Search, matrix: Matrix): Promise<Runs> {
  const runs = new Runs(request)
  const { excluded, keepEntity } = request
  const { entities } = matrix
  for (let i = 0; i < entities.length; i++) {
    if ((i + 1) % ENTITIES_A_STEP === 0) await slice.pause()
    const entity = entities[i]!
    if (entity.key !== excluded && (keepEntity === undefined || keepEntity(recordOf(entity)))) runs.add(entity)
  }
  snapshot.assertLive()
  return runs
}

async function runsOfNamed(search: Search, matrix: Matrix): Promise<Runs> {
  const runs = new Runs(search.request)
  for await (const page of candidateEntities(search)) {
    for (const { key } of page) {
      const entity = matrix.entity(key)
      if (entity !== undefined) runs.add(entity)
    }
  }
  return runs
}

async function scan({ request, collection, signal }: Search, kernels: DistanceKernels, slab: Slab, list: RunList, { oldest, newest }: Runs) {
  const { query, k, within, perEntity, recency } = request
  const [neighbours] = await kernels.scan(
    {
      metric: collection.metric,
      dimension: collection.dimension,
      matrix: slab.vectors,
      queries: query,
      runs: list.pairs,
      k,
      within,
      ranks: slab.ranks,
      owners: slab.owners,
      perOwner: perEntity,
      recency: recency && { ...timesBetween(request, oldest, newest), alpha: recency.alpha, timestamps: slab.timestamps },
    },
    { signal },
  )
  return neighbours!
}
