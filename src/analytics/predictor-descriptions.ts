import type { AnalyticsConfig } from '../config.js'
import type { PredictorDescription } from './analytics.js'
import type { ConfiguredModels } from './configured-models.js'
import { type Methods, NEURAL_ODE } from './methods.js'

/** SHOW PREDICTORS. A method with a model is available when a model serves somewhere; for one collection, EXPLAIN knows. */
export function describePredictors(methods: Methods, models: ConfiguredModels, { neuralOde }: AnalyticsConfig): readonly PredictorDescription[] {
  return methods.names().map((name) => {
    const registered = methods.registered(name)
    const { min, max } = (registered ?? methods.builtIn(name))?.context ?? { min: 1, max: undefined }
    const shape = { name, contextMin: min, contextMax: max, source: registered === undefined ? ('built in' as const) : ('registered' as const) }
    const reason = name === NEURAL_ODE ? neuralReason(models, neuralOde) : undefined
    return { ...shape, available: reason === undefined, reason }
  })
}

/** @returns undefined: some model serves, or is about to. */
function neuralReason(models: ConfiguredModels, neuralOde: boolean | undefined): string | undefined {
  const listed = models.descriptions()
  if (listed.some(({ status }) => status === 'ready' || status === 'loading')) return undefined
  const refused = listed.find(({ status }) => status === 'refused')
  if (refused !== undefined) return `${refused.reason}: ${refused.message}`
  if (neuralOde === true) return 'model_missing: no model_path is configured.'
  return neuralOde === false
    ? 'disabled: neural_ode = false.'
    : 'model_missing: no trained model is active, and model files are off until neural_ode = true.'
}
