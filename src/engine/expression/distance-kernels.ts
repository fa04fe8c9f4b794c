import type { Metric } from '../../distance.js'

/** Exact search over a matrix of float32, as predicted vectors need it; the contract is that of `native/distance-kernels.ts`. */
export interface DistanceKernels {
  readonly simd: string
  threadsFor(rowCount: number, dimension: number, queryCount: number): number
  scan(request: MatrixSearch, options: { readonly signal: AbortSignal }): Promise<readonly MatrixNeighbours[]>
}

interface MatrixSearch {
  readonly metric: Metric
  /** D */
  readonly dimension: number
  /** [N, D] */
  readonly matrix: Float32Array
  /** [1, D] */
  readonly queries: Float32Array
  /** Pairs of a first row and a count. */
  readonly runs: Uint32Array
  readonly k: number
  readonly within: number | undefined
  readonly recency: { readonly alpha: number; readonly reference: number; readonly span: number; readonly timestamps: Float64Array } | undefined
}

/** The best rows first. */
interface MatrixNeighbours {
  readonly rows: Uint32Array
  readonly distances: Float64Array
  readonly scores: Float64Array
}
