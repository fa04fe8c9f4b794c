import type { JsonObject } from '../json.js'
import type { Outcome, PredictionItem, Predictor, Refusal, RefusalReason } from '../prediction.js'

/** What analytics must know of a collection. */
export interface PredictedCollection {
  readonly key: number
  readonly name: string
  readonly dimension: number
}

/** How a statement asks to be predicted. Absent: as the configuration says. */
export interface RouteRequest {
  readonly collection: PredictedCollection
  /** `USING a, b`: checked names, tried in this order. */
  readonly methods?: readonly string[] | undefined
  /** `USING MODEL name`: a model of the database. */
  readonly model?: string | undefined
  /** `WITH (fallback = ...)`. */
  readonly fallback?: string | undefined
  /** `WITH (timeout_ms = ...)`. */
  readonly timeoutMs?: number | undefined
}

/** What will be tried for a statement, in this order, and why. */
export interface Route {
  readonly steps: readonly RouteStep[]
  /** True: when all asked-for methods refuse, the statement fails. */
  readonly failsWhenRefused: boolean
  /** How many of the newest observations a predictor is given, unless the statement says. */
  readonly context: number
  /** Why this order: `neural_ode = true in [analytics]`, `USING in the statement`. */
  readonly reason: string
}

export interface RouteStep {
  readonly method: string
  /** 'asked': by USING or the file; 'fallback': as configured; 'last': the last resort. */
  readonly role: 'asked' | 'fallback' | 'last'
  readonly predictor: Predictor
  /** The model that serves it, as rows name it; undefined for methods without one. */
  readonly model?: ModelDescription | undefined
  /** Set when this step is known to refuse everything now, with what it will say. */
  readonly shut?: { readonly reason: RefusalReason; readonly message: string } | undefined
}

/** A model as SHOW MODELS, DESCRIBE MODEL and EXPLAIN tell of it. */
export interface ModelDescription {
  /** The file's name without its folder, or the name it has in the database. */
  readonly name: string
  readonly path?: string | undefined
  readonly status: 'loading' | 'ready' | 'refused' | 'off'
  readonly reason?: RefusalReason | undefined
  readonly message?: string | undefined
  readonly sha256?: string | undefined
  readonly card?: JsonObject | undefined
  readonly device?: string | undefined
  /** The collection it is configured for; undefined: for all. */
  readonly collection?: string | undefined
}

export interface PredictorDescription {
  readonly name: string
  readonly contextMin: number
  readonly contextMax: number | undefined
  readonly source: 'built in' | 'registered'
  readonly available: boolean
  readonly reason: string | undefined
}

/** The answer to one target. */
export interface Answer {
  /** [D], finite; undefined when every step refused. */
  readonly vector: Float32Array | undefined
  /** What really ran. */
  readonly method: string | undefined
  readonly model: string | undefined
  /** How many observations that method was given. */
  readonly contextCount: number
  /** Of the first step that refused; undefined when the asked-for method answered. */
  readonly firstRefusal: Extract<Outcome, { kind: 'refused' }> | undefined
}

/** What can be said to one target at once. */
export type ImmediateAnswer =
  | { readonly kind: 'answered'; readonly answer: Answer & { readonly vector: Float32Array; readonly method: string } }
  /** All that were asked refused, and the configuration wants no fallback. */
  | { readonly kind: 'refused'; readonly tried: readonly string[]; readonly refusal: Refusal }
  /** It is this method's turn, and its answer has to be waited for. `reason`: why it is asked. */
  | { readonly kind: 'waits'; readonly method: string; readonly reason: string }

/** Prediction, as the engine sees it. */
export interface Analytics {
  /**
   * Decides what will be tried. Waits for a model that is still loading, within its `timeout_ms`.
   * @throws {NotFoundError} a method or model that nothing bears.
   */
  route(request: RouteRequest): Promise<Route>
  /**
   * Asks each step in turn for what is still open. Contexts of equal length are batched.
   * @returns one list an item, in it one answer a target.
   */
  predict(
    route: Route,
    collection: PredictedCollection,
    items: readonly PredictionItem[],
    options: { signal: AbortSignal },
  ): Promise<readonly (readonly Answer[])[]>
  /** `route` and `predict` for who cannot wait: one item with one target. Only built-in methods without a model answer. */
  predictNow(request: RouteRequest, item: PredictionItem): ImmediateAnswer
  register(name: string, predictor: Predictor): void
  /** All names that USING and `fallback` may take now. */
  methodNames(): readonly string[]
  predictors(): readonly PredictorDescription[]
  models(): readonly ModelDescription[]
  /** The same once no file is loading any more, each waited for within its `timeout_ms`. */
  settledModels(): Promise<readonly ModelDescription[]>
  close(): Promise<void>
}
