/** One entity at one moment, as PREDICT answers it. docs/language.md says what each column means. */
export interface PredictRecord {
  entity: string
  timestamp: number | null
  /** [D] */
  vector: Float32Array | null
  kind: 'observed' | 'interpolated' | 'extrapolated' | null
  horizon_ms: number | null
  last_timestamp: number | null
  context_count: number
  method: string | null
  model: string | null
  fallback_reason: string | null
  status: 'ok' | 'not_found' | 'no_observations' | 'before_first' | 'no_context'
}
