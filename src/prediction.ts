import type { Trajectory } from './trajectory.js'

/** Why a predictor did not answer. The meaning of each is in docs/language.md, "Why another method answered". */
export type RefusalReason = (typeof REFUSAL_REASONS)[number]
export const REFUSAL_REASONS = [
  'native_unavailable',
  'model_missing',
  'model_invalid',
  'dimension_mismatch',
  'inference_failed',
  'bad_output_shape',
  'non_finite_output',
  'too_few_observations',
  'timeout',
  'disabled',
  'not_fitted',
] as const

/** What a predictor says to one target: a vector, or why it has none. */
export type Outcome = { readonly kind: 'vector'; readonly vector: Float32Array } | Refusal

/** @property message  What was expected and met. It names no entity, so that one cause has one message. */
export interface Refusal {
  readonly kind: 'refused'
  readonly reason: RefusalReason
  readonly message: string
}

/** One entity's context with the moments to predict. */
export interface PredictionItem {
  readonly entity: string
  /** At least one observation. */
  readonly context: Trajectory
  /** [K], epoch milliseconds, all after the last observation of the context. */
  readonly targets: Float64Array
}

/**
 * A method that answers (context, target) with a vector.
 *
 * It never throws for a context that it cannot answer: it refuses that item, and the others keep their answers. An app's own predictor is
 * held to this: what it throws is `inference_failed` for all items of that call, an answer of a wrong shape `bad_output_shape`, NaN and
 * Infinity `non_finite_output`, and after `timeout_ms` nobody waits any more. It is given copies of the contexts, in calls of at most 16 MiB.
 *
 * @example db.registerPredictor('mean', {
 *   context: { min: 1, max: 10 },
 *   predict: async (items) => items.map(({ context, targets }) => Array.from(targets, () => ({ kind: 'vector', vector: meanOf(context) }))),
 * })
 */
export interface Predictor {
  /** How many observations it needs at least, and how many it looks at at most. */
  readonly context: { readonly min: number; readonly max?: number }
  /**
   * @param options.signal  Aborted when nobody waits for the answer any more.
   * @returns one list an item, in it one outcome a target.
   */
  predict(items: readonly PredictionItem[], options: { readonly signal: AbortSignal }): Promise<readonly (readonly Outcome[])[]>
}

export function refused(reason: RefusalReason, message: string): Refusal {
  return { kind: 'refused', reason, message }
}
