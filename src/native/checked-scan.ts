import { ArgumentError, described } from '../errors.js'
import { QUERIES_MAX, type ScanRequest } from './distance-kernels.js'

/** The numbers of native/kernels/scan_block.h. */
const METRICS = { cosine: 0, l2: 1, dot: 2 } as const

/** A request that was checked, as the addon takes it and WebAssembly is told: every bound is there. */
export interface CheckedScan {
  readonly metric: number
  readonly dimension: number
  readonly matrix: Float32Array
  readonly queries: Float32Array
  readonly queryCount: number
  readonly runs: Uint32Array
  /** The candidates. */
  readonly rowCount: number
  readonly k: number
  /** Infinity: no bound. */
  readonly within: number
  readonly ranks: Uint32Array | undefined
  readonly owners: Uint32Array | undefined
  /** 0: no bound. */
  readonly perOwner: number
  readonly excluded: Uint32Array | undefined
  /** 1: the distance alone. */
  readonly alpha: number
  readonly reference: number
  readonly span: number
  readonly timestamps: Float64Array | undefined
}

/**
 * What C++ must be able to rely on: a number out of place would be read from memory that is not ours.
 *
 * Cost: O(runs).
 * @throws {ArgumentError} naming the argument.
 */
export function checkedScan(request: ScanRequest): CheckedScan {
  const { dimension, matrix, queries, runs, k, owners, perOwner = 0, recency } = request
  const metric = METRICS[request.metric]
  if (metric === undefined) throw new ArgumentError('metric', 'cosine, l2 or dot', described(request.metric))
  whole('dimension', dimension, 1, 65_536)
  typed('matrix', matrix, Float32Array)
  typed('queries', queries, Float32Array)
  typed('runs', runs, Uint32Array)
  const queryCount = queries.length / dimension
  if (!Number.isInteger(queryCount) || queryCount < 1 || queryCount > QUERIES_MAX) {
    throw new ArgumentError('queries', `1 to ${QUERIES_MAX} times ${dimension} numbers`, `${queries.length} numbers`)
  }
  whole('k', k, 0, 0xffff_ffff)
  whole('perOwner', perOwner, 0, 0xffff_ffff)
  const rows = Math.floor(matrix.length / dimension)
  const rowCount = candidates(runs, rows)
  optional('ranks', request.ranks, Uint32Array, rows)
  optional('owners', owners, Uint32Array, rows)
  optional('excluded', request.excluded, Uint32Array, queryCount)
  if (owners === undefined && (perOwner > 0 || request.excluded !== undefined)) {
    throw new ArgumentError('owners', `a Uint32Array of ${rows}, for "perOwner" and "excluded"`, 'undefined')
  }
  const { within = Number.POSITIVE_INFINITY } = request
  if (typeof within !== 'number' || Number.isNaN(within)) throw new ArgumentError('within', 'a number', described(within))
  return {
    metric,
    dimension,
    matrix,
    queries,
    queryCount,
    runs,
    rowCount,
    k: Math.min(k, rowCount),
    within,
    ranks: request.ranks,
    owners,
    perOwner: perOwner >= Math.min(k, rowCount) ? 0 : perOwner,
    excluded: request.excluded,
    ...timeOf(recency, rows),
  }
}

function timeOf(recency: ScanRequest['recency'], rows: number): Pick<CheckedScan, 'alpha' | 'reference' | 'span' | 'timestamps'> {
  if (recency === undefined) return { alpha: 1, reference: 0, span: 1, timestamps: undefined }
  const { alpha, reference, span, timestamps } = recency
  if (!(alpha >= 0 && alpha <= 1)) throw new ArgumentError('alpha', 'a number from 0 to 1', described(alpha))
  if (!Number.isFinite(reference)) throw new ArgumentError('reference', 'epoch milliseconds', described(reference))
  if (!(span >= 0 && span < Number.POSITIVE_INFINITY)) throw new ArgumentError('span', 'milliseconds, 0 or more', described(span))
  optional('timestamps', timestamps, Float64Array, rows)
  return { alpha, reference, span: span === 0 ? 1 : span, timestamps }
}

/** @returns how many rows the runs name. */
function candidates(runs: Uint32Array, rows: number): number {
  if (runs.length % 2 !== 0) throw new ArgumentError('runs', 'pairs of a first row and a count', `${runs.length} numbers`)
  let count = 0
  for (let i = 0; i < runs.length; i += 2) {
    const end = runs[i]! + runs[i + 1]!
    if (end > rows) throw new ArgumentError('runs', `rows below ${rows}`, `a run that ends at ${end}`)
    count += runs[i + 1]!
  }
  if (count > rows) throw new ArgumentError('runs', `each of the ${rows} rows once`, `${count} rows`)
  return count
}

function whole(argument: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new ArgumentError(argument, `a whole number from ${min} to ${max}`, described(value))
}

type TypedArray = Float32Array | Float64Array | Uint32Array

function typed(argument: string, value: TypedArray, kind: { new (): TypedArray; readonly name: string }): void {
  // By its tag: classes of another realm (test runners, node:vm) are others, and the same to C++.
  if (Object.prototype.toString.call(value) === `[object ${kind.name}]`) return
  throw new ArgumentError(argument, `a ${kind.name}`, described(value))
}

function optional(argument: string, value: TypedArray | undefined, kind: { new (): TypedArray; readonly name: string }, length: number): void {
  if (value === undefined) return
  typed(argument, value, kind)
  if (value.length < length) throw new ArgumentError(argument, `a ${kind.name} of ${length} numbers`, `one of ${value.length}`)
}
