import type { EntityRecord, SearchHit } from './store.js'

/** A hit, and where it stands among those with its score. */
export interface RankedHit extends SearchHit {
  /** Rises with the entity's id (UTF-8 bytes), then with time. */
  readonly rank: number
}

/** Hits that are kept beyond those that are wanted, until the next cut. */
const SURPLUS_MAX = 4096

/** The best of what parts of the candidates have brought. */
export class Best {
  #hits: RankedHit[] = []

  /** @param perEntity  At most so many of one entity. */
  constructor(
    private readonly k: number,
    private readonly perEntity = Number.POSITIVE_INFINITY,
  ) {}

  add(hit: RankedHit): void {
    this.#hits.push(hit)
    if (this.#hits.length >= 2 * this.k + SURPLUS_MAX) this.#cut()
  }

  /** The nearest first. */
  hits(): SearchHit[] {
    this.#cut()
    return this.#hits.map(({ entity, timestamp, distance, score }) => ({ entity, timestamp, distance, score }))
  }

  #cut(): void {
    const inOrder = isInOrder(this.#hits) ? this.#hits : this.#hits.sort(byScore)
    this.#hits = this.#fewOfEach(inOrder).slice(0, this.k)
  }

  #fewOfEach(hits: RankedHit[]): RankedHit[] {
    if (this.perEntity === Number.POSITIVE_INFINITY) return hits
    const counts = new Map<EntityRecord['key'], number>()
    return hits.filter(({ entity: { key } }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return count <= this.perEntity
    })
  }
}

function byScore(a: RankedHit, b: RankedHit): number {
  if (a.score === b.score) return a.rank - b.rank // Infinity - Infinity is no number
  return a.score - b.score
}

function isInOrder(hits: readonly RankedHit[]): boolean {
  for (let i = 1; i < hits.length; i++) if (byScore(hits[i - 1]!, hits[i]!) > 0) return false
  return true
}
