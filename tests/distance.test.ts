import { describe, expect, test } from 'vitest'
import { distance, dotProduct, norm } from '../src/distance.js'
import { randomNumbers } from './support/random-numbers.js'

const floats = (...numbers: number[]) => Float32Array.from(numbers)
const METRICS = ['cosine', 'l2', 'dot'] as const

function randomVector(dimension: number, next: () => number, scale = 1): Float32Array {
  return Float32Array.from({ length: dimension }, () => (next() * 2 - 1) * scale)
}

/** In doubles, with nothing of ours. */
function expected(metric: (typeof METRICS)[number], a: Float32Array, b: Float32Array): number {
  const sum = (term: (i: number) => number) => [...a.keys()].reduce((total, i) => total + term(i), 0)
  if (metric === 'l2') return Math.hypot(...a.map((value, i) => value - b[i]!))
  const dot = sum((i) => a[i]! * b[i]!)
  return metric === 'dot' ? -dot : 1 - dot / Math.sqrt(sum((i) => a[i]! ** 2) * sum((i) => b[i]! ** 2))
}

describe('closed forms', () => {
  test('l2 is Euclidean, not squared', () => {
    expect(distance('l2', floats(0, 0), floats(3, 4))).toBe(5)
    expect(distance('l2', new Float32Array(400), new Float32Array(400).fill(1))).toBe(20)
  })

  test('cosine is 1 - similarity', () => {
    expect(distance('cosine', floats(2, 0), floats(0, 3))).toBe(1)
    expect(distance('cosine', floats(1, 0), floats(-7, 0))).toBe(2)
    expect(distance('cosine', floats(3, 4), floats(30, 40))).toBe(0)
  })

  test('dot is the negative inner product, and never -0', () => {
    expect(distance('dot', floats(1, 2, 3), floats(4, 5, 6))).toBe(-32)
    expect(distance('dot', floats(1, 0), floats(0, 1))).toBe(0)
    expect(dotProduct(floats(1, 2, 3), floats(4, 5, 6))).toBe(32)
  })

  test('norm is the Euclidean length', () => {
    expect(norm(floats(3, 4))).toBe(5)
    expect(norm(new Float32Array(7))).toBe(0)
  })

  test('cosine to or from a zero vector is 1', () => {
    const zero = new Float32Array(3)
    expect(distance('cosine', zero, floats(1, 2, 3))).toBe(1)
    expect(distance('cosine', floats(1, 2, 3), zero)).toBe(1)
    expect(distance('cosine', zero, zero)).toBe(1)
  })
})

describe('the sums', () => {
  // 2 ** 24 + 1 is no float32: what is added to a lane that holds 2 ** 24 is lost, what goes to other lanes is not.
  const big = 2 ** 12

  test('are kept in 32 lanes: number i goes to lane i mod 32', () => {
    const sameLane = new Float32Array(33)
    sameLane.set([big, 1]) // lanes 0 and 1; lane 1 meets lane 0 last
    sameLane[32] = 1 // lane 0 again: lost
    expect(dotProduct(sameLane, sameLane)).toBe(2 ** 24)
  })

  test('are folded by halves: 16, 8, 4, 2, 1', () => {
    const vector = new Float32Array(32)
    vector.set([big, 1]) // meets 1 at the end: lost
    vector[3] = 1 // was taken in by lane 1 before: 1 + 1 is not lost
    expect(dotProduct(vector, vector)).toBe(2 ** 24 + 2)
  })
})

describe.each([1, 2, 7, 31, 32, 33, 100, 384, 1536])('in %i dimensions', (dimension) => {
  const next = randomNumbers(dimension)

  test.each(METRICS)('%s agrees with doubles', (metric) => {
    for (let round = 0; round < 20; round++) {
      const [a, b] = [randomVector(dimension, next), randomVector(dimension, next)]
      const size = metric === 'dot' ? norm(a) * norm(b) : 1
      expect(Math.abs(distance(metric, a, b) - expected(metric, a, b))).toBeLessThan(2e-6 * size * Math.max(1, norm(a)))
      expect(distance(metric, b, a)).toBe(distance(metric, a, b))
    }
  })

  test('equal vectors are at 0', () => {
    for (const scale of [1, 1e-30, 1e-44, 1e-15, 1e30, 3e38]) {
      const a = randomVector(dimension, next, scale)
      expect(distance('l2', a, a)).toBe(0)
      if (norm(a) > 0) expect(distance('cosine', a, a)).toBe(0)
    }
  })

  test.each([1e-40, 1e-30, 1e-20, 1e-15, 1e-12, 1e15, 1e19, 1e25, 1e38])('numbers of the size of %f are as exact', (scale) => {
    for (let round = 0; round < 10; round++) {
      const [a, b] = [randomVector(dimension, next, scale), randomVector(dimension, next, scale)]
      if (norm(a) === 0 || norm(b) === 0) continue
      expect(distance('cosine', a, b)).toBeCloseTo(expected('cosine', a, b), 5)
      expect(distance('l2', a, b) / expected('l2', a, b)).toBeCloseTo(1, 5)
      expect(Number.isFinite(distance('dot', a, b))).toBe(true)
    }
  })
})

test('the largest vectors have finite distances', () => {
  const largest = 3.4028234663852886e38
  const [a, b] = [new Float32Array(65_536).fill(largest), new Float32Array(65_536).fill(-largest)]
  expect(distance('l2', a, b)).toBeCloseTo(2 * 256 * largest, -33)
  expect(distance('cosine', a, b)).toBe(2)
  expect(distance('dot', a, a) / (-(largest ** 2) * 65_536)).toBeCloseTo(1, 12)
})
