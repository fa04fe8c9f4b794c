/** A word with its vector at some moment. */
export interface Placed {
  readonly entity: string
  readonly vector: Float32Array
}

/** Cosine similarity: 1 the same direction, 0 nothing in common. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0
  let squaresA = 0
  let squaresB = 0
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!
    squaresA += a[i]! ** 2
    squaresB += b[i]! ** 2
  }
  return product / Math.sqrt(squaresA * squaresB)
}

/** The `count` words that are most like a vector, `except` itself, in words: `fuels 0.84, production 0.83`. */
export function mostLike(vector: Float32Array, words: readonly Placed[], { except, count }: { except: string; count: number }): string {
  return words
    .filter(({ entity }) => entity !== except)
    .map(({ entity, vector: other }) => ({ entity, likeness: cosine(vector, other) }))
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, count)
    .map(({ entity, likeness }) => `${entity} ${likeness.toFixed(2)}`)
    .join(', ')
}
