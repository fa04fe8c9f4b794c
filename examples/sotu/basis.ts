import { EigenvalueDecomposition } from 'ml-matrix'

/** D directions among the contexts, on which every year's words are laid out. */
export interface Basis {
  /** [D][contexts], orthonormal times one common scale. */
  readonly directions: readonly Float64Array[]
}

/**
 * The right singular vectors of the rows, as eigenvectors of their Gram matrix, largest first.
 *
 * The very first is left out: rows of mutual information are nowhere negative, so it is what all words share, and with it every word is like every other.
 * The scale makes the mean square of the rows' coordinates 1; the sign makes the largest entry of each direction positive.
 *
 * @param rows  [words][contexts]
 * Cost: O(contexts^3); ten seconds for 1,500.
 */
export function fitBasis(rows: readonly Float64Array[], dimension: number): Basis {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram(rows), { assumeSymmetric: true })
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!)
  const directions = order.slice(1, dimension + 1).map((i) => withLargestPositive(Float64Array.from(eigenvectorMatrix.getColumn(i))))
  if (directions.length < dimension)
    throw new Error(`Expected more than ${dimension} contexts for ${dimension} directions; there are ${order.length}.`)
  const squares = rows.flatMap((row) => project({ directions }, row).map((value) => value * value))
  const scale = 1 / Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length)
  return { directions: directions.map((direction) => direction.map((value) => value * scale)) }
}

/** @returns [D], the coordinates of a row [contexts]. */
export function project({ directions }: Basis, row: Float64Array): number[] {
  return directions.map((direction) => {
    let coordinate = 0
    for (let i = 0; i < row.length; i++) coordinate += direction[i]! * row[i]!
    return coordinate
  })
}

function gram(rows: readonly Float64Array[]): Float64Array[] {
  const size = rows[0]?.length ?? 0
  const products = Array.from({ length: size }, () => new Float64Array(size))
  for (const row of rows) {
    for (let i = 0; i < size; i++) {
      const value = row[i]!
      const target = products[i]!
      if (value !== 0) for (let j = 0; j < size; j++) target[j]! += value * row[j]!
    }
  }
  return products
}

function withLargestPositive(direction: Float64Array): Float64Array {
  const largest = direction.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0)
  return largest < 0 ? direction.map((value) => -value) : direction
}
