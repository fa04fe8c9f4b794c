import type { Metric } from '../distance.js'

/** One pass over a matrix serves up to this many queries. */
export const QUERIES_MAX = 32

/** Stands in `excluded` for a query that excludes nobody. */
export const NO_OWNER = 0xffff_ffff

/**
 * Ranks by `alpha * distance + (1 - alpha) * timeDistance` instead of by distance; a time distance is
 * `|reference - timestamp| / span`. All in doubles, in this order.
 */
export interface Recency {
  /** From 0 to 1. */
  readonly alpha: number
  /** Epoch milliseconds. */
  readonly reference: number
  /** Milliseconds: the largest |reference - timestamp| among the candidates. When it is 0, so are all time distances. */
  readonly span: number
  /** [N] epoch milliseconds of each row. */
  readonly timestamps: Float64Array
}

/**
 * Which rows of a matrix are nearest to each of some queries. The arrays may lie over shared memory. They are not copied: until the
 * answer, they must neither be detached nor shrunk, and what the runs name must not change.
 */
export interface ScanRequest {
  readonly metric: Metric
  /** D */
  readonly dimension: number
  /** [N, D], row-major, at least. */
  readonly matrix: Float32Array
  /** [Q, D], Q from 1 to `QUERIES_MAX`; copied before `scan` returns. */
  readonly queries: Float32Array
  /** Pairs of a first row and a count: the candidates, each row once. Only what they name is read. */
  readonly runs: Uint32Array
  /** How many rows are wanted for each query. Any number: there are no more than candidates. */
  readonly k: number
  /** Rows at a greater distance do not count. */
  readonly within?: number | undefined
  /** [N] the order among rows at the same distance (score), the lower the better, no two alike; by default the row's number. */
  readonly ranks?: Uint32Array | undefined
  /** [N] whose each row is: the number of its entity. Needed by the next two. */
  readonly owners?: Uint32Array | undefined
  /** At most so many rows of one owner. Then the runs must name the rows of one owner one after another. */
  readonly perOwner?: number | undefined
  /** [Q] an owner whose rows do not count for that query, or `NO_OWNER`. */
  readonly excluded?: Uint32Array | undefined
  readonly recency?: Recency | undefined
}

/** What is nearest to one query, the best first: by score, then by rank. */
export interface Neighbours {
  /** Rows of the matrix. */
  readonly rows: Uint32Array
  /** As `distance` (src/distance.ts) gives them, to the bit; Infinity for a row that is not finite. */
  readonly distances: Float64Array
  /** What they were ranked by: the distances, unless there is a `recency`. */
  readonly scores: Float64Array
}

export interface ScanOptions {
  /** How many threads look; by default what `threadsFor` says. The answer does not depend on it. */
  readonly threads?: number | undefined
  /** Aborted: the scan ends within a fraction of a millisecond of work, and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Exact search over a matrix of float32, the same bits on every path. */
export interface DistanceKernels {
  /** The path that is taken: `avx512`, `avx2`, `sse2`, `neon`, `scalar`, or `wasm`. */
  readonly simd: string
  /**
   * The threads that a scan of so many rows takes when it is not told: 0 for a small one, which is done before `scan` returns. WebAssembly
   * works on the event loop, in slices.
   */
  threadsFor(rowCount: number, dimension: number, queryCount: number): number
  /**
   * Looks at every candidate. The arrays are kept alive meanwhile.
   *
   * Candidates may also be looked at part by part (when not all of them are in memory): the best k of the parts' answers together are the
   * answer, and with `perOwner` the best k of them with no more than that of one owner, however the parts divide an owner's rows.
   *
   * @returns one answer a query.
   * @throws {ArgumentError} an argument that does not fit the others, named; before anything is read.
   */
  scan(request: ScanRequest, options?: ScanOptions): Promise<readonly Neighbours[]>
  /**
   * Says that this memory will be filled soon, and then be scanned again and again: the system is asked for its pages, large ones where it
   * has them, on another thread. Without it each page stops whoever writes to it first; from large ones a scan is a fifth faster.
   */
  populate(memory: Float32Array): void
  /** The same before it returns, by WebAssembly: for who cannot wait. Nothing else runs meanwhile. */
  scanNow(request: ScanRequest): readonly Neighbours[]
}
