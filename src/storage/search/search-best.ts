import { Best } from '../../best.js'
import { EntityTable } from './entity-table.js'

/** What stands somewhere among the neighbours. */
export interface Ranked {
  readonly entity: { readonly key: number }
  readonly score: number
  /** Where it stands among those with its score: rises with the entity's id (UTF-8 bytes), then with time. */
  readonly rank: number
}

const HITS_A_STEP = 1024

/**
 * The best of what parts of the candidates have brought.
 *
 * @param perEntity  At most so many of one entity.
 */
export function bestHits<Hit extends Ranked>(k: number, perEntity = Number.POSITIVE_INFINITY): Best<Hit> {
  return new Best(k, byScore, perEntity === Number.POSITIVE_INFINITY ? undefined : (hits: Hit[]) => fewOfEach(hits, perEntity))
}

function* fewOfEach<Hit extends Ranked>(hits: readonly Hit[], perEntity: number): Generator<void, Hit[]> {
  const counts = new EntityTable<number>()
  const few: Hit[] = []
  for (const [i, hit] of hits.entries()) {
    if (i % HITS_A_STEP === 0) yield
    const { key } = hit.entity
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    if (count <= perEntity) few.push(hit)
  }
  return few
}

function byScore(a: Ranked, b: Ranked): number {
  if (a.score === b.score) return a.rank - b.rank // Infinity - Infinity is no number
  return a.score - b.score
}
