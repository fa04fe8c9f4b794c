import { describe, expect, test } from 'vitest'
import { ArgumentError } from '../../src/errors.js'
import { type DistanceKernels, type Neighbours, NO_OWNER, type ScanRequest } from '../../src/native/distance-kernels.js'
import { Random } from '../support/random.js'
import { paths } from './kernel-paths.js'
import { sortedScan } from './scan-reference.js'

const METRICS = ['cosine', 'l2', 'dot'] as const
const DIMENSIONS = [1, 2, 3, 7, 25, 31, 32, 33, 63, 100, 128, 384, 768, 1536]
const LARGEST = 3.4028234663852886e38

/** Numbers of every size: ordinary ones, zeros, denormals, those whose squares are not float32, and rows that are alike. */
function hostileMatrix(random: Random, rows: number, dimension: number): Float32Array {
  const matrix = new Float32Array(rows * dimension)
  for (let row = 0; row < rows; row++) {
    const vector = matrix.subarray(row * dimension, (row + 1) * dimension)
    const scale = random.pick([1, 1, 1, 1, 1e-3, 1e3, 0, 1e-44, 1e-38, 1e-23, 1e-16, 1e18, 1e20, LARGEST])
    if (row > 0 && random.chance(0.2)) vector.set(matrix.subarray(0, dimension))
    else for (let i = 0; i < dimension; i++) vector[i] = (random.next() * 2 - 1) * scale
  }
  return matrix
}

/** Small whole numbers: many rows are at the same distance. */
function matrixOfTies(random: Random, rows: number, dimension: number): Float32Array {
  return Float32Array.from({ length: rows * dimension }, () => random.below(3) - 1)
}

function shuffledRanks(random: Random, rows: number): Uint32Array {
  return Uint32Array.from(random.shuffled([...new Uint32Array(rows).keys()]))
}

async function scanned(kernels: DistanceKernels, request: ScanRequest, threads?: number) {
  return (await kernels.scan(request, { threads })).map(listed)
}

function listed({ rows, distances, scores }: Neighbours) {
  return Array.from(rows, (row, i) => ({ row, distance: distances[i]!, score: scores[i]! }))
}

function expected(request: ScanRequest) {
  return Array.from({ length: request.queries.length / request.dimension }, (_, query) => sortedScan(request, query))
}

