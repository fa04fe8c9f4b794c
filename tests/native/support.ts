import { describe } from 'vitest'
import { openNative } from '../../src/native/index.js'
import type { LoadOptions, TensorBatch, TensorModel, TensorRuntime } from '../../src/native/runtime.js'
import type { Outcome } from '../../src/prediction.js'
import { canCompileModels, compileModel, type ModelParts, sources } from '../support/torch-models.js'

/** Suites that need libtorch: skipped where it is not built, unless it is demanded. */
export const torchSuite = canCompileModels || process.env['CHRONODE_REQUIRE_NATIVE'] === '1' ? describe : describe.skip

export async function openRuntime(): Promise<TensorRuntime> {
  const door = await openNative().torch({ threads: 2 })
  if (!door.open) throw new Error(`${door.message} ${door.remedy}`)
  return door.addon
}

export interface LoadParts extends ModelParts, Partial<LoadOptions> {}

/** Loads a ready-made model, or TorchScript source; it must be one that loads. */
export async function loadModel(name: keyof typeof sources | { readonly source: string }, parts: LoadParts = {}): Promise<TensorModel> {
  const runtime = await openRuntime()
  const bytes = compileModel(typeof name === 'string' ? sources[name] : name.source, parts)
  const loaded = await runtime.load(bytes, { device: 'auto', manyTargets: false, timeoutMs: 10_000, ...parts })
  if (loaded.kind !== 'loaded') throw new Error(`${loaded.reason}: ${loaded.message}`)
  return loaded.model
}

/** One context: its times, its vectors, and the times to predict. */
export interface Item {
  readonly times: readonly number[]
  readonly vectors: readonly (readonly number[])[]
  readonly targets?: readonly number[]
}

/** Two observations, of which the last is `vector`. */
export function steady(...vector: readonly number[]): Item {
  return { times: [0, 0.5], vectors: [vector.map(() => 0), vector] }
}

export function batchOf(...items: readonly Item[]): TensorBatch {
  const [first] = items
  const rows = items.flatMap(({ times, vectors }) => times.flatMap((time, i) => [time, ...vectors[i]!]))
  const targets = items.flatMap((item) => item.targets ?? [1])
  return {
    count: items.length,
    length: first!.times.length,
    width: first!.vectors[0]!.length + 1,
    trajectories: Float32Array.from(rows),
    targets: Float32Array.from(targets),
    targetsPerItem: targets.length / items.length,
  }
}

/** What came back, short: the numbers of a vector, or the reason of a refusal. */
export function said(outcomes: readonly Outcome[]): readonly (readonly number[] | string)[] {
  return outcomes.map((outcome) => (outcome.kind === 'vector' ? [...outcome.vector] : outcome.reason))
}

export function messageOf(outcome: Outcome | undefined): string {
  return outcome?.kind === 'refused' ? outcome.message : `no refusal: ${JSON.stringify(outcome)}`
}
