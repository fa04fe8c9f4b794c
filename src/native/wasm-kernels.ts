import { NativeUnavailableError } from '../errors.js'
import { Slice } from '../slice.js'
import { type CheckedScan, checkedScan } from './checked-scan.js'
import { type DistanceKernels, type Neighbours, NO_OWNER, QUERIES_MAX, type ScanOptions, type ScanRequest } from './distance-kernels.js'
import { KERNELS_WASM } from './kernels-wasm.js'

/** kBlockRows of native/kernels/lane_sums.h. */
const BLOCK_ROWS_MAX = 128
/** What is copied at a time: it stays in the processor's cache between the copy and the scan. */
const BLOCK_BYTES = 256 * 1024
/** WebAssembly counts its memory in these. */
const PAGE_BYTES = 65_536
/** What 32-bit addresses reach. */
const MEMORY_BYTES_MAX = 65_536 * PAGE_BYTES
/** A memory that grew beyond it is left to the garbage collector after its scan. */
const KEPT_BYTES_MAX = 16 * 2 ** 20
/** Of a hit in native/kernels/scan_block.h, in doubles: score, distance, and (rank, row), (owner, unused) as whole numbers of 32 bits. */
const HIT_DOUBLES = 4

/** As much of the JavaScript API as is used here: neither ES2024 nor Node's types declare it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => WasmModule
  readonly Instance: new (module: WasmModule) => { readonly exports: object }
}

/** Compiled code. */
type WasmModule = object

/** Its buffer is another one once it grew. */
interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** What native/kernels/wasm.c exports. An address is a number of bytes. */
interface WasmExports {
  readonly memory: WasmMemory
  layout(dimension: number, queryCount: number, blockRows: number, k: number, perOwner: number): number
  queries(): number
  vectors(): number
  rows(): number
  ranks(): number
  owners(): number
  timestamps(): number
  excluded(): number
  hits(query: number): number
  begin(metric: number, within: number, alpha: number, reference: number, span: number): void
  scan(count: number): void
  finish(query: number): number
}

/** The same kernels as WebAssembly, where the addon is not: on the event loop, in slices of a few milliseconds. */
export class WasmKernels implements DistanceKernels {
  readonly simd = 'wasm'
  private module: WasmModule | undefined
  /** Of scans that have ended. */
  private readonly idle: WasmExports[] = []

  threadsFor(): number {
    return 0
  }

  async scan(request: ScanRequest, { signal }: ScanOptions = {}): Promise<readonly Neighbours[]> {
    signal?.throwIfAborted()
    const scan = checkedScan(request)
    const kernels = this.idle.pop() ?? this.instantiate()
    try {
      const blocks = new Blocks(kernels, scan)
      const slice = new Slice()
      while (blocks.fill()) {
        kernels.scan(blocks.count)
        const pause = slice.pause()
        if (pause === undefined) continue
        await pause
        signal?.throwIfAborted()
      }
      return allNeighbours(kernels, scan)
    } finally {
      this.keep(kernels)
    }
  }

  scanNow(request: ScanRequest): readonly Neighbours[] {
    const scan = checkedScan(request)
    const kernels = this.idle.pop() ?? this.instantiate()
    try {
      const blocks = new Blocks(kernels, scan)
      while (blocks.fill()) kernels.scan(blocks.count)
      return allNeighbours(kernels, scan)
    } finally {
      this.keep(kernels)
    }
  }

  /** Nobody but the addon can ask the system. */
  populate(): void {}

  private keep(kernels: WasmExports): void {
    if (this.idle.length === 0 && kernels.memory.buffer.byteLength <= KEPT_BYTES_MAX) this.idle.push(kernels)
  }

  private instantiate(): WasmExports {
    if (typeof WebAssembly === 'undefined') {
      throw new NativeUnavailableError('This Node was started without WebAssembly, and the native kernels are not there.', undefined, [
        'Start it without --jitless, or build the native code: npx chronode native build',
      ])
    }
    this.module ??= new WebAssembly.Module(Buffer.from(KERNELS_WASM, 'base64'))
    return new WebAssembly.Instance(this.module).exports as WasmExports
  }
}

/** Brings the rows of a scan into the memory of the kernels, a block at a time. */
class Blocks {
  /** Rows of the block that is there. */
  count = 0
  private readonly blockRows: number
  private readonly vectors: Float32Array
  private readonly rows: Uint32Array
  private readonly ranks: Uint32Array
  private readonly owners: Uint32Array
  private readonly timestamps: Float64Array
  private run = 0
  private offset = 0

