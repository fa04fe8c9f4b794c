import type { RefusalReason } from '../../prediction.js'
import type { Compiled } from '../expression/compiled.js'
import { SELECT_STAR, type SelectedRow, SelectScope } from './select-scope.js'

/** One bucket of one entity; its observation's timestamp is where the bucket begins. */
export interface SampledRow extends SelectedRow {
  /** What the vector is; null where there was nothing to fill the bucket with. */
  readonly kind: 'observed' | 'previous' | 'interpolated' | 'extrapolated' | null
  readonly method: string | null
  readonly model: string | null
  readonly fallbackReason: RefusalReason | null
}

const COLUMNS: Readonly<Record<string, Compiled>> = {
  kind: { kind: 'text', evaluate: ({ kind }: SampledRow) => kind },
  method: { kind: 'text', evaluate: ({ method }: SampledRow) => method },
  model: { kind: 'text', evaluate: ({ model }: SampledRow) => model },
  fallback_reason: { kind: 'text', evaluate: ({ fallbackReason }: SampledRow) => fallbackReason },
}

/** The columns of `SELECT * ... SAMPLE BY`. */
export const SAMPLE_STAR: readonly string[] = [...SELECT_STAR, 'kind', 'method', 'fallback_reason']

/** Columns where SAMPLE BY makes the rows: those of SELECT, and what a bucket was filled with. */
export class SampleScope extends SelectScope {
  override readonly names: readonly string[] = [...SELECT_STAR, 'attributes', ...Object.keys(COLUMNS)]
  /** True once it was asked who predicted. */
  predictions = false

  override column(name: string): Compiled | undefined {
    if (!Object.hasOwn(COLUMNS, name)) return super.column(name)
    if (name !== 'kind') this.predictions = true
    return COLUMNS[name]
  }
}