describe.each(paths)('$simd', (kernels) => {
  describe.each(METRICS)('%s', (metric) => {
    test.each(DIMENSIONS)('gives the bits of src/distance.ts in %i dimensions', async (dimension) => {
      const random = new Random(dimension)
      const rows = 300
      const matrix = hostileMatrix(random, rows, dimension)
      const queries = hostileMatrix(random, 8, dimension)
      queries.set(matrix.subarray(0, dimension))
      const request = { metric, dimension, matrix, queries, runs: Uint32Array.of(0, rows), k: rows }
      expect(await scanned(kernels, request)).toEqual(expected(request))
      expect(kernels.scanNow(request).map(listed)).toEqual(expected(request))
    })

    test('finds what a sort finds, whatever is asked', async () => {
      for (let seed = 0; seed < 60; seed++) {
        const request = randomRequest(new Random(seed), metric)
        expect(await scanned(kernels, request, seed % 4), `seed ${seed}`).toEqual(expected(request))
      }
    })

    test('answers each query of a batch as it answers it alone', async () => {
      const random = new Random(5)
      const [dimension, rows] = [40, 1000]
      const matrix = hostileMatrix(random, rows, dimension)
      const queries = hostileMatrix(random, 32, dimension)
      const request = { metric, dimension, matrix, queries, runs: Uint32Array.of(0, rows), k: 20 }
      const together = await scanned(kernels, request)
      for (let q = 0; q < 32; q++) {
        const alone = { ...request, queries: queries.slice(q * dimension, (q + 1) * dimension) }
        expect((await scanned(kernels, alone))[0]).toEqual(together[q])
      }
    })

    test('rows that are not finite come last', async () => {
      const matrix = Float32Array.of(NaN, 1, 2, 3, Infinity, -Infinity, 1, 1)
      const request = { metric, dimension: 2, matrix, queries: Float32Array.of(1, 1), runs: Uint32Array.of(0, 4), k: 4 }
      const rows = (await scanned(kernels, request))[0]!.map(({ row }) => row)
      expect([...rows].sort()).toEqual([0, 1, 2, 3])
      expect(rows.slice(0, 2).sort()).toEqual([1, 3])
    })
  })

  test('tells rows apart whose squares are no float32', async () => {
    const random = new Random(4)
    const order = random.shuffled([...new Uint8Array(2000).keys()])
    for (const [unit, offset] of [
      [2.5e-25, 0], // squares of one and two of the smallest float32
      [1e17, 3e19],
    ] as const) {
      const matrix = Float32Array.from(order, (i) => offset + i * unit)
      const request = { metric: 'l2', dimension: 1, matrix, queries: Float32Array.of(0), runs: Uint32Array.of(0, 2000), k: 190 } as const
      const answer = (await scanned(kernels, request))[0]!
      expect(answer.map(({ row }) => order[row])).toEqual([...new Uint8Array(190).keys()])
      expect([answer]).toEqual(expected(request))
    }
  })

  test('has the same answer when parts of the candidates are looked at and their answers put together', async () => {
    const random = new Random(6)
    const [dimension, rows, k, perOwner] = [8, 900, 25, 2]
    const matrix = matrixOfTies(random, rows, dimension)
    const owners = Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / 100))
    const request = {
      metric: 'l2',
      dimension,
      matrix,
      queries: matrix.slice(0, dimension),
      k,
      owners,
      perOwner,
      runs: Uint32Array.of(0, rows),
    } as const
    const found: { readonly row: number; readonly distance: number; readonly score: number }[] = []
    for (const runs of [Uint32Array.of(0, 250, 620, 10), Uint32Array.of(250, 370), Uint32Array.of(630, 270)]) {
      found.push(...(await scanned(kernels, { ...request, runs }))[0]!)
    }
    const counts = new Map<number, number>()
    const together = found
      .sort((a, b) => a.score - b.score || a.row - b.row)
      .filter(({ row }) => {
        const owner = owners[row]!
        counts.set(owner, (counts.get(owner) ?? 0) + 1)
        return counts.get(owner)! <= perOwner
      })
    expect([together.slice(0, k)]).toEqual(expected(request))
  })

  test('does not depend on the number of threads', async () => {
    const random = new Random(1)
    const [dimension, rows] = [16, 12_000]
    const matrix = matrixOfTies(random, rows, dimension)
    const owners = Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / 97))
    for (const perOwner of [undefined, 3]) {
      const request: ScanRequest = {
        metric: 'l2',
        dimension,
        matrix,
        queries: matrixOfTies(random, 3, dimension),
        runs: Uint32Array.of(0, rows),
        k: 500,
        ranks: shuffledRanks(random, rows),
        owners,
        perOwner,
      }
      const answer = await scanned(kernels, request, 0)
      expect(answer).toEqual(expected(request))
      for (let threads = 1; threads <= 8; threads++) expect(await scanned(kernels, request, threads)).toEqual(answer)
    }
  })

  test('finds the rows of many short runs', async () => {
    const random = new Random(2)
    const [dimension, rows] = [33, 5000]
    const matrix = hostileMatrix(random, rows, dimension)
    const runs = Uint32Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? i * 5 + (i % 3) : random.below(3)))
    const request = { metric: 'cosine', dimension, matrix, queries: hostileMatrix(random, 2, dimension), runs, k: 50 } as const
    expect(await scanned(kernels, request)).toEqual(expected(request))
    expect(await scanned(kernels, request, 3)).toEqual(expected(request))
  })

  test('keeps at most n rows of an owner, the best ones, when one owner has nearly all', async () => {
    const random = new Random(3)
    const [dimension, rows] = [4, 3000]
    const owners = Uint32Array.from({ length: rows }, (_, row) => (row < 2900 ? 7 : row))
    const request: ScanRequest = {
      metric: 'l2',
      dimension,
      matrix: matrixOfTies(random, rows, dimension),
      queries: matrixOfTies(random, 1, dimension),
      runs: Uint32Array.of(0, rows),
      k: 60,
      owners,
      perOwner: 2,
    }
    const answer = await scanned(kernels, request, 4)
    expect(answer).toEqual(expected(request))
    expect(answer[0]!.filter(({ row }) => owners[row] === 7)).toHaveLength(2)
  })

  test('answers with nothing where nothing is asked for or nothing is there', async () => {
    const request = { metric: 'l2', dimension: 2, matrix: new Float32Array(8), queries: new Float32Array(4), k: 3 } as const
    for (const runs of [[], [0, 0], [4, 0, 0, 0]]) {
      for (const threads of [undefined, 2]) {
        expect(await scanned(kernels, { ...request, runs: Uint32Array.from(runs) }, threads)).toEqual([[], []])
      }
    }
    expect(await scanned(kernels, { ...request, runs: Uint32Array.of(0, 4), k: 0 })).toEqual([[], []])
    expect(await scanned(kernels, { ...request, runs: Uint32Array.of(0, 4), within: -1 })).toEqual([[], []])
  })

  test('reads a matrix over shared memory, from the middle of a buffer', async () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * 1003), 12, 1000)
    shared.forEach((_, i) => {
      shared[i] = Math.sin(i)
    })
    const request = { metric: 'l2', dimension: 10, queries: shared.slice(500, 510), runs: Uint32Array.of(0, 100), k: 5 } as const
    const answer = await scanned(kernels, { ...request, matrix: shared }, 1)
    expect(answer).toEqual(await scanned(kernels, { ...request, matrix: shared.slice() }))
    expect(answer[0]![0]).toMatchObject({ row: 50, distance: 0 })
  })

  test.each<[string, Partial<Record<keyof ScanRequest, unknown>>]>([
    ['metric', { metric: 'cosinus' }],
    ['dimension', { dimension: 0 }],
    ['dimension', { dimension: 1.5 }],
    ['matrix', { matrix: [1, 2] }],
    ['matrix', { matrix: new Float64Array(8) }],
    ['queries', { queries: new Float32Array(3) }],
    ['queries', { queries: new Float32Array(0) }],
    ['queries', { queries: new Float32Array(66) }],
    ['runs', { runs: [0, 4] }],
    ['runs', { runs: Uint32Array.of(0) }],
    ['runs', { runs: Uint32Array.of(0, 5) }],
    ['runs', { runs: Uint32Array.of(0xffff_ffff, 1) }],
    ['runs', { runs: Uint32Array.of(0, 3, 1, 3) }],
    ['k', { k: -1 }],
    ['k', { k: Number.NaN }],
    ['within', { within: Number.NaN }],
    ['ranks', { ranks: new Uint32Array(3) }],
    ['owners', { owners: new Uint32Array(3) }],
    ['owners', { perOwner: 1 }],
    ['excluded', { excluded: new Uint32Array(0), owners: new Uint32Array(4) }],
    ['alpha', { recency: { alpha: 2, reference: 0, span: 1, timestamps: new Float64Array(4) } }],
    ['reference', { recency: { alpha: 1, reference: Infinity, span: 1, timestamps: new Float64Array(4) } }],
    ['span', { recency: { alpha: 1, reference: 0, span: -1, timestamps: new Float64Array(4) } }],
    ['timestamps', { recency: { alpha: 1, reference: 0, span: 1, timestamps: new Float64Array(3) } }],
  ])('refuses a wrong %s by name', async (argument, wrong) => {
    const right: ScanRequest = {
      metric: 'l2',
      dimension: 2,
      matrix: new Float32Array(8),
      queries: new Float32Array(2),
      runs: Uint32Array.of(0, 4),
      k: 1,
    }
    await expect(kernels.scan({ ...right, ...wrong } as ScanRequest)).rejects.toBeInstanceOf(ArgumentError)
    await expect(kernels.scan({ ...right, ...wrong } as ScanRequest)).rejects.toMatchObject({ argument })
  })
})

