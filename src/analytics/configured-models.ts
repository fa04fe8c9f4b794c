import { basename } from 'node:path'
import type { AnalyticsConfig } from '../config.js'
import type { Native } from '../native/runtime.js'
import type { Warn } from '../warning.js'
import type { ModelDescription } from './analytics.js'
import { warnOfModel } from './fallback-warning.js'
import type { ModelSource } from './load-model.js'
import { ModelSlot, type SlotState } from './model-slot.js'
import type { RoutingConfig } from './routing.js'

export interface ConfiguredModelsOptions {
  readonly config: RoutingConfig
  readonly native: Native
  readonly warn: Warn
  readonly clock: () => number
}

/** The model files that the configuration names. They begin to load at once; collections with the same file share it. */
export class ConfiguredModels {
  readonly #slots = new Map<string, ModelSlot>()
  readonly #closing = new AbortController()

  constructor(private readonly options: ConfiguredModelsOptions) {
    const { analytics, collections } = options.config
    for (const settings of [analytics, ...collections.values()]) {
      const source = sourceOf(settings)
      if (source === undefined || settings.neuralOde !== true || this.#slots.has(keyOf(source))) continue
      this.#slots.set(keyOf(source), this.#open(source, settings))
    }
  }

  #open(source: ModelSource, settings: AnalyticsConfig): ModelSlot {
    const { config, native, warn, clock } = this.options
    return new ModelSlot(source, {
      native,
      threads: config.analytics.threads,
      clock,
      signal: this.#closing.signal,
      onRefusal: (_, refusal) => warnOfModel(refusal, settings.fallback, warn),
      onWarning: ({ name, device }, message) =>
        warn({ code: 'DEVICE_UNAVAILABLE', message: `${message} (model ${name})`, device }, 'DEVICE_UNAVAILABLE'),
    })
  }

  /** @returns undefined: no file is configured, or files are off. Waits for a file that is loading, at most `timeoutMs`. */
  async serving(settings: AnalyticsConfig, timeoutMs: number): Promise<SlotState | undefined> {
    const source = sourceOf(settings)
    return source && (await this.#slots.get(keyOf(source))?.current(timeoutMs))
  }

  async settledDescriptions(): Promise<readonly ModelDescription[]> {
    const { analytics, collections } = this.options.config
    await Promise.all([analytics, ...collections.values()].map((settings) => this.serving(settings, settings.timeoutMs)))
    return this.descriptions()
  }

  descriptions(): readonly ModelDescription[] {
    const { analytics, collections } = this.options.config
    const listed = [this.#described(analytics, undefined)]
    for (const [name, settings] of collections) {
      const isInherited = settings.modelPath === analytics.modelPath && settings.neuralOde === analytics.neuralOde
      if (!isInherited) listed.push(this.#described(settings, name))
    }
    return listed.filter((description) => description !== undefined)
  }

  #described(settings: AnalyticsConfig, collection: string | undefined): ModelDescription | undefined {
    const source = sourceOf(settings)
    if (source === undefined) return undefined
    const slot = settings.neuralOde === true ? this.#slots.get(keyOf(source)) : undefined
    return { ...(slot === undefined ? modelOff(source) : describedState(source, slot.state)), collection }
  }

  close(): void {
    this.#closing.abort()
    for (const slot of this.#slots.values()) slot.close()
  }
}

function sourceOf({ modelPath, modelSha256, device, timeoutMs }: AnalyticsConfig): ModelSource | undefined {
  return modelPath === undefined ? undefined : { path: modelPath, pin: modelSha256, device, timeoutMs }
}

function keyOf({ path, pin, device }: ModelSource): string {
  return JSON.stringify([path, pin, device])
}

function modelOff({ path }: ModelSource): ModelDescription {
  return { name: basename(path), path, status: 'off', message: 'Model files are off: neural_ode is not true.' }
}

/** What SHOW MODELS and EXPLAIN tell of a model file. */
export function describedState({ path }: Pick<ModelSource, 'path'>, state: SlotState): ModelDescription {
  const named = { name: basename(path), path }
  switch (state.kind) {
    case 'ready': {
      const { sha256, card, device } = state.model
      return { ...named, status: 'ready', sha256, card: card.json, device }
    }
    case 'refused': {
      const { reason, message } = state.refusal
      return { ...named, status: 'refused', reason, message, sha256: state.sha256, card: state.card?.json }
    }
    case 'loading':
      return { ...named, status: 'loading' }
  }
}
