import { DimensionError, described, InvalidVectorError } from './errors.js'

export type VectorInput = Float32Array | readonly number[]

/** The longest vector that a collection may hold. */
export const DIMENSION_MAX = 65_536

/** The collection that a vector is meant for, and its position in a batch. */
export interface VectorPlace {
  readonly collection: string
  readonly dimension: number
  readonly index?: number
}

/**
 * A copy of a user's vector, checked and narrowed to float32.
 *
 * @param input  D numbers, each finite after narrowing.
 * @throws {InvalidVectorError} not a Float32Array or list of numbers, detached, or NaN, Infinity or beyond float32.
 * @throws {DimensionError} another length.
 */
export function toVector(input: unknown, { collection, dimension, index }: VectorPlace): Float32Array {
  const place = index === undefined ? undefined : { collection, index }
  if (!(input instanceof Float32Array) && !Array.isArray(input)) {
    const expected = 'a Float32Array or a list of numbers'
    throw new InvalidVectorError('VECTOR_INVALID', `A vector should be ${expected}; it is ${described(input)}.`, expected, described(input), place)
  }
  if (input instanceof Float32Array && isDetached(input)) {
    const claim = 'The buffer of this vector was transferred away or shrunk. Insert it before posting it to another thread.'
    throw new InvalidVectorError('VECTOR_INVALID', claim, 'an attached buffer', 'a detached buffer', place)
  }
  if (input.length !== dimension) throw new DimensionError(collection, index, dimension, input.length)
  const vector = new Float32Array(dimension)
  for (let i = 0; i < dimension; i++) {
    const value: unknown = input[i]
    if (typeof value !== 'number') {
      throw new InvalidVectorError('VECTOR_INVALID', `Number ${i} of this vector is ${described(value)}.`, 'numbers', described(value), place)
    }
    vector[i] = value
    if (!Number.isFinite(vector[i])) {
      const claim = `Number ${i} of this vector is ${value}${Number.isFinite(value) ? ', beyond the range of float32' : ''}; all must be finite.`
      throw new InvalidVectorError('VECTOR_NOT_FINITE', claim, 'finite float32 numbers', String(value), place)
    }
  }
  return vector
}

function isDetached(vector: Float32Array): boolean {
  const { buffer } = vector
  return buffer instanceof ArrayBuffer && buffer.byteLength === 0 && vector.byteLength === 0 && buffer.detached
}

/**
 * Scales a vector to unit length in place.
 *
 * @throws {InvalidVectorError} a zero vector has no direction.
 */
export function normalize(vector: Float32Array, { collection, index }: VectorPlace): void {
  let squares = 0
  for (const value of vector) squares += value * value
  if (squares === 0) {
    const claim = 'A zero vector has no direction, and this collection is normalized.'
    const place = index === undefined ? undefined : { collection, index }
    throw new InvalidVectorError('VECTOR_INVALID', claim, 'a vector other than zero', 'a zero vector', place)
  }
  const scale = 1 / Math.sqrt(squares)
  for (let i = 0; i < vector.length; i++) vector[i]! *= scale
}
