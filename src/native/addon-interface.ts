import type { CheckedScan } from './checked-scan.js'

/** What the addons' functions look like now. native/node/addon_interface.h has the same number. */
export const ADDON_INTERFACE = 2

/** Why a native call has no answer, in the words of `RefusalReason`. */
export interface RawRefusal {
  readonly reason: 'model_invalid' | 'inference_failed' | 'bad_output_shape' | 'non_finite_output' | 'timeout' | 'native_unavailable'
  readonly message: string
}

export interface RawLoaded {
  readonly model: number
  readonly device: string
  /** Why it is not on the device that was demanded; empty when it is. */
  readonly warning: string
}

export interface RawAnswers {
  /** [B, K, D]; meaningless where an item refused, empty when all did. */
  readonly vectors: Float32Array
  readonly refused: readonly (RawRefusal & { readonly item: number })[]
  readonly servedSingly: boolean
}

export interface RawScanRequest extends CheckedScan {
  /** One of `simds`. */
  readonly simd: string
}

/** What was found for all queries, one after another. */
export interface RawNeighbours {
  /** [Q] */
  readonly counts: Uint32Array
  readonly rows: Uint32Array
  readonly distances: Float64Array
  readonly scores: Float64Array
}

/** chronode_kernels, as native/kernels/addon.cc exports it. */
export interface RawKernels {
  readonly interface: number
  /** What this processor and this build share, the widest first. */
  readonly simds: readonly string[]
  readonly simd: string
  /**
   * Undefined: it was stopped. The request is held until then.
   *
   * @param threads  0: before this returns.
   * @throws {RangeError} later, when memory does not suffice.
   */
  scan(request: RawScanRequest, threads: number, ticket: number): Promise<RawNeighbours | undefined>
  stop(ticket: number): void
  /**
   * Asks the system for the pages of this memory, large ones where it has them, on a thread of its own, and keeps the memory until it has
   * them. What is in it stays, and may change meanwhile. Absent in builds from before it was there.
   */
  readonly populate?: (memory: Float32Array) => void
  /** The sum of all, on this many threads, while JavaScript waits: what a scan is measured against. */
  streamPass(numbers: Float32Array, threads: number): number
  /** Absent where the processor has no carry-less multiplication. */
  readonly crc32?: (bytes: Uint8Array, seed: number) => number
  /** dlopen on a thread of its own. */
  preload(path: string): Promise<undefined>
  armExit(code: number): void
}

/** chronode_torch, as native/torch/addon.cc exports it. A ticket is a number of the caller's, by which a call can be abandoned. */
export interface RawTorch {
  readonly interface: number
  readonly version: string
  reserve(threads: number): void
  start(timeoutMs: number, ticket: number): Promise<{ readonly devices: readonly string[] } | RawRefusal>
  load(bytes: Uint8Array, device: string, manyTargets: boolean, timeoutMs: number, ticket: number): Promise<RawLoaded | RawRefusal>
  predict(
    model: number,
    trajectories: Float32Array,
    targets: Float32Array,
    count: number,
    length: number,
    width: number,
    targetsPerItem: number,
    timeoutMs: number,
    ticket: number,
  ): Promise<RawAnswers | RawRefusal>
  abandon(ticket: number): void
  dispose(model: number): void
  armExit(code: number): void
}

const KERNELS = {
  simd: 'string',
  simds: 'object',
  scan: 'function',
  stop: 'function',
  streamPass: 'function',
  preload: 'function',
  armExit: 'function',
} as const
const TORCH = {
  version: 'string',
  reserve: 'function',
  start: 'function',
  load: 'function',
  predict: 'function',
  abandon: 'function',
  dispose: 'function',
  armExit: 'function',
} as const

/** @returns what is not as it should be, in words; undefined when all is. */
function mismatch(addon: Readonly<Record<string, unknown>>, expected: Readonly<Record<string, string>>): string | undefined {
  if (addon['interface'] !== ADDON_INTERFACE) return `it has interface ${String(addon['interface'])}, and ${ADDON_INTERFACE} is needed`
  const wrong = Object.entries(expected).find(([name, type]) => typeof addon[name] !== type)
  return wrong === undefined ? undefined : `its "${wrong[0]}" should be a ${wrong[1]}`
}

export type Checked<Addon> = { readonly addon: Addon } | { readonly mismatch: string }

export function asKernels(exported: Readonly<Record<string, unknown>>): Checked<RawKernels> {
  const wrong = mismatch(exported, KERNELS)
  return wrong === undefined ? { addon: exported as unknown as RawKernels } : { mismatch: wrong }
}

export function asTorch(exported: Readonly<Record<string, unknown>>): Checked<RawTorch> {
  const wrong = mismatch(exported, TORCH)
  return wrong === undefined ? { addon: exported as unknown as RawTorch } : { mismatch: wrong }
}
