import type { DistanceKernels } from '../../native/runtime.js'
import type { Matrix, MatrixEntity } from '../search/matrix.js'
import type { Slab } from '../search/matrix-slab.js'
import { Best } from '../search/search-best.js'
import { Runs } from '../search/search-runs.js'
import type { CollectionRecord, ImmediateSearchRequest, ImmediateSearchResult } from '../store.js'

/** Looks at the candidates where they lie in memory, within one turn: nobody changes them meanwhile. */
export function searchMatrixNow(
  matrix: Matrix,
  { metric, dimension }: CollectionRecord,
  request: ImmediateSearchRequest,
  kernels: DistanceKernels,
): ImmediateSearchResult {
  const { query, k } = request
  const runs = runsOf(matrix, request)
  const best = new Best<MatrixEntity & { readonly slab: Slab; readonly row: number }>(k)
  for (const [slab, list] of runs.slabs) {
    const scan = { metric, dimension, matrix: slab.vectors, queries: query, runs: list.pairs, k, ranks: slab.ranks }
    const { rows, distances, scores } = kernels.scanNow(scan)[0]!
    for (const [i, row] of rows.entries()) {
      const entity = { ...matrix.entityOf(slab, row), slab, row }
      best.add({ entity, timestamp: slab.timestamps[row]!, distance: distances[i]!, score: scores[i]!, rank: slab.ranks[row]! })
    }
  }
  return {
    hits: best.hits().map(({ entity: { id, slab, row }, timestamp, distance }) => ({
      entity: id,
      timestamp,
      distance,
      vector: slab.vectors.slice(row * dimension, (row + 1) * dimension),
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
