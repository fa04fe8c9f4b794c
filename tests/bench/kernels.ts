import { availableParallelism } from 'node:os'
import type { DistanceKernels, ScanRequest } from '../../src/native/distance-kernels.js'
import { randomNumbers } from '../support/random-numbers.ts'
import { atMost, type Budget, type Finding, finding, type Scale } from './finding.ts'
import { type Candidate, compare } from './measure.ts'

/** Entities of the matrix: a window of time is a run of rows of each. */
const ENTITIES = 1000
const BUDGET: Budget = { ...atMost(1.3), words: 'at most 1.3, goal 1.05' }

/** Exact search over one matrix against a streaming pass (the sum) over the same memory, by the same addon; then WebAssembly, windows, batches. */
export async function kernels(scale: Scale): Promise<Finding[]> {
  const { raw, native, wasm } = await openKernels()
  if (raw === undefined || native === undefined) return []
  const findings: Finding[] = []
  for (const [rows, dimension] of [
    [100_000, 128],
    [1_000_000, 128],
    [100_000, 768],
    [100_000, 1536],
  ] as const) {
    const matrix = randomMatrix(scale === 'quick' ? rows / 100 : rows, dimension)
    const compared = new Comparison(matrix, raw.streamPass, scale)
    const size = `${rows.toLocaleString('en')} × ${dimension}`
    findings.push(await compared.withPass(`NEAREST, ${size}, ${native.simd}, l2`, native, 'l2', 1))
    findings.push(await compared.withPass(`NEAREST, ${size}, ${native.simd}, cosine`, native, 'cosine', 1))
    if (rows > 100_000 && availableParallelism() > 1) findings.push(await compared.withPass(`the same, two threads`, native, 'l2', 2))
    if (rows === 100_000 && dimension === 128) findings.push(...(await compared.variants(size, native, wasm)))
  }
  return findings
}

class Comparison {
  private readonly matrix: Matrix
  private readonly streamPass: (numbers: Float32Array, threads: number) => number
  private readonly scale: Scale
  private readonly calls: number
  private readonly rows: number

  constructor(matrix: Matrix, streamPass: (numbers: Float32Array, threads: number) => number, scale: Scale) {
    this.matrix = matrix
    this.streamPass = streamPass
    this.scale = scale
    this.rows = matrix.numbers.length / matrix.dimension
    this.calls = matrix.numbers.length > 2e7 ? 2 : 6
  }

  async withPass(work: string, search: DistanceKernels, metric: ScanRequest['metric'], threads: number): Promise<Finding> {
    const pass: Candidate = {
      name: 'pass',
      calls: this.calls,
      run: () => {
        for (let i = 0; i < this.calls; i++) this.streamPass(this.matrix.numbers, threads)
      },
    }
    const against = threads === 1 ? 'one streaming pass' : `a streaming pass by ${threads} threads`
    return this.compared(work, this.scan(search, { metric }, threads), against, pass, BUDGET)
  }

  /** WebAssembly, two threads, windows of time and a batch, each against one query over everything on one thread. */
  async variants(size: string, native: DistanceKernels, wasm: DistanceKernels): Promise<Finding[]> {
    const one = this.scan(native, {}, 1)
    const against = `NEAREST, ${size}`
    return [
      await this.compared('by WebAssembly', this.scan(wasm, {}, 1), against, one),
      await this.compared('by two threads', this.scan(native, {}, 2), against, one),
      await this.compared('a window of 10 %', this.scan(native, { runs: this.window(0.1) }, 1), against, one),
      await this.compared('a window of 1 %', this.scan(native, { runs: this.window(0.01) }, 1), against, one),
      await this.compared('a batch of 32 queries', this.scan(native, { queries: this.queries(32) }, 1), against, one),
      await this.compared('a batch of 32 queries by WebAssembly', this.scan(wasm, { queries: this.queries(32) }, 1), against, one),
    ]
  }

  private async compared(work: string, first: Candidate, against: string, second: Candidate, budget?: Budget): Promise<Finding> {
    const ratio = await compare(first, second, this.scale === 'quick' ? 1 : 9)
    const detail = `${(ratio.firstUs / 1000).toFixed(2)} ms against ${(ratio.secondUs / 1000).toFixed(2)} ms`
    return finding(work, against, ratio, detail, budget)
  }

  private scan(search: DistanceKernels, changed: Partial<ScanRequest>, threads: number): Candidate {
    const { numbers, dimension } = this.matrix
    const runs = Uint32Array.of(0, this.rows)
    const request: ScanRequest = { metric: 'l2', dimension, matrix: numbers, queries: this.queries(1), runs, k: 10, ...changed }
    return {
      name: 'scan',
      calls: this.calls,
      run: async () => {
        for (let i = 0; i < this.calls; i++) await search.scan(request, { threads })
      },
    }
  }

  private queries(count: number): Float32Array {
    return this.matrix.numbers.slice(0, count * this.matrix.dimension)
  }

  /** One run of each entity. */
  private window(share: number): Uint32Array {
    const rowsEach = this.rows / ENTITIES
    const count = Math.max(1, Math.round(rowsEach * share))
    return Uint32Array.from({ length: ENTITIES * 2 }, (_, i) => (i % 2 === 0 ? (i / 2) * rowsEach : count))
  }
}

interface Matrix {
  readonly numbers: Float32Array
  readonly dimension: number
}

function randomMatrix(rows: number, dimension: number): Matrix {
  const next = randomNumbers(rows + dimension)
  const some = Float32Array.from({ length: 1_000_003 }, () => next() - 0.5)
  const numbers = new Float32Array(new SharedArrayBuffer(rows * dimension * 4))
  for (let i = 0; i < numbers.length; i += some.length) numbers.set(some.subarray(0, Math.min(some.length, numbers.length - i)), i)
  return { numbers, dimension }
}

/** From the build: they are not public. */
export async function openKernels() {
  const load = (name: string) => import(new URL(`../../dist/src/native/${name}.js`, import.meta.url).href)
  const { asKernels } = (await load('addon-interface')) as typeof import('../../src/native/addon-interface.js')
  const { loadAddon } = (await load('load')) as typeof import('../../src/native/load.js')
  const { NativeKernels } = (await load('native-kernels')) as typeof import('../../src/native/native-kernels.js')
  const { findAddon, nativeFolders } = (await load('places')) as typeof import('../../src/native/places.js')
  const { WasmKernels } = (await load('wasm-kernels')) as typeof import('../../src/native/wasm-kernels.js')
  const found = findAddon('chronode_kernels', nativeFolders(process.env['CHRONODE_NATIVE']))
  const loaded = found === undefined ? undefined : loadAddon('chronode_kernels', found.path, asKernels)
  const raw = loaded !== undefined && 'addon' in loaded ? loaded.addon : undefined
  return { raw, native: raw === undefined ? undefined : new NativeKernels(raw), wasm: new WasmKernels() }
}
