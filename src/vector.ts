import { types } from 'node:util'
import { type BatchPlace, DimensionError, described, InvalidVectorError } from './errors.js'

/** Of any realm: test runners and `node:vm` have classes of their own. */
const { isFloat32Array } = types

export type VectorInput = Float32Array | readonly number[]

/** The longest vector that a collection may hold. */
export const DIMENSION_MAX = 65_536

/** The collection that a vector is meant for, and its position in a batch. */
export interface VectorPlace {
  readonly collection: string
  readonly dimension: number
  readonly index?: number
  /** It came by insertMany. */
  readonly isStream?: boolean | undefined
}

/**
 * A copy of a user's vector, checked and narrowed to float32.
 *
 * @param input  D numbers, each finite after narrowing.
 * @throws {InvalidVectorError} not a Float32Array or list of numbers, its buffer detached or shrunk, or NaN, Infinity or beyond float32.
 * @throws {DimensionError} another length.
 */
export function toVector(input: unknown, { collection, dimension, index, isStream }: VectorPlace): Float32Array {
  const place = index === undefined ? undefined : { collection, index, isStream }
  if (isFloat32Array(input)) {
    if (isOutOfBounds(input)) {
      const claim = 'The buffer of this vector was transferred away or shrunk. Insert it before posting it to another thread.'
      throw new InvalidVectorError('VECTOR_INVALID', claim, 'an attached buffer', 'a detached buffer', place)
    }
  } else if (!Array.isArray(input)) {
    const expected = 'a Float32Array or a list of numbers'
    throw new InvalidVectorError('VECTOR_INVALID', `A vector should be ${expected}; it is ${described(input)}.`, expected, described(input), place)
  }
  if (input.length !== dimension) throw new DimensionError(collection, index, dimension, input.length, isStream)
  const vector = isFloat32Array(input) ? new Float32Array(input) : narrowed(input, place)
  for (let i = 0; i < dimension; i++) {
    if (!Number.isFinite(vector[i])) throw notFinite(i, input[i], place)
  }
  return vector
}

function narrowed(numbers: readonly unknown[], place: BatchPlace | undefined): Float32Array {
  const vector = new Float32Array(numbers.length)
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]
    if (typeof value !== 'number') {
      const claim = `Number ${i} of this vector is ${described(value)}.`
      throw new InvalidVectorError('VECTOR_INVALID', claim, 'numbers', described(value), place)
    }
    vector[i] = value
  }
  return vector
}

function notFinite(i: number, value: unknown, place: BatchPlace | undefined): InvalidVectorError {
  const claim = `Number ${i} of this vector is ${value}${Number.isFinite(value) ? ', beyond the range of float32' : ''}; all must be finite.`
  return new InvalidVectorError('VECTOR_NOT_FINITE', claim, 'finite float32 numbers', String(value), place)
}

/** Its buffer was detached, or shrank to before its end: it has length 0, and every method of it throws. */
function isOutOfBounds(vector: Float32Array): boolean {
  if (vector.length > 0) return false
  try {
    vector.at(0)
    return false
  } catch (error) {
    if (error instanceof TypeError) return true
    throw error
  }
}

/**
 * Scales a vector to unit length in place.
 *
 * @throws {InvalidVectorError} a zero vector has no direction.
 */
export function normalize(vector: Float32Array, { collection, index, isStream }: VectorPlace): void {
  let squares = 0
  for (let i = 0; i < vector.length; i++) squares += vector[i]! ** 2
  if (squares === 0) {
    const claim = 'A zero vector has no direction, and this collection is normalized.'
    const place = index === undefined ? undefined : { collection, index, isStream }
    throw new InvalidVectorError('VECTOR_INVALID', claim, 'a vector other than zero', 'a zero vector', place)
  }
  const scale = 1 / Math.sqrt(squares)
  for (let i = 0; i < vector.length; i++) vector[i]! *= scale
}
