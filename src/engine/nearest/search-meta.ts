import type { Found } from '../bind/bind-return.js'

/** How a NEAREST was answered. */
export interface SearchMeta {
  /** How many vectors were looked at, near or far. */
  readonly candidates: number
  /** The path that distances took: `avx512`, ..., `wasm`. */
  readonly kernel: string
  /** How many threads looked; 0: it was done on the event loop. */
  readonly threads: number
  /** From the matrix in memory, read for this statement, or predicted for it. */
  readonly access: 'resident' | 'streamed' | 'predicted'
  /** Why there are fewer neighbours than were asked for; null: there are not. */
  readonly shortfall: string | null
}

/** The neighbours of a target, and how they were found. */
export interface Neighbours {
  readonly found: readonly Found[]
  readonly meta: SearchMeta
}

/** What may leave fewer neighbours than there are candidates. */
interface Restriction {
  readonly k: number
  readonly within: number | undefined
  readonly perEntity: number | undefined
}

/**
 * @param found  How many neighbours there are.
 * @param unpredicted  How many entities could not be predicted, by their status.
 */
export function shortfallOf(
  { k, within, perEntity }: Restriction,
  found: number,
  candidates: number,
  unpredicted: ReadonlyMap<string, number> = new Map(),
): string | null {
  if (found >= k) return null
  const restrictions = [
    ...(within === undefined || found === candidates ? [] : [`within ${within}`]),
    ...(perEntity === undefined || found === candidates ? [] : [`at most ${perEntity} an entity`]),
  ]
  const only = restrictions.length === 0 ? 'only ' : ''
  const some = candidates === 1 ? `is ${only}1 candidate` : `are ${only}${candidates} candidates`
  const counted = `There ${candidates === 0 ? 'is no candidate' : some}`
  const kept = restrictions.length === 0 ? '' : `, and ${found} of them are left (${restrictions.join(', ')})`
  const left = [...unpredicted].map(([status, count]) => `${status} ${count}`).join(', ')
  return `${counted}${kept}.${left === '' ? '' : ` Not predicted: ${left}.`}`
}
