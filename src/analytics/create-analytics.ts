import { channel } from 'node:diagnostics_channel'
import type { AnalyticsConfig, Config } from '../config.js'
import { ConfigError, type ConfigIssue, DatabaseClosedError } from '../errors.js'
import type { Native } from '../native/runtime.js'
import type { Predictor } from '../prediction.js'
import type { Warn } from '../warning.js'
import type { Analytics } from './analytics.js'
import { ConfiguredModels } from './configured-models.js'
import { warnOfFallbacks } from './fallback-warning.js'
import { ERROR, Methods } from './methods.js'
import { neuralStep } from './neural-step.js'
import { predictInOrder } from './predict-in-order.js'
import { predictNow } from './predict-now.js'
import { describePredictors } from './predictor-descriptions.js'
import { routeOf } from './routing.js'

export interface AnalyticsOptions {
  readonly config: Pick<Config, 'analytics' | 'collections'> & Partial<Pick<Config, 'source'>>
  readonly native: Native
  readonly warn: Warn
  /** The app's own, by name: those that the configuration names must be here. */
  readonly predictors?: Readonly<Record<string, Predictor>> | undefined
  /** Milliseconds that only grow; default `performance.now`. */
  readonly clock?: (() => number) | undefined
}

const predicted = channel('chronode:predict')

/**
 * Prediction for one database. Models that the configuration names begin to load; nothing is waited for.
 *
 * @throws {ConfigError} `method` or `fallback` names what is neither built in nor in `predictors`: a misspelt name must not wait for
 * the first prediction.
 * @throws {ArgumentError} a predictor that is none, or a name that is taken.
 */
export function createAnalytics({ config, native, warn, predictors = {}, clock = () => performance.now() }: AnalyticsOptions): Analytics {
  const methods = new Methods()
  for (const [name, predictor] of Object.entries(predictors)) methods.register(name, predictor)
  checkNames(config, methods)
  const models = new ConfiguredModels({ config, native, warn, clock })
  const { threads } = config.analytics
  let isClosed = false
  const refuseWhenClosed = (): void => {
    if (isClosed) throw new DatabaseClosedError()
  }
  return {
    route(request) {
      if (isClosed) return Promise.reject(new DatabaseClosedError())
      return routeOf(request, {
        config,
        methods,
        models: () => models.descriptions(),
        neural: (collection, settings, timeoutMs) => neuralStep(models, collection, settings, { timeoutMs, threads }),
      })
    },
    async predict(route, collection, items, { signal }) {
      refuseWhenClosed()
      signal.throwIfAborted()
      const startMs = performance.now()
      const answers = await predictInOrder(route.steps, items, signal)
      warnOfFallbacks(answers, route, collection, warn)
      if (predicted.hasSubscribers) {
        predicted.publish({
          collection: collection.name,
          methods: route.steps.map(({ method }) => method),
          items: items.length,
          durationMs: performance.now() - startMs,
        })
      }
      return answers
    },
    predictNow(request, item) {
      refuseWhenClosed()
      return predictNow(request, item, { config, methods, warn })
    },
    register: (name, predictor) => methods.register(name, predictor),
    methodNames: () => methods.names(),
    predictors: () => describePredictors(methods, models, config.analytics),
    models: () => models.descriptions(),
    settledModels: () => models.settledDescriptions(),
    async close() {
      isClosed = true
      models.close()
    },
  }
}
function checkNames(config: AnalyticsOptions['config'], methods: Methods): void {
  const { analytics, collections } = config
  const issues = issuesOf('analytics', analytics, undefined, methods)
  for (const [name, settings] of collections) issues.push(...issuesOf(`analytics.collection.${name}`, settings, analytics, methods))
  if (issues.length > 0) throw new ConfigError(config.source ?? 'The configuration', issues)
}

/** @param inherited  What the table falls back to; names that come from there are complained of there. */
function issuesOf(table: string, settings: AnalyticsConfig, inherited: AnalyticsConfig | undefined, methods: Methods): ConfigIssue[] {
  const known = methods.names()
  const issues: ConfigIssue[] = []
  const { method, fallback } = settings
  if (method !== undefined && method !== inherited?.method && !methods.has(method)) {
    issues.push({ path: `${table}.method`, expected: oneOf(known), received: `"${method}"` })
  }
  if (fallback !== ERROR && fallback !== inherited?.fallback && !methods.has(fallback)) {
    issues.push({ path: `${table}.fallback`, expected: oneOf([...known, ERROR]), received: `"${fallback}"` })
  }
  return issues
}

function oneOf(names: readonly string[]): string {
  return `one of ${names.join(', ')}, or a predictor given to openDatabase`
}