describe('a scan can be aborted', () => {
  const rows = 100_000
  const request: ScanRequest = {
    metric: 'l2',
    dimension: 128,
    matrix: new Float32Array(rows * 128).fill(1),
    queries: new Float32Array(32 * 128),
    runs: Uint32Array.of(0, rows),
    k: 10,
  }

  test.each(paths)('by $simd: before it, with the reason of the signal', async (kernels) => {
    const reason = new Error('enough')
    await expect(kernels.scan(request, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test.each(paths)('by $simd: under way', async (kernels) => {
    const controller = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => controller.abort(reason), 2)
    const start = performance.now()
    await expect(kernels.scan(request, { signal: controller.signal, threads: 1 })).rejects.toBe(reason)
    const abortedMs = performance.now() - start
    const whole = performance.now()
    await kernels.scan(request, { threads: 1 })
    expect(abortedMs).toBeLessThan(performance.now() - whole)
  })
})

test.each(paths)('$simd: many scans at once answer as one at a time', async (kernels) => {
  const random = new Random(9)
  const requests = Array.from({ length: 60 }, () => randomRequest(random, random.pick(METRICS)))
  const answers = await Promise.all(requests.map((request, i) => scanned(kernels, request, i % 5)))
  expect(answers).toEqual(requests.map(expected))
})

/** Runs, ties, bounds, owners and times of every kind. */
function randomRequest(random: Random, metric: ScanRequest['metric']): ScanRequest {
  const dimension = 1 + random.below(70)
  const rows = random.below(random.pick([5, 300, 700]))
  const matrix = random.chance(0.6) ? matrixOfTies(random, rows, dimension) : hostileMatrix(random, rows, dimension)
  const queries = matrixOfTies(random, 1 + random.below(4), dimension)
  const owners = Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / 7))
  const count = queries.length / dimension
  return {
    metric,
    dimension,
    matrix,
    queries,
    runs: randomRuns(random, rows),
    k: random.pick([1, 2, 10, 100, 10_000]),
    within: random.chance(0.3) ? random.next() * 4 - (metric === 'dot' ? 2 : 0) : undefined,
    ranks: random.chance(0.5) ? shuffledRanks(random, rows) : undefined,
    owners,
    perOwner: random.chance(0.5) ? 1 + random.below(4) : undefined,
    excluded: random.chance(0.3) ? Uint32Array.from({ length: count }, () => random.pick([NO_OWNER, random.below(30)])) : undefined,
    recency: random.chance(0.4) ? recency(random, rows) : undefined,
  }
}

function recency(random: Random, rows: number): ScanRequest['recency'] {
  const timestamps = Float64Array.from({ length: rows }, () => 1e12 + random.below(50) * 86_400_000)
  const reference = 1e12 + random.below(50) * 86_400_000
  const span = timestamps.reduce((largest, timestamp) => Math.max(largest, Math.abs(reference - timestamp)), 0)
  return { alpha: random.pick([0, 0.3, 0.7, 1]), reference, span, timestamps }
}

/** Ascending, with gaps, some of them empty. */
function randomRuns(random: Random, rows: number): Uint32Array {
  const runs: number[] = []
  let next = 0
  while (next < rows) {
    const first = Math.min(rows, next + (random.chance(0.5) ? 0 : random.below(4)))
    const count = Math.min(rows - first, random.pick([0, 1, 2, 9, 200]))
    runs.push(first, count)
    next = first + count + (count === 0 ? 1 : 0)
  }
  return Uint32Array.from(runs)
}
