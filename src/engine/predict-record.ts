import type { RefusalReason } from '../prediction.js'

/** One entity at one moment, as PREDICT answers it: a union on `status`, then on `kind`. docs/language.md says what each column means. */
export type PredictRecord = StoredRecord | PredictedRecord | UnansweredRecord

/** The store had the answer: an observation, or the line between two. No method was asked. */
export interface StoredRecord {
  entity: string
  /** Epoch milliseconds. */
  timestamp: number
  /** [D] */
  vector: Float32Array
  kind: 'observed' | 'interpolated'
  /** From the observation at or before the moment; 0 when observed. */
  horizon_ms: number
  last_timestamp: number
  context_count: number
  method: null
  model: null
  fallback_reason: null
  status: 'ok'
}

/** A method answered. */
export interface PredictedRecord {
  entity: string
  timestamp: number
  vector: Float32Array
  kind: 'extrapolated'
  /** From the last observation of the context. */
  horizon_ms: number
  last_timestamp: number
  /** How many observations the method was given. */
  context_count: number
  /** What really ran. */
  method: string
  /** Which model, for methods that have one. */
  model: string | null
  /** Why the asked-for method did not answer; null when it did. */
  fallback_reason: RefusalReason | null
  status: 'ok'
}

/** There is nothing to answer with; `status` says why. */
export interface UnansweredRecord {
  entity: string
  /** Null: a moment counted from observations that do not exist. */
  timestamp: number | null
  vector: null
  kind: null
  horizon_ms: null
  last_timestamp: null
  context_count: 0
  method: null
  model: null
  fallback_reason: null
  status: 'not_found' | 'no_observations' | 'before_first' | 'no_context'
}
