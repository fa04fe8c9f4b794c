import type { Analytics } from '../analytics/index.js'
import type { Store } from '../storage/index.js'
import type { Warning } from '../warning.js'
import type { DistanceKernels } from './expression/distance-kernels.js'
import type { SearchMeta } from './nearest/search-meta.js'
import type { Plan } from './plan.js'
import type { Stop } from './stop.js'

/** A row of a result by its column names; name a type of your own to have rows typed. */
export type Row = Readonly<Record<string, unknown>>
export type Batch = readonly object[]

/** What a running statement has at hand. */
export interface Context {
  readonly store: Pick<Store, 'collections' | 'snapshot'>
  readonly analytics: Analytics
  /** What ranks predicted vectors; asked for when there are some. */
  readonly kernels: () => DistanceKernels
  readonly settings: () => readonly { readonly setting: string; readonly value: unknown }[]
  readonly stop: Stop
  readonly maxRows: number
  /** How many bytes of contexts may be read ahead of inference. */
  readonly readAheadBytes: number
  /** `array`: vectors as plain lists, which JSON can hold. */
  readonly vectors: 'float32' | 'array' | 'none'
  /** Once a cause. */
  readonly warn: (warning: Warning) => void
  /** Told how a NEAREST was answered. */
  readonly report?: ((meta: SearchMeta) => void) | undefined
  /** Told of every finished operator, for EXPLAIN ANALYZE. */
  readonly trace?: Trace | undefined
}

export type Trace = (plan: Plan, rows: number, elapsedMs: number) => void
