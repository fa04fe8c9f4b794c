import { describe, expect, test } from 'vitest'
import { sortedStepwise } from '../src/stepwise-sort.js'
import { randomNumbers } from './support/random-numbers.js'

interface Item {
  readonly key: number
  readonly place: number
}

const byKey = (a: Item, b: Item) => a.key - b.key

/** Keys come several times each, so that the order of equal ones shows. */
function items(count: number): Item[] {
  const next = randomNumbers(count)
  return Array.from({ length: count }, (_, place) => ({ key: Math.floor(next() * (count / 3)), place }))
}

function sorted(given: Item[], onStep: () => void = () => undefined): Item[] {
  const work = sortedStepwise(given, byKey)
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    onStep()
  }
}

describe('sortedStepwise', () => {
  test.each([0, 1, 2, 3, 1023, 1024, 1025, 2048, 2049, 5000, 16_384, 50_001])('sorts %i items as a sort in one go does', (count) => {
    const given = items(count)
    const expected = given.toSorted(byKey) // stable, by the language's definition
    expect(sorted(given)).toEqual(expected)
  })

  test('no step compares more than some thousand times', () => {
    let count = 0
    let most = 0
    const work = sortedStepwise(items(100_000), (a, b) => {
      count++
      return byKey(a, b)
    })
    while (work.next().done !== true) {
      most = Math.max(most, count)
      count = 0
    }
    expect(most).toBeLessThan(1024 * 14) // runs of 1024 by a sort of n log2 n comparisons at most, with some to spare
  })

  test('what is in order already is returned as it is, in steps', () => {
    const given = Array.from({ length: 10_000 }, (_, place) => ({ key: place, place }))
    let steps = 0
    expect(sorted(given, () => steps++)).toBe(given)
    expect(steps).toBe(9)
  })
})
