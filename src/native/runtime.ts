import type { Outcome } from '../prediction.js'
import type { DistanceKernels } from './distance-kernels.js'

export type * from './distance-kernels.js'

/** Why one half of the native code is not there. */
export type DoorReason = 'not-built' | 'library-missing' | 'abi-mismatch' | 'switched-off' | 'load-failed'

/** One half of the native code: there, or not there with what to do about it. */
export type Door<Addon> =
  | { readonly open: true; readonly addon: Addon; readonly path: string }
  | { readonly open: false; readonly reason: DoorReason; readonly message: string; readonly remedy: string; readonly path?: string }

/** Contexts of equal length as one tensor, row-major. */
export interface TensorBatch {
  /** B, the number of items. */
  readonly count: number
  /** T, the observations of each. */
  readonly length: number
  /** D + 1: normalised time, then the vector. */
  readonly width: number
  /** [B, T, D + 1] */
  readonly trajectories: Float32Array
  /** [B, K]; K is 1 unless the model's card says that it takes many targets. */
  readonly targets: Float32Array
  /** K */
  readonly targetsPerItem: number
}

/** A model that libtorch has loaded. */
export interface TensorModel {
  /**
   * Runs on the addon's own threads; the batch is copied before this returns.
   *
   * @param timeoutMs  Bounds one native call from its start.
   * @param signal  Aborted: all outcomes are `timeout` at once, and nothing keeps the process alive for them. The call itself cannot be stopped.
   * @returns B * K outcomes, item by item. It rejects only for bugs of ours.
   */
  predict(batch: TensorBatch, timeoutMs: number, signal?: AbortSignal): Promise<readonly Outcome[]>
  /** What the first use for a dimension found out. It is asked by `predict` itself; here for EXPLAIN and the doctor. */
  readonly servedSingly: boolean
  readonly device: string
  /** Frees the weights once no call uses them. Twice is fine. */
  dispose(): void
}

export interface LoadOptions {
  readonly device: 'auto' | 'cpu' | 'cuda'
  /** `[B, K]` targets and `[B, K, D]` answers, by the model's card. */
  readonly manyTargets: boolean
  /** Bounds the load. */
  readonly timeoutMs: number
  /** D, when it is known beforehand: the model is tried out for it right after loading, so that the first request finds it warm. */
  readonly dimension?: number | undefined
}

/** What a file that libtorch was given turned out to be. */
export type LoadOutcome =
  /** `warning`: why it is not on the device that was demanded. */
  | { readonly kind: 'loaded'; readonly model: TensorModel; readonly warning: string | undefined }
  | { readonly kind: 'refused'; readonly reason: 'model_invalid' | 'timeout'; readonly message: string }

/** libtorch, behind the torch addon. */
export interface TensorRuntime {
  readonly version: string
  readonly devices: readonly string[]
  /**
   * @param bytes  A whole TorchScript archive, already checked; copied before this returns.
   * @param signal  Aborted: it is refused with `timeout` at once, and nothing keeps the process alive for it.
   */
  load(bytes: Uint8Array, options: LoadOptions, signal?: AbortSignal): Promise<LoadOutcome>
}

export interface KernelsAddon {
  /** The widest instruction set that this processor and this build share. */
  readonly simd: string
}

export interface NativeStatus {
  readonly kernels: { readonly available: boolean; readonly simd: string; readonly reason?: string; readonly remedy?: string }
  readonly torch: {
    readonly available: boolean
    readonly version?: string
    readonly devices?: readonly string[]
    readonly reason?: string
    readonly remedy?: string
  }
}

/** The one door to the addons. */
export interface Native {
  readonly kernels: Door<KernelsAddon>
  /** By the kernels addon, or WebAssembly where it is shut. */
  readonly distances: DistanceKernels
  /** zlib's CRC-32, two to five times as fast, for 32 bytes and more; undefined: the kernels are shut, or the processor lacks the instructions. */
  readonly crc32: ((bytes: Uint8Array, seed: number) => number) | undefined
  /** Brings libtorch in on a thread of its own, once a process; the first call starts it, all share the answer. */
  torch(options?: { threads?: number }): Promise<Door<TensorRuntime>>
  /** What is there now. libtorch is not loaded for this: until something asks for it, it is looked for and named, and its devices are unknown. */
  status(): NativeStatus
}
