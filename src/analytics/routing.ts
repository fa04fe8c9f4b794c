import type { AnalyticsConfig, Config } from '../config.js'
import { NotFoundError } from '../errors.js'
import type { Predictor } from '../prediction.js'
import type { ModelDescription, PredictedCollection, Route, RouteRequest, RouteStep } from './analytics.js'
import { ERROR, type Methods, NEURAL_ODE } from './methods.js'
import { registeredPredictor } from './registered-predictor.js'

/** Observations of a context when neither the file nor a model card says. */
const CONTEXT_DEFAULT = 64

export type RoutingConfig = Pick<Config, 'analytics' | 'collections'>

/** The neural step of one route, as the models know it at this moment. */
export type NeuralStep = Pick<RouteStep, 'predictor' | 'model' | 'shut'> & { readonly context: number | undefined }

export interface RoutingContext {
  readonly config: RoutingConfig
  readonly methods: Methods
  /** Waits for a model that is loading, at most `timeoutMs`. */
  neural(collection: PredictedCollection, settings: AnalyticsConfig, timeoutMs: number): Promise<NeuralStep>
  models(): readonly ModelDescription[]
}

/** DESIGN: `USING` > `method` of the file > neural where it is on > `linear`; then the fallback, then `last`. */
export async function routeOf(request: RouteRequest, context: RoutingContext): Promise<Route> {
  const { collection } = request
  const { methods } = context
  if (request.model !== undefined) throw unknownModel(request.model, context.models())
  const { settings, order, failsWhenRefused, reason } = orderOf(request, context)

  const timeoutMs = request.timeoutMs ?? settings.timeoutMs
  const steps: RouteStep[] = []
  let modelContext: number | undefined
  for (const [method, role] of order) {
    if (steps.some((step) => step.method === method)) continue
    if (method === NEURAL_ODE) {
      const { context: cardContext, ...step } = await context.neural(collection, settings, timeoutMs)
      modelContext = cardContext
      steps.push({ method, role, ...step })
    } else {
      steps.push({ method, role, predictor: predictorOf(method, methods, collection, timeoutMs) })
    }
  }
  return { steps, failsWhenRefused, context: settings.context ?? modelContext ?? CONTEXT_DEFAULT, reason }
}

/** The methods of a route, each with why it is there. */
export interface MethodOrder {
  readonly settings: AnalyticsConfig
  readonly order: readonly (readonly [method: string, role: RouteStep['role']])[]
  readonly failsWhenRefused: boolean
  /** Why the first ones are asked. */
  readonly reason: string
}

/** @throws {NotFoundError} a method that nothing bears. */
export function orderOf(request: RouteRequest, { config, methods }: Pick<RoutingContext, 'config' | 'methods'>): MethodOrder {
  const settings = settingsOf(config, request.collection.name)
  const { asked, reason } = askedMethods(request, config, settings)
  const fallback = request.fallback ?? settings.fallback
  const failsWhenRefused = fallback === ERROR
  const order: [string, RouteStep['role']][] = asked.map((name) => [name, 'asked'])
  if (!failsWhenRefused) order.push([fallback, 'fallback'], ['last', 'last'])
  for (const [name] of order) methods.check(name)
  return { settings, order, failsWhenRefused, reason }
}

export function settingsOf({ analytics, collections }: RoutingConfig, collection: string): AnalyticsConfig {
  return collections.get(collection) ?? analytics
}

function askedMethods(request: RouteRequest, config: RoutingConfig, settings: AnalyticsConfig): { asked: readonly string[]; reason: string } {
  if (request.methods !== undefined && request.methods.length > 0) return { asked: request.methods, reason: 'USING in the statement' }
  const at = (key: 'method' | 'neuralOde'): string => tableOf(config, request.collection.name, key)
  if (settings.method !== undefined) return { asked: [settings.method], reason: `method = "${settings.method}" in ${at('method')}` }
  if (settings.neuralOde === true) return { asked: [NEURAL_ODE], reason: `neural_ode = true in ${at('neuralOde')}` }
  if (settings.neuralOde === false) return { asked: ['linear'], reason: `neural_ode = false in ${at('neuralOde')}` }
  return { asked: ['linear'], reason: 'neural_ode is not set and no trained model is active' }
}

/** The table of the file that a setting of this collection comes from. A setting that both tables give alike is `[analytics]`'s. */
function tableOf({ analytics, collections }: RoutingConfig, collection: string, key: keyof AnalyticsConfig): string {
  const own = collections.get(collection)
  return own === undefined || own[key] === analytics[key] ? '[analytics]' : `[analytics.collection.${collection}]`
}

function predictorOf(name: string, methods: Methods, { dimension }: PredictedCollection, timeoutMs: number): Predictor {
  const builtIn = methods.builtIn(name)
  if (builtIn !== undefined) return builtIn
  return registeredPredictor(name, methods.registered(name)!, dimension, timeoutMs)
}

/** `USING MODEL` names models of the database, never files. */
function unknownModel(name: string, models: readonly ModelDescription[]): NotFoundError {
  const known = models.filter((model) => model.path === undefined).map((model) => model.name)
  const there = known.length === 0 ? 'This database holds no trained models' : `There are ${known.join(', ')}`
  return new NotFoundError('model', name, `No model of this database is named "${name}". ${there}; a model file is served by USING neural_ode.`)
}
