import vm from 'node:vm'
import { describe, expect, test } from 'vitest'
import { DimensionError, InvalidVectorError } from '../src/errors.js'
import { normalize, toVector, VectorRoom } from '../src/vector.js'

const place = { collection: 'words', dimension: 3, index: 4 }

/** [1, nothing at all, 3] */
const withGap: unknown[] = [1]
withGap[2] = 3

function refusal(input: unknown): unknown {
  try {
    toVector(input, place)
  } catch (error) {
    return error
  }
  throw new Error('this should have been refused')
}

describe('a vector is accepted', () => {
  test('as a list of numbers, narrowed to float32', () => {
    expect(toVector([0.1, -0, 3e38], place)).toEqual(Float32Array.of(Math.fround(0.1), -0, 3e38))
  })

  test('as a Float32Array, and copied', () => {
    const input = Float32Array.of(1, 2, 3)
    const vector = toVector(input, place)
    input.fill(9)
    expect(vector).toEqual(Float32Array.of(1, 2, 3))
    expect(vector.buffer).not.toBe(input.buffer)
  })

  test('as a view into a larger buffer', () => {
    const whole = Float32Array.of(0, 1, 2, 3, 4)
    expect(toVector(whole.subarray(1, 4), place)).toEqual(Float32Array.of(1, 2, 3))
    expect(toVector(new Float32Array(whole.buffer, 8, 3), place)).toEqual(Float32Array.of(2, 3, 4))
  })

  test('over shared memory, and copied out of it', () => {
    const shared = new Float32Array(new SharedArrayBuffer(12))
    shared.set([1, 2, 3])
    const vector = toVector(shared, place)
    expect(vector).toEqual(Float32Array.of(1, 2, 3))
    expect(vector.buffer).toBeInstanceOf(ArrayBuffer)
  })

  test('over a buffer that grows, as long as it has D numbers', () => {
    const buffer = new ArrayBuffer(12, { maxByteLength: 64 })
    const tracking = new Float32Array(buffer)
    expect(toVector(tracking, place)).toHaveLength(3)
    buffer.resize(16)
    expect(refusal(tracking)).toMatchObject({ code: 'DIMENSION_MISMATCH', expected: 3, received: 4 })
  })

  test('of another realm, as test runners and node:vm make them', () => {
    expect(toVector(vm.runInNewContext('Float32Array.of(1, 2, 3)'), place)).toEqual(Float32Array.of(1, 2, 3))
    expect(toVector(vm.runInNewContext('[1, 2, 3]'), place)).toEqual(Float32Array.of(1, 2, 3))
  })

  test('with numbers that float32 rounds to zero', () => {
    expect(toVector([1e-60, 0, 1e-40], place)).toEqual(Float32Array.of(0, 0, 1e-40))
  })
})

