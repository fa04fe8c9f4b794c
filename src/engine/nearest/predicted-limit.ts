import { QueryLimitError } from '../../errors.js'

/** How many entities PREDICTED AT predicts at most. */
export const CANDIDATES_MAX = 1_000_000

/** @throws {QueryLimitError} more candidates than PREDICTED AT takes. */
export function refuseTooManyPredicted(candidates: number): void {
  if (candidates <= CANDIDATES_MAX) return
  throw new QueryLimitError(
    `PREDICTED AT predicts at most ${CANDIDATES_MAX} entities, and this statement has more. Choose some with WHERE or FOR ENTITIES.`,
    CANDIDATES_MAX,
    candidates,
  )
}
