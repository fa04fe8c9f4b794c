import { types } from 'node:util'
import { type BatchPlace, DimensionError, described, InvalidVectorError } from './errors.js'

/** Of any realm: test runners and `node:vm` have classes of their own. */
const { isFloat32Array } = types
/** What a Float32Array really has, whatever its property of that name says. */
const { get: lengthOf } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Float32Array.prototype), 'length')!

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

/** How much of it is allocated at once. */
const PIECE_BYTES = 65_536

/**
 * Memory for the copies of a batch's vectors, used again and again: to allocate for each vector, or to touch fresh memory,
 * costs several times its copy and its check.
 */
export class VectorRoom {
  readonly #dimension: number
  readonly #pieceLength: number
  readonly #pieces: Float32Array[] = []
  #piece = -1
  #end: number

  constructor(dimension: number) {
    this.#dimension = dimension
    this.#pieceLength = dimension * Math.max(1, Math.floor(PIECE_BYTES / Float32Array.BYTES_PER_ELEMENT / dimension))
    this.#end = this.#pieceLength
  }

  /** [D], with whatever was there before. */
  next(): Float32Array {
    if (this.#end === this.#pieceLength) {
      this.#pieces[++this.#piece] ??= new Float32Array(this.#pieceLength)
      this.#end = 0
    }
    const start = this.#end
    this.#end += this.#dimension
    return this.#pieces[this.#piece]!.subarray(start, this.#end)
  }

  /** Nobody reads its vectors any more. */
  clear(): void {
    this.#piece = -1
    this.#end = this.#pieceLength
  }
}

/**
 * A copy of a user's vector, checked and narrowed to float32.
 *
 * @param input  D numbers, each finite after narrowing.
 * @param room  Where the copies of a batch go; absent: memory of its own.
 * @throws {InvalidVectorError} not a Float32Array or list of numbers, its buffer detached or shrunk, or NaN, Infinity or beyond float32.
 * @throws {DimensionError} another length.
 */
export function toVector(input: unknown, place: VectorPlace, room?: VectorRoom): Float32Array {
  const { collection, dimension, index, isStream } = place
  const isFloats = isFloat32Array(input)
  if (isFloats) {
    if (isOutOfBounds(input)) {
      const claim = 'The buffer of this vector was transferred away or shrunk. Insert it before posting it to another thread.'
      throw new InvalidVectorError('VECTOR_INVALID', claim, 'an attached buffer', 'a detached buffer', inBatch(place))
    }
  } else if (!Array.isArray(input)) {
    const expected = 'a Float32Array or a list of numbers'
    const claim = `A vector should be ${expected}; it is ${described(input)}.`
    throw new InvalidVectorError('VECTOR_INVALID', claim, expected, described(input), inBatch(place))
  }
  const length: number = isFloats ? lengthOf!.call(input) : input.length
  if (length !== dimension) throw new DimensionError(collection, index, dimension, length, isStream)
  const vector = room === undefined ? new Float32Array(dimension) : room.next()
  if (isFloats) vector.set(input)
  else narrow(input, vector, place)
  if (!isAllFinite(vector)) throw notFinite(vector, input, place)
  return vector
}

/** Where errors say that it happened; undefined for a vector that is in no batch. */
function inBatch({ collection, index, isStream }: VectorPlace): BatchPlace | undefined {
  return index === undefined ? undefined : { collection, index, isStream }
}

function narrow(numbers: readonly unknown[], vector: Float32Array, place: VectorPlace): void {
  for (let i = 0; i < vector.length; i++) {
    const value = numbers[i]
    if (typeof value !== 'number') {
      const claim = `Number ${i} of this vector is ${described(value)}.`
      throw new InvalidVectorError('VECTOR_INVALID', claim, 'numbers', described(value), inBatch(place))
    }
    vector[i] = value
  }
}

/**
 * Whether all are finite: their sum is. In doubles no 65,536 float32 overflow, and NaN and Infinity stay in a sum. Four sums
 * side by side take half the time of asking each number.
 */
function isAllFinite(vector: Float32Array): boolean {
  const { length } = vector
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let i = 0
  for (; i + 3 < length; i += 4) {
    a += vector[i]!
    b += vector[i + 1]!
    c += vector[i + 2]!
    d += vector[i + 3]!
  }
  for (; i < length; i++) a += vector[i]!
  return Number.isFinite(a + b + c + d)
}

/** The error of the first number that is not finite. */
function notFinite(vector: Float32Array, input: readonly unknown[] | Float32Array, place: VectorPlace): InvalidVectorError {
  const i = vector.findIndex((number) => !Number.isFinite(number))
  const value = input[i]
  const claim = `Number ${i} of this vector is ${value}${Number.isFinite(value) ? ', beyond the range of float32' : ''}; all must be finite.`
  return new InvalidVectorError('VECTOR_NOT_FINITE', claim, 'finite float32 numbers', String(value), inBatch(place))
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
export function normalize(vector: Float32Array, place: VectorPlace): void {
  let squares = 0
  for (let i = 0; i < vector.length; i++) squares += vector[i]! ** 2
  if (squares === 0) {
    const claim = 'A zero vector has no direction, and this collection is normalized.'
    throw new InvalidVectorError('VECTOR_INVALID', claim, 'a vector other than zero', 'a zero vector', inBatch(place))
  }
  const scale = 1 / Math.sqrt(squares)
  for (let i = 0; i < vector.length; i++) vector[i]! *= scale
}
