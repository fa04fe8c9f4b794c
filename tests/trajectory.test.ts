import { describe, expect, test } from 'vitest'
import { InvariantError } from '../src/errors.js'
import { lengthOf, newest, trajectoryOf, vectorAt } from '../src/trajectory.js'

const drift = trajectoryOf([
  [0, [1, 2]],
  [1000.5, [3, 4]],
  [2000, [5, 6]],
])

describe('trajectoryOf', () => {
  test('lays vectors out one after another, in float32', () => {
    expect(drift).toEqual({
      timestamps: Float64Array.of(0, 1000.5, 2000),
      vectors: Float32Array.of(1, 2, 3, 4, 5, 6),
      dimension: 2,
    })
  })

  test('of nothing has no observations', () => {
    expect(lengthOf(trajectoryOf([]))).toBe(0)
  })

  test.each([
    ['a time twice', [[0, [1]], [0, [2]]]],
    ['time that goes back', [[5, [1]], [4, [2]]]],
    ['NaN for a time', [[0, [1]], [Number.NaN, [2]]]],
    ['a shorter vector', [[0, [1, 2]], [1, [2]]]],
    ['a longer vector', [[0, [1]], [1, [2, 3]]]],
  ] as [string, [number, number[]][]][])('refuses %s', (_, pairs) => {
    expect(() => trajectoryOf(pairs)).toThrow(InvariantError)
  }) // biome-ignore format: a table
})

describe('vectorAt', () => {
  test('counts from the start, or from the end below 0', () => {
    expect(vectorAt(drift, 0)).toEqual(Float32Array.of(1, 2))
    expect(vectorAt(drift, 2)).toEqual(Float32Array.of(5, 6))
    expect(vectorAt(drift, -1)).toEqual(Float32Array.of(5, 6))
    expect(vectorAt(drift, -3)).toEqual(Float32Array.of(1, 2))
  })

  test('gives a view and no copy', () => {
    expect(vectorAt(drift, 1).buffer).toBe(drift.vectors.buffer)
  })

  test.each([3, -4, Number.NaN])('has no observation %s of three', (index) => {
    expect(() => vectorAt(drift, index)).toThrow(InvariantError)
  })
})

describe('newest', () => {
  test('keeps the last observations', () => {
    expect(newest(drift, 2)).toEqual({ timestamps: Float64Array.of(1000.5, 2000), vectors: Float32Array.of(3, 4, 5, 6), dimension: 2 })
    expect(lengthOf(newest(drift, 0))).toBe(0)
  })

  test('keeps all when there are not more', () => {
    expect(newest(drift, 3)).toBe(drift)
    expect(newest(drift, 64)).toBe(drift)
  })

  test('of a newest is a newest of the whole', () => {
    expect(newest(newest(drift, 2), 1)).toEqual(newest(drift, 1))
  })
})
