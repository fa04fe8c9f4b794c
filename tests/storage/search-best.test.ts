import { expect, test } from 'vitest'
import { inThisTurn } from '../../src/slice.js'
import { bestHits } from '../../src/storage/search/search-best.js'
import { randomNumbers } from '../support/random-numbers.js'

interface Hit {
  readonly entity: { readonly key: number }
  readonly score: number
  readonly rank: number
}

/** Scores come several times each, ranks once. */
function randomHits(count: number): Hit[] {
  const next = randomNumbers(count)
  return Array.from({ length: count }, (_, rank) => ({
    entity: { key: 1 + Math.floor(next() * 300) },
    score: next() < 0.01 ? Number.POSITIVE_INFINITY : Math.floor(next() * 500),
    rank,
  }))
}

/** By the definition: in order, then as many of each entity, then as many as are wanted. */
function expected(hits: readonly Hit[], k: number, perEntity: number): Hit[] {
  const inOrder = hits.toSorted((a, b) => (a.score === b.score ? a.rank - b.rank : a.score < b.score ? -1 : 1))
  const of = (hit: Hit, i: number) => inOrder.slice(0, i).filter(({ entity }) => entity.key === hit.entity.key).length
  return inOrder.filter((hit, i) => perEntity === Number.POSITIVE_INFINITY || of(hit, i) < perEntity).slice(0, k)
}

test.each([
  [0, Number.POSITIVE_INFINITY],
  [1, Number.POSITIVE_INFINITY],
  [100, Number.POSITIVE_INFINITY],
  [100_000, Number.POSITIVE_INFINITY],
  [100, 1],
  [400, 2],
  [3000, 7],
])('keeps the best %i with at most %d of each entity', (k, perEntity) => {
  const hits = randomHits(12_000)
  const best = bestHits<Hit>(k, perEntity)
  let cuts = 0
  for (const hit of hits) {
    best.add(hit)
    if (!best.isFull) continue
    inThisTurn(best.cut())
    expect(best.isFull).toBe(false)
    cuts++
  }

  expect(inThisTurn(best.cut())).toEqual(expected(hits, k, perEntity))
  expect(cuts > 0).toBe(k < 100_000)
})

test('cuts many in steps', () => {
  const best = bestHits<Hit>(1_000_000, 5)
  for (const hit of randomHits(200_000)) best.add(hit)
  const work = best.cut()
  let steps = 0
  while (work.next().done !== true) steps++

  expect(steps).toBeGreaterThan(1000)
})
