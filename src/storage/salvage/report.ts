import type { VerifyProblem } from '../store.js'

/** What came out of a damaged database. */
export interface SalvageReport {
  readonly collections: number
  readonly entities: number
  readonly observations: number
  /** What is known to have been there and could not be read; at most 1000. */
  readonly lost: readonly VerifyProblem[]
}
