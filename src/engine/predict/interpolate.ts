/** A vector at a moment. */
interface Point {
  readonly timestamp: number
  /** [D] */
  readonly vector: Float32Array
}

/** @returns [D], on the line between two observations, computed in double. */
export function interpolate(before: Point, after: Point, at: number): Float32Array {
  const share = (at - before.timestamp) / (after.timestamp - before.timestamp)
  return before.vector.map((value, i) => value * (1 - share) + after.vector[i]! * share)
}
