import { describe, expect, test } from 'vitest'
import { Slice } from '../../src/slice.js'
import type { Stretch } from '../../src/storage/observations/stretch.js'
import { Matrix, MatrixFull, matrixBytes } from '../../src/storage/search/matrix.js'
import { rowAt, rowBytes } from '../../src/storage/search/matrix-slab.js'
import { MemoryAccount } from '../../src/storage/search/memory-account.js'
import { Random, seedOfRun } from '../support/random.ts'

/** Rows of 16 KB, so that a few hundred take several slabs. */
const DIMENSION = 4096

function stretchOf(timestamps: readonly number[]): Stretch {
  const vectors = new Float32Array(timestamps.length * DIMENSION)
  for (const [i, timestamp] of timestamps.entries()) vectors.fill(timestamp, i * DIMENSION, (i + 1) * DIMENSION)
  return {
    count: timestamps.length,
    timestamps: Float64Array.from(timestamps),
    recordedAt: 0,
    vectors: new Uint8Array(vectors.buffer),
    payloads: undefined,
  }
}

/** Every row by entity id, and what is wrong with it. */
function contentsOf(matrix: Matrix): { rows: Map<string, number[]>; problems: string[] } {
  const rows = new Map<string, number[]>()
  const problems: string[] = []
  let rank = -1
  for (const entity of matrix.entities) {
    const timestamps: number[] = []
    rows.set(entity.id, timestamps)
    for (const { slab, first, count, room } of entity.pieces) {
      if (count > room) problems.push(`${entity.id} has ${count} rows where there is room for ${room}`)
      for (let row = first; row < first + count; row++) {
        timestamps.push(slab.timestamps[row]!)
        const [start, end] = [slab.vectors[row * DIMENSION], slab.vectors[(row + 1) * DIMENSION - 1]]
        if (start !== slab.timestamps[row] || end !== start) problems.push(`row ${row} of ${entity.id} has another one's vector`)
        if (matrix.entityOf(slab, row) !== entity) problems.push(`row ${row} of ${entity.id} has another owner`)
        if (slab.ranks[row]! <= rank) problems.push(`row ${row} of ${entity.id} is ranked ${slab.ranks[row]} after ${rank}`)
        rank = slab.ranks[row]!
      }
    }
  }
  return { rows, problems }
}

