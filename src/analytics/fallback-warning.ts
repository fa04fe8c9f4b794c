import type { Refusal, RefusalReason } from '../prediction.js'
import type { Warn } from '../warning.js'
import type { Answer, PredictedCollection, RouteStep } from './analytics.js'
import { ERROR, NEURAL_ODE } from './methods.js'

/** How to mend what the neural predictor refused for. What other predictors say of themselves is all there is to say. */
const ADVICE: Partial<Readonly<Record<RefusalReason, string>>> = {
  native_unavailable: '`chronode doctor` and db.nativeStatus() say what is missing.',
  model_missing: 'Set model_path to a TorchScript file. One that comes or changes is noticed without opening the database again.',
  model_invalid: 'Export the model again as docs/model-contract.md says, or correct model_path.',
  dimension_mismatch: 'Train a model for this collection, and name it as model_path under [analytics.collection.<name>].',
  inference_failed: 'Run the model on such a context in Python; docs/model-contract.md says what it is given.',
  bad_output_shape: 'docs/model-contract.md says which shape is expected.',
  non_finite_output: 'Look for overflow in the model: times are normalised, vectors are as stored.',
  timeout: 'Raise timeout_ms, or make the model faster. A model that timed out rests until its call returns or its file is replaced.',
  disabled: 'Set neural_ode = true, or leave neural_ode out of USING.',
}

type AskedStep = Pick<RouteStep, 'method' | 'model' | 'shut'>

/** What makes two refusals the same for the operator: a model that cannot serve is one cause, whoever asks. */
function causeOf(reason: RefusalReason, subject: string): string {
  return `PREDICTION_FALLBACK ${reason} ${subject}`
}

/** A model file that cannot serve, told as soon as it is known; the same words and the same cause as at the first prediction. */
export function warnOfModel({ reason, message }: Refusal, fallback: string, warn: Warn): void {
  const instead = fallback === ERROR ? 'Predictions by "neural_ode" are refused' : `Predictions come from "${fallback}" instead of "neural_ode"`
  const text = `${instead} (${reason}): ${message} ${ADVICE[reason] ?? ''}`.trimEnd()
  warn(
    { code: 'PREDICTION_FALLBACK', message: text, reason, asked: NEURAL_ODE, answered: fallback === ERROR ? undefined : fallback },
    causeOf(reason, message),
  )
}

/**
 * One warning for each cause that made another method answer than the one that was asked first.
 *
 * A context that is too short is no cause: that lies in the data, and no operator can mend it.
 */
export function warnOfFallbacks(
  answers: readonly (readonly Answer[])[],
  route: { readonly steps: readonly AskedStep[] },
  collection: Pick<PredictedCollection, 'name'>,
  warn: Warn,
): void {
  const told = new Set<RefusalReason>(['too_few_observations'])
  for (const list of answers) {
    for (const { firstRefusal, method } of list) {
      if (firstRefusal === undefined || method === undefined || told.has(firstRefusal.reason)) continue
      told.add(firstRefusal.reason)
      warnOfFallback(firstRefusal, route.steps[0]!, method, collection.name, warn)
    }
  }
}

function warnOfFallback({ reason, message }: Refusal, asked: AskedStep, answered: string, collection: string, warn: Warn): void {
  const { method, model, shut } = asked
  const advice = method === NEURAL_ODE ? ` ${ADVICE[reason] ?? ''}` : ''
  const text = `Predictions in collection "${collection}" come from "${answered}" instead of "${method}" (${reason}): ${message}${advice}`
  const subject = shut === undefined ? `${method} ${model?.path ?? ''} ${collection}` : shut.message
  warn({ code: 'PREDICTION_FALLBACK', message: text, reason, asked: method, answered, collection }, causeOf(reason, subject))
}
