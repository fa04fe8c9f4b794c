import { availableParallelism } from 'node:os'
import type { RawKernels, RawNeighbours } from './addon-interface.js'
import { type CheckedScan, checkedScan } from './checked-scan.js'
import type { DistanceKernels, Neighbours, ScanOptions, ScanRequest } from './distance-kernels.js'
import { WasmKernels } from './wasm-kernels.js'

/** A scan of less is done at once, on the event loop: 0.1 ms or so, and going to another thread and back costs 0.02 to 0.05. */
const INLINE_BYTES_MAX = 512 * 1024
/** A thread more is worth it from this many bytes on. */
const THREAD_BYTES_MIN = 4 * 1024 * 1024
/** What a batch costs in bytes of one query: the arithmetic of some six queries takes as long as the bytes do. */
const QUERIES_PER_PASS = 6
/** Two large pages of the system. Less is not worth a thread. */
const POPULATED_BYTES_MIN = 4 * 1024 * 1024
/** kScanThreadsMax of native/kernels/scan_calls.cc. */
const THREADS_MAX = 64

let lastTicket = 0

/** The addon's kernels, on its own threads. */
export class NativeKernels implements DistanceKernels {
  private readonly immediate = new WasmKernels()
  private readonly threadsMax = Math.min(Math.max(availableParallelism() - 1, 1), THREADS_MAX)

  /** @param simd  One of `addon.simds`, the widest unless a test wants another. */
  constructor(
    private readonly addon: RawKernels,
    readonly simd: string = addon.simd,
  ) {}

  threadsFor(rowCount: number, dimension: number, queryCount: number): number {
    const bytes = rowCount * dimension * 4 * Math.max(1, queryCount / QUERIES_PER_PASS)
    if (bytes <= INLINE_BYTES_MAX) return 0
    return Math.max(1, Math.min(this.threadsMax, Math.floor(bytes / THREAD_BYTES_MIN)))
  }

  async scan(request: ScanRequest, { threads, signal }: ScanOptions = {}): Promise<readonly Neighbours[]> {
    signal?.throwIfAborted()
    const scan = checkedScan(request)
    const { rowCount, dimension, queryCount } = scan
    const chosen = Math.min(threads ?? this.threadsFor(rowCount, dimension, queryCount), THREADS_MAX)
    const found = await this.run(scan, chosen, signal)
    if (found === undefined) throw signal?.reason
    return split(found)
  }

  populate(memory: Float32Array): void {
    if (memory.byteLength >= POPULATED_BYTES_MIN) this.addon.populate?.(memory)
  }

  /** The addon answers by promises, whose values nobody can have at once. */
  scanNow(request: ScanRequest): readonly Neighbours[] {
    return this.immediate.scanNow(request)
  }

  private async run(scan: CheckedScan, threads: number, signal: AbortSignal | undefined): Promise<RawNeighbours | undefined> {
    const ticket = ++lastTicket % 2 ** 32
    const stop = (): void => this.addon.stop(ticket)
    const answer = this.addon.scan({ ...scan, simd: this.simd }, threads, ticket)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await answer
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }
}

function split({ counts, rows, distances, scores }: RawNeighbours): Neighbours[] {
  let start = 0
  return Array.from(counts, (count) => {
    const end = start + count
    const neighbours = { rows: rows.subarray(start, end), distances: distances.subarray(start, end), scores: scores.subarray(start, end) }
    start = end
    return neighbours
  })
}
