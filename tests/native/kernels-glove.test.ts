import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { QUERIES_MAX } from '../../src/native/distance-kernels.js'
import { paths } from './kernel-paths.js'

/** 11,425 word vectors, 500 queries, and the 100 nearest of each by cosine, computed in doubles by NumPy; beside a clone, not in it. */
const folder = fileURLToPath(new URL('../../../shared/data/glove25', import.meta.url))
const [DIMENSION, QUERIES, K] = [25, 500, 100]

/** A NumPy file of 4-byte numbers in C order. Source: numpy.lib.format, version 1.0. */
function numbersOf(name: string): ArrayBuffer {
  const bytes = readFileSync(join(folder, name))
  const start = 10 + bytes.readUInt16LE(8)
  return new Uint8Array(bytes.subarray(start)).buffer
}

describe.skipIf(!existsSync(folder))('the nearest words of GloVe (skipped where ../shared/data/glove25 is not)', () => {
  test.each(paths)('are those of the ground truth, by $simd', async (kernels) => {
    const matrix = new Float32Array(numbersOf('base.npy'))
    const queries = new Float32Array(numbersOf('queries.npy'))
    const ids = new Int32Array(numbersOf('gt_ids.npy'))
    const distances = new Float32Array(numbersOf('gt_dist.npy'))
    const runs = Uint32Array.of(0, matrix.length / DIMENSION)
    expect([queries.length / DIMENSION, ids.length / K]).toEqual([QUERIES, QUERIES])
    for (let first = 0; first < QUERIES; first += QUERIES_MAX) {
      const batch = queries.subarray(first * DIMENSION, (first + QUERIES_MAX) * DIMENSION)
      const found = await kernels.scan({ metric: 'cosine', dimension: DIMENSION, matrix, queries: batch, runs, k: K })
      found.forEach((neighbours, i) => {
        const truth = (first + i) * K
        expect(neighbours.rows).toHaveLength(K)
        neighbours.distances.forEach((distance, rank) => {
          expect(Math.abs(distance - distances[truth + rank]!)).toBeLessThan(1e-6)
        })
        const farthest = distances[truth + K - 1]!
        const missing = ids
          .subarray(truth, truth + K)
          .filter((id, rank) => !neighbours.rows.includes(id) && distances[truth + rank]! < farthest - 1e-6)
        expect([...missing]).toEqual([])
      })
    }
  })
})
