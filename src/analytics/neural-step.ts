import type { AnalyticsConfig } from '../config.js'
import type { PredictedCollection, RouteStep } from './analytics.js'
import { type ConfiguredModels, describedState } from './configured-models.js'
import { last } from './last.js'
import type { ModelCard } from './model-card.js'
import { neuralOde } from './neural-ode.js'
import type { NeuralStep } from './routing.js'

/** A step that refuses everything is never asked; its predictor only has to be one. */
const NEVER_ASKED = { ...last, context: { min: 1 } }

/** What the neural predictor can do for a collection now: serve it by a model, or say why not. */
export async function neuralStep(
  models: ConfiguredModels,
  collection: PredictedCollection,
  settings: AnalyticsConfig,
  { timeoutMs, threads }: { timeoutMs: number; threads: number },
): Promise<NeuralStep> {
  const off = offReason(settings, collection)
  if (off !== undefined) return { predictor: NEVER_ASKED, context: undefined, shut: off }
  const state = (await models.serving(settings, timeoutMs))!
  const path = settings.modelPath!
  const card = state.kind === 'ready' ? state.model.card : state.kind === 'refused' ? state.card : undefined
  const seen = { model: describedState({ path }, state), context: card?.context }
  const mismatch = dimensionMismatch(path, card, collection)
  if (mismatch !== undefined) return { ...seen, predictor: NEVER_ASKED, shut: mismatch }
  switch (state.kind) {
    case 'ready':
      return { ...seen, predictor: neuralOde({ model: state.model, dimension: collection.dimension, timeoutMs, threads }) }
    case 'refused':
      return { ...seen, predictor: NEVER_ASKED, shut: state.refusal }
    case 'loading':
      return { ...seen, predictor: NEVER_ASKED, shut: { reason: 'timeout', message: `${path} did not load within timeout_ms (${timeoutMs}).` } }
  }
}

type Shut = NonNullable<RouteStep['shut']>

function offReason({ neuralOde, modelPath }: AnalyticsConfig, { name }: PredictedCollection): Shut | undefined {
  if (neuralOde === false) return { reason: 'disabled', message: 'The configuration says neural_ode = false.' }
  if (neuralOde === undefined) {
    return {
      reason: 'model_missing',
      message: `No trained model is active for collection "${name}", and model files are off until neural_ode = true.`,
    }
  }
  if (modelPath === undefined)
    return { reason: 'model_missing', message: `neural_ode = true, and no model_path is configured for collection "${name}".` }
  return undefined
}

function dimensionMismatch(path: string, card: ModelCard | undefined, { name, dimension }: PredictedCollection): Shut | undefined {
  if (card?.dimension === undefined || card.dimension === dimension) return undefined
  return {
    reason: 'dimension_mismatch',
    message: `The model ${path} is for vectors of ${card.dimension} numbers; collection "${name}" stores ${dimension}.`,
  }
}
