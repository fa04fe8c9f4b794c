import type { Outcome } from '../prediction.js'
import { refused } from '../prediction.js'
import type { RawAnswers, RawLoaded, RawRefusal, RawTorch } from './addon-interface.js'
import type { LoadOptions, LoadOutcome, TensorBatch, TensorModel, TensorRuntime } from './runtime.js'

/** How long libtorch may take to find its devices. */
const START_TIMEOUT_MS = 60_000
/** Longer time limits are as good as none. */
const TIMEOUT_MAX_MS = 2 ** 31

/** libtorch, once the addon is loaded. */
export class LibtorchRuntime implements TensorRuntime {
  readonly version: string
  private ticketLast = 0
  /** A model that was forgotten without `dispose()` still frees its weights. */
  private readonly forgotten: FinalizationRegistry<number>

  private constructor(
    private readonly addon: RawTorch,
    readonly devices: readonly string[],
  ) {
    this.version = addon.version
    this.forgotten = new FinalizationRegistry((model) => addon.dispose(model))
  }

  static async start(addon: RawTorch): Promise<LibtorchRuntime | RawRefusal> {
    addon.reserve(1)
    const started = await addon.start(START_TIMEOUT_MS, 1)
    if ('reason' in started) return started
    const runtime = new LibtorchRuntime(addon, started.devices)
    runtime.ticketLast = 1
    return runtime
  }

  /** At least so many calls may run at once from now on, in the whole process. */
  reserve(threads: number): void {
    this.addon.reserve(threads)
  }

  async load(bytes: Uint8Array, options: LoadOptions, signal?: AbortSignal): Promise<LoadOutcome> {
    const { device, manyTargets, timeoutMs } = options
    const loaded = await this.call(signal, (ticket) => this.addon.load(bytes, device, manyTargets, wholeMs(timeoutMs), ticket))
    if ('reason' in loaded) return { kind: 'refused', reason: loaded.reason === 'timeout' ? 'timeout' : 'model_invalid', message: loaded.message }
    const model = new LoadedModel(this, loaded)
    this.forgotten.register(model, loaded.model, model)
    const warning = loaded.warning === '' ? undefined : loaded.warning
    if (options.dimension !== undefined) void model.predict(madeUpBatch(options.dimension), timeoutMs, signal)
    return { kind: 'loaded', model, warning }
  }

  predict(model: number, batch: TensorBatch, timeoutMs: number, signal: AbortSignal | undefined): Promise<RawAnswers | RawRefusal> {
    const { trajectories, targets, count, length, width, targetsPerItem } = batch
    return this.call(signal, (ticket) =>
      this.addon.predict(model, trajectories, targets, count, length, width, targetsPerItem, wholeMs(timeoutMs), ticket),
    )
  }

  dispose(model: LoadedModel, number: number): void {
    this.forgotten.unregister(model)
    this.addon.dispose(number)
  }

  private async call<Answer>(signal: AbortSignal | undefined, start: (ticket: number) => Promise<Answer>): Promise<Answer> {
    const ticket = ++this.ticketLast
    const answer = start(ticket)
    if (signal === undefined) return answer
    const abandon = (): void => this.addon.abandon(ticket)
    if (signal.aborted) abandon()
    signal.addEventListener('abort', abandon)
    try {
      return await answer
    } finally {
      signal.removeEventListener('abort', abandon)
    }
  }
}

class LoadedModel implements TensorModel {
  servedSingly = false
  readonly device: string
  private readonly number: number
  private isDisposed = false

  constructor(
    private readonly runtime: LibtorchRuntime,
    { model, device }: RawLoaded,
  ) {
    this.number = model
    this.device = device
  }

  async predict(batch: TensorBatch, timeoutMs: number, signal?: AbortSignal): Promise<readonly Outcome[]> {
    if (batch.count === 0) return []
    const answers = await this.runtime.predict(this.number, batch, timeoutMs, signal)
    if ('reason' in answers) return new Array<Outcome>(batch.count * batch.targetsPerItem).fill(refused(answers.reason, answers.message))
    this.servedSingly = answers.servedSingly
    return outcomesOf(answers, batch)
  }

  dispose(): void {
    if (this.isDisposed) return
    this.isDisposed = true
    this.runtime.dispose(this, this.number)
  }
}

/** One outcome an item and target. Each vector owns its memory: one that is kept, or sent to another thread, must not bring the batch along. */
function outcomesOf({ vectors, refused: refusals }: RawAnswers, { count, width, targetsPerItem }: TensorBatch): Outcome[] {
  const dimension = width - 1
  const refusalOf = new Map(refusals.map(({ item, reason, message }) => [item, refused(reason, message)]))
  return Array.from({ length: count * targetsPerItem }, (_, i): Outcome => {
    const refusal = refusalOf.get(Math.floor(i / targetsPerItem))
    return refusal ?? { kind: 'vector', vector: vectors.slice(i * dimension, (i + 1) * dimension) }
  })
}

/** One context of two observations: what comes out does not matter, only that the model has run once. */
function madeUpBatch(dimension: number): TensorBatch {
  const width = dimension + 1
  const trajectories = new Float32Array(2 * width)
  trajectories[width] = 0.5 // the second row's time, halfway to the target
  return { count: 1, length: 2, width, trajectories, targets: Float32Array.of(1), targetsPerItem: 1 }
}

function wholeMs(timeoutMs: number): number {
  return Math.max(1, Math.min(Math.ceil(timeoutMs), TIMEOUT_MAX_MS))
}
