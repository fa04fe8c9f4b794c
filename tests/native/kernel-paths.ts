import { asKernels, type RawKernels } from '../../src/native/addon-interface.js'
import type { DistanceKernels } from '../../src/native/distance-kernels.js'
import { loadAddon } from '../../src/native/load.js'
import { NativeKernels } from '../../src/native/native-kernels.js'
import { findAddon, nativeFolders } from '../../src/native/places.js'
import { WasmKernels } from '../../src/native/wasm-kernels.js'

/** The kernels addon; undefined where it is not built, which is an error where native code is demanded. */
export const rawKernels = loadRaw()

/** Every path that this machine can take: the addon's, and WebAssembly. */
export const paths: readonly DistanceKernels[] = [...(rawKernels?.simds ?? []).map((simd) => new NativeKernels(rawKernels!, simd)), new WasmKernels()]

function loadRaw(): RawKernels | undefined {
  const found = findAddon('chronode_kernels', nativeFolders(process.env['CHRONODE_NATIVE']))
  const loaded = found === undefined ? undefined : loadAddon('chronode_kernels', found.path, asKernels)
  if (loaded !== undefined && 'addon' in loaded) return loaded.addon
  if (process.env['CHRONODE_REQUIRE_NATIVE'] === '1') throw new Error(loaded?.message ?? 'the kernels addon is not built')
  return undefined
}
