import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import type { RawKernels, RawTorch } from './addon-interface.js'
import { asKernels, asTorch } from './addon-interface.js'
import type { DistanceKernels } from './distance-kernels.js'
import type { ShutDoor } from './load.js'
import { loadAddon, shut, shutBeforehand, shutByLinker } from './load.js'
import { NativeKernels } from './native-kernels.js'
import type { FoundAddon } from './places.js'
import { findAddon, nativeFolders } from './places.js'
import type { Door, KernelsAddon, Native, NativeStatus, TensorRuntime } from './runtime.js'
import { LibtorchRuntime } from './tensor-runtime.js'
import { WasmKernels } from './wasm-kernels.js'

/** More threads than this are no faster for the small models of one app, and take its cores. */
const THREADS_DEFAULT_MAX = 4

const doors = new Map<string | undefined, NativeDoor>()

/**
 * The native code of this process, as this thread sees it.
 *
 * The kernels are loaded at the first call (under a millisecond), libtorch by `torch()` only. The environment variable
 * `CHRONODE_NATIVE` is read now: a folder to look in and nowhere else, or `off`.
 */
export function openNative(): Native {
  const variable = process.env['CHRONODE_NATIVE']
  let door = doors.get(variable)
  if (door === undefined) {
    door = new NativeDoor(nativeFolders(variable))
    doors.set(variable, door)
  }
  return door
}

class NativeDoor implements Native {
  readonly kernels: Door<KernelsAddon>
  readonly distances: DistanceKernels
  readonly crc32: Native['crc32']
  private readonly rawKernels: RawKernels | undefined
  private readonly torchFound: FoundAddon | undefined
  /** What `torch()` ended with, once it did. */
  private torchDoor: Door<LibtorchRuntime> | undefined
  private opening: Promise<Door<LibtorchRuntime>> | undefined

  constructor(private readonly folders: readonly string[]) {
    const found = findAddon('chronode_kernels', folders)
    const opened = shutBeforehand('chronode_kernels', found, folders) ?? loadAddon('chronode_kernels', found!.path, asKernels)
    this.rawKernels = 'addon' in opened ? opened.addon : undefined
    this.kernels = 'addon' in opened ? { open: true, addon: { simd: opened.addon.simd }, path: found!.path } : opened
    this.distances = this.rawKernels === undefined ? new WasmKernels() : new NativeKernels(this.rawKernels)
    this.crc32 = this.rawKernels?.crc32
    this.torchFound = findAddon('chronode_torch', folders)
  }

  async torch({ threads = 0 }: { threads?: number } = {}): Promise<Door<TensorRuntime>> {
    this.opening ??= this.openTorch()
    const door = await this.opening
    if (door.open) door.addon.reserve(threads > 0 ? threads : Math.min(availableParallelism(), THREADS_DEFAULT_MAX))
    return door
  }

  status(): NativeStatus {
    const kernels = this.kernels.open
      ? { available: true, simd: this.kernels.addon.simd }
      : { available: false, simd: 'none', reason: this.kernels.message, remedy: this.kernels.remedy }
    return { kernels, torch: this.torchStatus() }
  }

  private torchStatus(): NativeStatus['torch'] {
    if (this.torchDoor?.open) {
      const { version, devices } = this.torchDoor.addon
      return { available: true, version, devices }
    }
    const door = this.torchDoor ?? this.torchShutBeforehand()
    const version = this.torchFound?.info?.torch
    const named = version === undefined ? {} : { version }
    return door === undefined ? { available: true, ...named } : { available: false, ...named, reason: door.message, remedy: door.remedy }
  }

  private torchShutBeforehand(): ShutDoor | undefined {
    const beforehand = shutBeforehand('chronode_torch', this.torchFound, this.folders)
    const library = this.torchFound?.info?.library
    if (beforehand !== undefined || library === undefined || existsSync(library)) return beforehand
    return shut('chronode_torch', 'library-missing', `The addon was built against ${library}, which is gone.`, this.torchFound?.path)
  }

  private async openTorch(): Promise<Door<LibtorchRuntime>> {
    this.torchDoor = await this.loadTorch()
    return this.torchDoor
  }

  private async loadTorch(): Promise<Door<LibtorchRuntime>> {
    const beforehand = this.torchShutBeforehand()
    if (beforehand !== undefined) return beforehand
    const { path } = this.torchFound!
    const failure = await this.preload(path)
    if (failure !== undefined) return failure
    const loaded = loadAddon('chronode_torch', path, asTorch)
    if (!('addon' in loaded)) return loaded
    if (isMainThread) process.once('exit', (code) => loaded.addon.armExit(code))
    return startRuntime(loaded.addon, path)
  }

  /** Without the kernels, loading libtorch is a pause of the event loop. */
  private async preload(path: string): Promise<ShutDoor | undefined> {
    const kernels = this.rawKernels
    if (kernels === undefined) return undefined
    const arm = (code: number): void => kernels.armExit(code)
    if (isMainThread) process.once('exit', arm)
    try {
      await kernels.preload(path)
      return undefined
    } catch (error) {
      if (!(error instanceof Error)) throw error
      return shutByLinker('chronode_torch', path, error.message)
    } finally {
      process.off('exit', arm)
    }
  }
}

async function startRuntime(addon: RawTorch, path: string): Promise<Door<LibtorchRuntime>> {
  const started = await LibtorchRuntime.start(addon)
  if (started instanceof LibtorchRuntime) return { open: true, addon: started, path }
  return shut('chronode_torch', 'load-failed', `libtorch was loaded by ${path} and does not start: ${started.message}`, path)
}