describe('a vector is refused', () => {
  test.each([
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 5, '5'],
    ['text', '[1,2,3]', "'[1,2,3]'"],
    ['an object like a list', { 0: 1, 1: 2, 2: 3, length: 3 }, 'an object'],
    ['doubles', Float64Array.of(1, 2, 3), 'a Float64Array'],
    ['whole numbers', Int32Array.of(1, 2, 3), 'a Int32Array'],
    ['bytes', Buffer.from(Float32Array.of(1, 2, 3).buffer), 'a Buffer'],
    ['a buffer', new ArrayBuffer(12), 'an ArrayBuffer'],
    ['a view', new DataView(new ArrayBuffer(12)), 'a DataView'],
  ])('as %s', (_, input, received) => {
    expect(refusal(input)).toMatchObject({ code: 'VECTOR_INVALID', received, collection: 'words', index: 4 })
  })

  test.each([
    ['text', [1, '2', 3], "Number 1 of this vector is '2'"],
    ['null', [1, 2, null], 'Number 2 of this vector is null'],
    ['a gap', withGap, 'Number 1 of this vector is undefined'],
    ['a BigInt', [1n, 2, 3], 'Number 0 of this vector is the BigInt 1n'],
    ['a list', [[1], 2, 3], 'Number 0 of this vector is a list of 1'],
    ['true', [true, 2, 3], 'Number 0 of this vector is true'],
  ])('with %s among its numbers', (_, input, words) => {
    const error = refusal(input)
    expect(error).toBeInstanceOf(InvalidVectorError)
    expect(error).toMatchObject({ code: 'VECTOR_INVALID', message: expect.stringContaining(words) })
  })

  test.each([
    ['NaN', [1, Number.NaN, 3], 'Number 1 of this vector is NaN;'],
    ['Infinity', [1, 2, Number.POSITIVE_INFINITY], 'Number 2 of this vector is Infinity;'],
    ['-Infinity in a Float32Array', Float32Array.of(Number.NEGATIVE_INFINITY, 2, 3), 'Number 0 of this vector is -Infinity;'],
    ['NaN in a Float32Array', Float32Array.of(1, 2, Number.NaN), 'Number 2 of this vector is NaN;'],
    ['1e39', [1e39, 2, 3], 'Number 0 of this vector is 1e+39, beyond the range of float32;'],
    ['the smallest double that rounds to infinity', [3.4028235677973366e38, 2, 3], 'beyond the range of float32'],
  ])('with %s', (_, input, words) => {
    expect(refusal(input)).toMatchObject({ code: 'VECTOR_NOT_FINITE', message: expect.stringContaining(words), collection: 'words', index: 4 })
  })

  test.each([1, 2, 3, 4, 5, 8, 11])('wherever a number of %i is not finite, and says which', (dimension) => {
    for (let i = 0; i < dimension; i++) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const input = new Float32Array(dimension).fill(1)
        input[i] = bad
        expect(() => toVector(input, { collection: 'words', dimension })).toThrow(`Number ${i} of this vector is ${bad};`)
      }
    }
  })

  test('when Infinity and -Infinity would add up to nothing, and not when the largest numbers add up to more than float32 holds', () => {
    const place = { collection: 'words', dimension: 8 }
    expect(() => toVector([Number.POSITIVE_INFINITY, 0, 0, 0, Number.NEGATIVE_INFINITY, 0, 0, 0], place)).toThrow(
      'Number 0 of this vector is Infinity;',
    )
    expect(toVector(new Float32Array(8).fill(3.4028234663852886e38), place)[7]).toBe(3.4028234663852886e38)
  })

  test('when it only claims the right length', () => {
    const liar = Object.defineProperty(new Float32Array(2), 'length', { value: 3 })
    expect(refusal(liar)).toMatchObject({ code: 'DIMENSION_MISMATCH', expected: 3, received: 2 })
  })

  test('the largest float32 is still fine', () => {
    expect(toVector([3.4028234663852886e38, 0, 0], place)[0]).toBe(3.4028234663852886e38)
  })

  test.each([[[1, 2]], [[1, 2, 3, 4]], [[]], [new Float32Array(0)], [new Float32Array(4)]])('with another length than its collection', (input) => {
    const error = refusal(input)
    expect(error).toBeInstanceOf(DimensionError)
    expect(error).toMatchObject({ code: 'DIMENSION_MISMATCH', collection: 'words', index: 4, expected: 3, received: input.length })
  })

  test('when its buffer was transferred away', () => {
    const vector = Float32Array.of(1, 2, 3)
    structuredClone(vector, { transfer: [vector.buffer] })
    expect(refusal(vector)).toMatchObject({
      code: 'VECTOR_INVALID',
      received: 'a detached buffer',
      message: expect.stringContaining('transferred away or shrunk'),
    })
  })

  test('when its buffer shrank', () => {
    const buffer = new ArrayBuffer(12, { maxByteLength: 12 })
    const fixed = new Float32Array(buffer, 0, 3)
    const tracking = new Float32Array(buffer)
    const behind = new Float32Array(buffer, 8)
    buffer.resize(4)
    expect(refusal(fixed)).toMatchObject({ code: 'VECTOR_INVALID', received: 'a detached buffer' })
    expect(refusal(behind)).toMatchObject({ code: 'VECTOR_INVALID', received: 'a detached buffer' })
    expect(refusal(tracking)).toMatchObject({ code: 'DIMENSION_MISMATCH', received: 1 })
  })

  test('alone, without a place in a batch', () => {
    expect(() => toVector([1, 2], { collection: 'words', dimension: 3 })).toThrow(
      'Collection "words" stores vectors of 3 numbers; this one has 2. Embed it with the model that filled "words", or create a second collection for it.',
    )
  })

  test('and the whole message says where, and that nothing was written', () => {
    expect(refusal([1, Number.NaN, 3])).toMatchObject({
      message: 'Item 4 of this batch for collection "words": Number 1 of this vector is NaN; all must be finite. Nothing of the batch was written.',
    })
  })
})

describe('a room', () => {
  test.each([3, 16_384, 40_000])('holds the copies of a batch of vectors of %i numbers, each its own', (dimension) => {
    const room = new VectorRoom(dimension)
    const place = { collection: 'words', dimension }
    const count = dimension === 3 ? 10_000 : 3
    for (const round of [1, 2]) {
      const vectors = Array.from({ length: count }, (_, i) => toVector(new Float32Array(dimension).fill(i * round), place, room))
      expect(vectors.every((vector, i) => vector.length === dimension && vector.every((number) => number === i * round))).toBe(true)
      room.clear()
    }
  })

  test('is written over once it is cleared', () => {
    const room = new VectorRoom(3)
    const first = toVector([1, 2, 3], place, room)
    room.clear()
    toVector([4, 5, 6], place, room)
    expect(first).toEqual(Float32Array.of(4, 5, 6))
  })
})

describe('normalize', () => {
  test('scales to unit length', () => {
    const vector = Float32Array.of(3, 0, 4)
    normalize(vector, place)
    expect(vector).toEqual(Float32Array.of(0.6, 0, 0.8))
  })

  test.each([1e-45, 1e-30, 1e30, 3e38])('at the scale of %d, too', (scale) => {
    const vector = Float32Array.of(scale, -scale, scale)
    normalize(vector, place)
    for (const value of vector) expect(Math.abs(value)).toBeCloseTo(1 / Math.sqrt(3), 6)
    expect(vector[1]).toBeLessThan(0)
  })

  test('refuses a zero vector, which has no direction', () => {
    expect(() => normalize(Float32Array.of(0, -0, 0), place)).toThrow(
      expect.objectContaining({ code: 'VECTOR_INVALID', received: 'a zero vector', index: 4 }),
    )
  })
})
