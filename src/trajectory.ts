import { InvariantError } from './errors.js'

/** Some observations of one entity in time order, one after another in memory. */
export interface Trajectory {
  /** [T], epoch milliseconds, strictly increasing. */
  readonly timestamps: Float64Array
  /** [T, D], row-major. */
  readonly vectors: Float32Array
  /** D. */
  readonly dimension: number
}

/** @returns T, the number of observations. */
export function lengthOf(trajectory: Trajectory): number {
  return trajectory.timestamps.length
}

/** @returns [D], a view of observation `index`; a negative one counts from the end. */
export function vectorAt(trajectory: Trajectory, index: number): Float32Array {
  const { dimension, timestamps, vectors } = trajectory
  const row = index < 0 ? timestamps.length + index : index
  if (!(row >= 0 && row < timestamps.length)) throw new InvariantError(`observation ${index} of ${timestamps.length} was read`)
  return vectors.subarray(row * dimension, (row + 1) * dimension)
}

/** @returns A view of the last `count` observations, or of all when there are fewer. */
export function newest(trajectory: Trajectory, count: number): Trajectory {
  const { dimension, timestamps, vectors } = trajectory
  if (count >= timestamps.length) return trajectory
  const from = timestamps.length - count
  return { dimension, timestamps: timestamps.subarray(from), vectors: vectors.subarray(from * dimension) }
}

/**
 * A trajectory out of its observations, for tests and examples.
 *
 * @param pairs  [timestamp, vector], by strictly increasing time, all vectors of one length.
 */
export function trajectoryOf(pairs: readonly (readonly [number, ArrayLike<number>])[]): Trajectory {
  const dimension = pairs[0]?.[1].length ?? 0
  const timestamps = Float64Array.from(pairs, ([timestamp]) => timestamp)
  const vectors = new Float32Array(pairs.length * dimension)
  pairs.forEach(([timestamp, vector], i) => {
    if (vector.length !== dimension) throw new InvariantError(`observation ${i} has ${vector.length} numbers, the first one ${dimension}`)
    if (i > 0 && !(timestamp > timestamps[i - 1]!)) throw new InvariantError(`observation ${i} is not after the one before it`)
    vectors.set(vector, i * dimension)
  })
  return { timestamps, vectors, dimension }
}