describe('a matrix', () => {
  test('holds what was appended, truncated and removed, in order', async () => {
    const seed = seedOfRun()
    const random = new Random(seed)
    const matrix = new Matrix(DIMENSION, new MemoryAccount(2 ** 30))
    const expected = new Map<string, { key: number; timestamps: number[] }>()
    let keys = 0
    for (let round = 0; round < 60; round++) {
      for (let step = 0; step < 20; step++) {
        const id = random.pick(['a', 'b', 'B', 'ä', '\uffff', '\u{1f600}'])
        const known = expected.get(id)
        if (known === undefined) {
          expected.set(id, { key: ++keys, timestamps: [] })
          matrix.add(keys, id)
        } else if (random.chance(0.05)) {
          matrix.remove(known.key)
          expected.delete(id)
        } else if (random.chance(0.2)) {
          const from = random.below(known.timestamps.length + 1)
          matrix.truncate(matrix.entity(known.key)!, from)
          known.timestamps = known.timestamps.filter((timestamp) => timestamp < from)
        } else {
          const first = (known.timestamps.at(-1) ?? -1) + 1
          const added = Array.from({ length: 1 + random.below(20) }, (_, i) => first + i)
          matrix.append(matrix.entity(known.key)!, stretchOf(added))
          known.timestamps.push(...added)
        }
      }
      await matrix.settle(new Slice())
      const { rows, problems } = contentsOf(matrix)
      expect(problems, `seed ${seed}`).toEqual([])
      const ids = [...expected.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      expect([...rows], `seed ${seed}`).toEqual(ids.map((id) => [id, expected.get(id)!.timestamps]))
      expect(matrix.observationCount).toBe([...expected.values()].reduce((sum, { timestamps }) => sum + timestamps.length, 0))
    }
  })

  test('finds the ends of a window', () => {
    const matrix = new Matrix(DIMENSION, new MemoryAccount(2 ** 30))
    const entity = matrix.add(1, 'a')
    matrix.append(entity, stretchOf([1, 3, 5]))
    const [piece] = entity.pieces
    const from = (timestamp: number, after = false) => rowAt(piece!, timestamp, after) - piece!.first

    expect([from(0), from(1), from(2), from(5), from(6)]).toEqual([0, 0, 1, 2, 3])
    expect([from(0, true), from(1, true), from(2, true), from(5, true)]).toEqual([0, 1, 1, 3])
  })

  test('takes no more memory than it was given, and gives all of it back', async () => {
    const memory = new MemoryAccount(20 * 16 * 1024 + 2000)
    const matrix = new Matrix(DIMENSION, memory)
    const entity = matrix.add(1, 'a')
    matrix.append(entity, stretchOf([0, 1, 2, 3, 4]))

    expect(() => matrix.append(entity, stretchOf(Array.from({ length: 30 }, (_, i) => 10 + i)))).toThrow(MatrixFull)
    matrix.close()

    expect(memory.hasRoom(20 * 16 * 1024 + 2000)).toBe(true)
    expect(() => matrix.add(2, 'b')).toThrow(MatrixFull)
  })

  test('keeps little beyond its rows, however they came', async () => {
    const matrix = new Matrix(DIMENSION, new MemoryAccount(2 ** 30))
    const entities = Array.from({ length: 10 }, (_, i) => matrix.add(i + 1, `entity ${i}`))
    for (let t = 0; t < 200; t++) {
      for (const entity of entities) matrix.append(entity, stretchOf([t]))
      await matrix.settle(new Slice())
    }

    expect(matrix.bytes / matrixBytes(DIMENSION, 2000, 10)).toBeLessThan(2)
  })

  test('puts all that is expected into one slab, and what grows into smaller ones', async () => {
    const mebibyte = 2 ** 20
    const matrix = new Matrix(DIMENSION, new MemoryAccount(2 ** 40))
    const entities = Array.from({ length: 40 }, (_, i) => matrix.add(i + 1, `entity ${i}`))
    matrix.expect(40 * 500)
    for (const entity of entities) matrix.append(entity, stretchOf([0]), 500)
    matrix.expect(0)
    await matrix.settle(new Slice())
    const slabs = new Set(entities.flatMap(({ pieces }) => pieces.map(({ slab }) => slab)))

    expect([...slabs].map(({ bytes }) => Math.floor(bytes / mebibyte))).toEqual([Math.floor((40 * 500 * rowBytes(DIMENSION)) / mebibyte)])

    for (let t = 1; t <= 500; t++) matrix.append(entities[0]!, stretchOf([t])) // one more than its piece has room for
    const grown = entities[0]!.pieces.map(({ slab }) => slab).filter((slab) => !slabs.has(slab))
    expect(grown.map(({ bytes }) => bytes <= 64 * mebibyte)).toEqual([true])
  })

  test('settles in steps, whether entities are many or long', async () => {
    class CountingSlice extends Slice {
      steps = 0
      override pause(): undefined {
        this.steps++
      }
    }
    const stepsOf = async (entityCount: number, rowsEach: number): Promise<number> => {
      const matrix = new Matrix(1, new MemoryAccount(2 ** 40))
      matrix.expect(entityCount * rowsEach)
      const vectors = new Uint8Array(4 * rowsEach)
      for (let key = entityCount; key > 0; key--) {
        const entity = matrix.add(key, `entity ${key}`)
        const timestamps = Float64Array.from({ length: rowsEach }, (_, t) => t)
        if (rowsEach > 0) matrix.append(entity, { count: rowsEach, timestamps, recordedAt: 0, vectors, payloads: undefined })
      }
      const slice = new CountingSlice()
      await matrix.settle(slice)
      matrix.remove(1)
      await matrix.settle(slice)
      expect(matrix.entities.length).toBe(entityCount - 1)
      return slice.steps
    }

    expect(await stepsOf(50_000, 0)).toBeGreaterThan(4 * 100) // sorting, merging, leaving out one, ranking twice: 500 a step
    expect(await stepsOf(8, 200_000)).toBeGreaterThan(8 + 7) // each of them is a step of ranking
  })
})
