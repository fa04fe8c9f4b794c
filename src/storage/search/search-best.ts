import type { SearchHit } from '../store.js'

type Hit<Entity> = Omit<SearchHit, 'entity'> & { readonly entity: Entity }

/** A hit, and where it stands among those with its score. */
export type RankedHit<Entity> = Hit<Entity> & {
  /** Rises with the entity's id (UTF-8 bytes), then with time. */
  readonly rank: number
}

/** Hits that are kept beyond those that are wanted, until the next cut. */
const SURPLUS_MAX = 4096

/** The best of what parts of the candidates have brought. */
export class Best<Entity extends { readonly key: number }> {
  #hits: RankedHit<Entity>[] = []

  /** @param perEntity  At most so many of one entity. */
  constructor(
    private readonly k: number,
    private readonly perEntity = Number.POSITIVE_INFINITY,
  ) {}

  add(hit: RankedHit<Entity>): void {
    this.#hits.push(hit)
    if (this.#hits.length >= 2 * this.k + SURPLUS_MAX) this.#cut()
  }

  /** The nearest first. */
  hits(): Hit<Entity>[] {
    this.#cut()
    return this.#hits.map(({ entity, timestamp, distance, score }) => ({ entity, timestamp, distance, score }))
  }

  #cut(): void {
    const inOrder = isInOrder(this.#hits) ? this.#hits : this.#hits.sort(byScore)
    this.#hits = this.#fewOfEach(inOrder).slice(0, this.k)
  }

  #fewOfEach(hits: RankedHit<Entity>[]): RankedHit<Entity>[] {
    if (this.perEntity === Number.POSITIVE_INFINITY) return hits
    const counts = new Map<number, number>()
    return hits.filter(({ entity: { key } }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return count <= this.perEntity
    })
  }
}

type Ranked = Pick<RankedHit<unknown>, 'score' | 'rank'>

function byScore(a: Ranked, b: Ranked): number {
  if (a.score === b.score) return a.rank - b.rank // Infinity - Infinity is no number
  return a.score - b.score
}

function isInOrder(hits: readonly Ranked[]): boolean {
  for (let i = 1; i < hits.length; i++) if (byScore(hits[i - 1]!, hits[i]!) > 0) return false
  return true
}
