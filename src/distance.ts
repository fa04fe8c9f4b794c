/** How far apart two vectors are; the smaller, the nearer. */
export type Metric = 'cosine' | 'l2' | 'dot'

/** Sums are kept in this many lanes: number i is added to lane i mod 32. */
const LANES = 32
/** Sums of squares below this have lost digits to underflow: 2 ** -100, so that what 65,536 products lose is 2 ** -34 of it. */
const SQUARES_MIN = 2 ** -100

/**
 * The distance of two vectors of one length, the same bits as every kernel of `native/kernels` gives.
 *
 * `cosine` is 1 - similarity, from 0 to 2, and 1 to or from a zero vector; `l2` is Euclidean, not squared; `dot` is the negative inner
 * product. Exactly 0 between equal vectors (`cosine`, `l2`), finite for all finite vectors.
 *
 * A sum is taken in float32, each product and each addition rounded (no fused multiply-add), in 32 lanes: number i goes to lane i mod 32. Then lane l
 * takes in lane l + 16, then l + 8, l + 4, l + 2, l + 1. What follows (root, quotient, difference) is in doubles. A sum that left the
 * range where float32 is exact enough is taken again in doubles, in the order of the numbers: when it overflowed, and when a sum of
 * squares is below 2 ** -100; the inner product under `cosine`, when that happened to either sum of squares.
 *
 * Cost: O(D), 10 to 20 times that of a kernel. For one pair, not for a matrix.
 * @example distance('l2', Float32Array.of(0, 0), Float32Array.of(3, 4)) // 5
 */
export function distance(metric: Metric, a: Float32Array, b: Float32Array): number {
  switch (metric) {
    case 'l2':
      return Math.sqrt(squaredDifferences(a, b))
    case 'dot':
      return 0 - dotProduct(a, b) // not -0
    case 'cosine':
      return cosineDistance(a, b)
  }
}

/** The inner product, summed as `distance` says; again in doubles where float32 overflows. */
export function dotProduct(a: Float32Array, b: Float32Array): number {
  const sum = lanesOfProducts(a, b)
  return Number.isFinite(sum) ? sum : productsInDoubles(a, b)
}

/** The Euclidean length. */
export function norm(vector: Float32Array): number {
  return Math.sqrt(squares(vector))
}

function cosineDistance(a: Float32Array, b: Float32Array): number {
  const isExact = isExactEnough(lanesOfProducts(a, a)) && isExactEnough(lanesOfProducts(b, b))
  // The root of the product, not the product of the roots: between equal vectors it is exactly their inner product.
  const product = squares(a) * squares(b)
  if (product === 0) return 1
  const dot = isExact ? dotProduct(a, b) : productsInDoubles(a, b)
  return Math.min(Math.max(1 - dot / Math.sqrt(product), 0), 2)
}

function squares(vector: Float32Array): number {
  const sum = lanesOfProducts(vector, vector)
  return isExactEnough(sum) ? sum : productsInDoubles(vector, vector)
}

function squaredDifferences(a: Float32Array, b: Float32Array): number {
  const lanes = new Float32Array(LANES)
  for (let i = 0; i < a.length; i++) {
    const difference = Math.fround(a[i]! - b[i]!)
    lanes[i % LANES]! += Math.fround(difference * difference)
  }
  const sum = folded(lanes)
  if (isExactEnough(sum)) return sum
  let again = 0
  for (let i = 0; i < a.length; i++) again += (a[i]! - b[i]!) * (a[i]! - b[i]!)
  return again
}

function isExactEnough(sumOfSquares: number): boolean {
  return sumOfSquares >= SQUARES_MIN && sumOfSquares < Number.POSITIVE_INFINITY
}

function lanesOfProducts(a: Float32Array, b: Float32Array): number {
  const lanes = new Float32Array(LANES)
  for (let i = 0; i < a.length; i++) lanes[i % LANES]! += Math.fround(a[i]! * b[i]!)
  return folded(lanes)
}

function folded(lanes: Float32Array): number {
  for (let half = LANES / 2; half >= 1; half /= 2) {
    for (let lane = 0; lane < half; lane++) lanes[lane]! += lanes[lane + half]!
  }
  return lanes[0]!
}

function productsInDoubles(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