  constructor(
    kernels: WasmExports,
    private readonly request: CheckedScan,
  ) {
    const { dimension, queryCount, k, perOwner } = request
    this.blockRows = Math.max(1, Math.min(BLOCK_ROWS_MAX, Math.floor(BLOCK_BYTES / (4 * dimension))))
    reserve(kernels.memory, kernels.layout(dimension, queryCount, this.blockRows, k, perOwner))
    const { buffer } = kernels.memory
    this.vectors = new Float32Array(buffer, kernels.vectors(), this.blockRows * dimension)
    this.rows = new Uint32Array(buffer, kernels.rows(), BLOCK_ROWS_MAX)
    this.ranks = new Uint32Array(buffer, kernels.ranks(), BLOCK_ROWS_MAX)
    this.owners = new Uint32Array(buffer, kernels.owners(), BLOCK_ROWS_MAX).fill(NO_OWNER)
    this.timestamps = new Float64Array(buffer, kernels.timestamps(), BLOCK_ROWS_MAX)
    writeQuestion(kernels, request)
  }

  /** @returns false when no rows are left. */
  fill(): boolean {
    const { runs } = this.request
    this.count = 0
    while (this.count < this.blockRows && this.run < runs.length) {
      const steps = Math.min(this.blockRows - this.count, runs[this.run + 1]! - this.offset)
      this.copy(runs[this.run]! + this.offset, steps)
      this.offset += steps
      if (this.offset < runs[this.run + 1]!) continue
      this.run += 2
      this.offset = 0
    }
    return this.count > 0
  }

  private copy(first: number, steps: number): void {
    const { dimension, matrix, ranks, owners, timestamps } = this.request
    const end = first + steps
    this.vectors.set(matrix.subarray(first * dimension, end * dimension), this.count * dimension)
    for (let i = 0; i < steps; i++) this.rows[this.count + i] = first + i
    this.ranks.set(ranks?.subarray(first, end) ?? this.rows.subarray(this.count, this.count + steps), this.count)
    if (owners !== undefined) this.owners.set(owners.subarray(first, end), this.count)
    if (timestamps !== undefined) this.timestamps.set(timestamps.subarray(first, end), this.count)
    this.count += steps
  }
}

function reserve(memory: WasmMemory, bytes: number): void {
  if (bytes > MEMORY_BYTES_MAX) throw new RangeError('there is not enough memory for so many neighbours')
  const missing = bytes - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES))
}

function writeQuestion(kernels: WasmExports, request: CheckedScan): void {
  const { dimension, queries, queryCount, excluded, metric, within, alpha, reference, span } = request
  const { buffer } = kernels.memory
  const padded = Math.ceil(dimension / 32) * 32 // PaddedDimension of native/kernels/lane_sums.h
  const copies = new Float32Array(buffer, kernels.queries(), queryCount * padded).fill(0)
  for (let q = 0; q < queryCount; q++) copies.set(queries.subarray(q * dimension, (q + 1) * dimension), q * padded)
  const excludedOwners = new Uint32Array(buffer, kernels.excluded(), QUERIES_MAX).fill(NO_OWNER)
  if (excluded !== undefined) excludedOwners.set(excluded.subarray(0, queryCount))
  kernels.begin(metric, within, alpha, reference, span)
}

function allNeighbours(kernels: WasmExports, { queryCount }: CheckedScan): Neighbours[] {
  return Array.from({ length: queryCount }, (_, query) => neighbours(kernels, query))
}

function neighbours(kernels: WasmExports, query: number): Neighbours {
  const count = kernels.finish(query)
  const doubles = new Float64Array(kernels.memory.buffer, kernels.hits(query), count * HIT_DOUBLES)
  const whole = new Uint32Array(doubles.buffer, doubles.byteOffset, doubles.length * 2)
  return {
    rows: Uint32Array.from({ length: count }, (_, i) => whole[i * HIT_DOUBLES * 2 + 5]!),
    distances: Float64Array.from({ length: count }, (_, i) => doubles[i * HIT_DOUBLES + 1]!),
    scores: Float64Array.from({ length: count }, (_, i) => doubles[i * HIT_DOUBLES]!),
  }
}
