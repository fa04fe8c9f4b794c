import { onTestFinished } from 'vitest'
import { type Analytics, type AnalyticsOptions, createAnalytics, type PredictedCollection } from '../../../src/analytics/index.js'
import type { AnalyticsConfig } from '../../../src/config.js'
import type { LoadOutcome, Native, TensorBatch, TensorModel, TensorRuntime } from '../../../src/native/runtime.js'
import { WasmKernels } from '../../../src/native/wasm-kernels.js'
import type { Outcome, PredictionItem, Predictor } from '../../../src/prediction.js'
import { trajectoryOf } from '../../../src/trajectory.js'
import type { Warning } from '../../../src/warning.js'

export const never = new AbortController().signal

const DEFAULTS: AnalyticsConfig = {
  neuralOde: undefined,
  modelPath: undefined,
  modelSha256: undefined,
  method: undefined,
  fallback: 'linear',
  context: undefined,
  device: 'auto',
  threads: 0,
  timeoutMs: 30_000,
}

export function settings(changed: Partial<AnalyticsConfig> = {}): AnalyticsConfig {
  return { ...DEFAULTS, ...changed }
}

export const shutNative: Native = {
  kernels: { open: false, reason: 'not-built', message: 'The kernels are not built.', remedy: 'Run npm run setup.' },
  distances: new WasmKernels(),
  crc32: undefined,
  torch: async () => ({ open: false, reason: 'not-built', message: 'The torch addon is not built.', remedy: 'Run npm run setup.' }),
  status: () => ({ kernels: { available: false, simd: 'none' }, torch: { available: false } }),
}

export function loaded(model: TensorModel): LoadOutcome {
  return { kind: 'loaded', model, warning: undefined }
}

/** A native door behind which every archive is `model`. */
export function stubNative(model: TensorModel, load?: TensorRuntime['load']): Native {
  const addon: TensorRuntime = { version: 'stub', devices: ['cpu'], load: load ?? (async () => loaded(model)) }
  return { ...shutNative, torch: async () => ({ open: true, addon, path: 'stub' }) }
}

export interface Opened {
  readonly analytics: Analytics
  readonly warnings: Warning[]
}

export interface OpenOptions extends Partial<Omit<AnalyticsOptions, 'config' | 'warn'>> {
  readonly collections?: Readonly<Record<string, Partial<AnalyticsConfig>>>
}

/** Analytics that are closed with the test. Warnings are kept, once per cause. */
export function open(changed: Partial<AnalyticsConfig> = {}, { collections = {}, ...options }: OpenOptions = {}): Opened {
  const warnings: Warning[] = []
  const told = new Set<string>()
  const base = settings(changed)
  const analytics = createAnalytics({
    native: shutNative,
    ...options,
    config: { analytics: base, collections: new Map(Object.entries(collections).map(([name, own]) => [name, { ...base, ...own }])) },
    warn: (warning, cause = `${warning.code} ${warning.message}`) => {
      if (!told.has(cause)) warnings.push(warning)
      told.add(cause)
    },
  })
  onTestFinished(() => analytics.close())
  return { analytics, warnings }
}

export function collection(dimension: number, name = 'words'): PredictedCollection {
  return { key: 1, name, dimension }
}

export type Points = readonly (readonly [timestamp: number, vector: readonly number[]])[]

export function item(points: Points, targets: readonly number[], entity = 'e'): PredictionItem {
  return { entity, context: trajectoryOf(points), targets: Float64Array.from(targets) }
}

/** A context of `length` observations at 0, 1, 2, ... whose vectors are all `value`. */
export function steady(value: number, length: number, dimension: number, targets: readonly number[] = [length]): PredictionItem {
  return item(
    Array.from({ length }, (_, t) => [t, new Array<number>(dimension).fill(value)]),
    targets,
    `e${value}`,
  )
}

/** A predictor that says to each target what `answer` says to it. */
export function predictor(
  answer: (item: PredictionItem, target: number) => Outcome,
  context: Predictor['context'] = { min: 1 },
): Predictor & { readonly calls: PredictionItem[][] } {
  const calls: PredictionItem[][] = []
  return {
    context,
    calls,
    async predict(items) {
      calls.push([...items])
      return items.map((item) => Array.from(item.targets, (target) => answer(item, target)))
    },
  }
}

/** A model that answers each row of a batch, and keeps the batches that it was given. */
export function stubModel(
  answer: (batch: TensorBatch) => readonly Outcome[] | Promise<readonly Outcome[]>,
): TensorModel & { readonly batches: TensorBatch[]; disposed: number } {
  const batches: TensorBatch[] = []
  return {
    batches,
    disposed: 0,
    servedSingly: false,
    device: 'cpu',
    async predict(batch) {
      batches.push(batch)
      return answer(batch)
    },
    dispose() {
      this.disposed++
    },
  }
}

/** The last vector of each row, once a target: what a stub model says. */
export function lastVectors({ count, length, width, trajectories, targetsPerItem }: TensorBatch): Outcome[] {
  return Array.from({ length: count * targetsPerItem }, (_, i) => {
    const row = Math.floor(i / targetsPerItem)
    const end = (row + 1) * length * width
    return { kind: 'vector', vector: trajectories.slice(end - width + 1, end) }
  })
}

export function vectorOf(...values: number[]): Outcome {
  return { kind: 'vector', vector: Float32Array.from(values) }
}
