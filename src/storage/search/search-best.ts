import { sortedStepwise } from '../../stepwise-sort.js'
import { EntityTable } from './entity-table.js'

/** What stands somewhere among the neighbours. */
export interface Ranked {
  readonly entity: { readonly key: number }
  readonly score: number
  /** Where it stands among those with its score: rises with the entity's id (UTF-8 bytes), then with time. */
  readonly rank: number
}

/** Hits that are kept beyond those that are wanted, until the next cut. */
const SURPLUS_MAX = 4096
const HITS_A_STEP = 1024

/** The best of what parts of the candidates have brought. */
export class Best<Hit extends Ranked> {
  #hits: Hit[] = []

  /** @param perEntity  At most so many of one entity. */
  constructor(
    private readonly k: number,
    private readonly perEntity = Number.POSITIVE_INFINITY,
  ) {}

  /** It is time to `cut`. */
  get isFull(): boolean {
    return this.#hits.length >= 2 * this.k + SURPLUS_MAX
  }

  add(hit: Hit): void {
    this.#hits.push(hit)
  }

  /** Keeps those that may be among the best. Yields where it may pause. @returns them, the nearest first. */
  *cut(): Generator<void, readonly Hit[]> {
    const few = yield* this.#fewOfEach(yield* sortedStepwise(this.#hits, byScore))
    this.#hits = few.length > this.k ? few.slice(0, this.k) : few
    return this.#hits
  }

  *#fewOfEach(hits: Hit[]): Generator<void, Hit[]> {
    if (this.perEntity === Number.POSITIVE_INFINITY) return hits
    const counts = new EntityTable<number>()
    const few: Hit[] = []
    for (const [i, hit] of hits.entries()) {
      if (i % HITS_A_STEP === 0) yield
      const { key } = hit.entity
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      if (count <= this.perEntity) few.push(hit)
    }
    return few
  }
}

function byScore(a: Ranked, b: Ranked): number {
  if (a.score === b.score) return a.rank - b.rank // Infinity - Infinity is no number
  return a.score - b.score
}
