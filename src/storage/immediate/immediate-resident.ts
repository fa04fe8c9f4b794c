import type { DistanceKernels } from '../../native/runtime.js'
import { inThisTurn } from '../../slice.js'
import type { Matrix, MatrixEntity } from '../search/matrix.js'
import type { Slab } from '../search/matrix-slab.js'
import { bestHits, type Ranked } from '../search/search-best.js'
import { Runs } from '../search/search-runs.js'
import type { CollectionRecord, ImmediateSearchRequest, ImmediateSearchResult } from '../store.js'

/** A neighbour, and where it lies. */
interface Lying extends Ranked {
  readonly entity: MatrixEntity
  readonly distance: number
  readonly slab: Slab
  readonly row: number
}

/** Looks at the candidates where they lie in memory, within one turn: nobody changes them meanwhile. */
export function searchMatrixNow(
  matrix: Matrix,
  { metric, dimension }: CollectionRecord,
  request: ImmediateSearchRequest,
  kernels: DistanceKernels,
): ImmediateSearchResult {
  const { query, k } = request
  const runs = runsOf(matrix, request)
  const best = bestHits<Lying>(k)
  for (const [slab, list] of runs.slabs) {
    const scan = { metric, dimension, matrix: slab.vectors, queries: query, runs: list.pairs, k, ranks: slab.ranks }
    const { rows, distances, scores } = kernels.scanNow(scan)[0]!
    for (const [i, row] of rows.entries()) {
      best.add({ entity: matrix.entityOf(slab, row), distance: distances[i]!, score: scores[i]!, rank: slab.ranks[row]!, slab, row })
    }
  }
  return {
    hits: inThisTurn(best.cut()).map(({ entity: { id }, distance, slab, row }) => ({
      entity: id,
      timestamp: slab.timestamps[row]!,
      distance,
      vector: slab.vector(row),
    })),
    newestTimestamp: runs.count === 0 ? undefined : runs.newest,
  }
}

function runsOf(matrix: Matrix, { query, k, at }: ImmediateSearchRequest): Runs {
  const isLatest = at === Number.POSITIVE_INFINITY
  const known = isLatest ? matrix.runs.get('newest') : undefined
  if (known !== undefined) return known
  const runs = new Runs({ query, k, choice: 'newest', from: Number.NEGATIVE_INFINITY, to: at })
  for (const entity of matrix.entities) runs.add(entity)
  if (isLatest) matrix.runs.set('newest', runs)
  return runs
}
