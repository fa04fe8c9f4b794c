import type { Refusal } from '../prediction.js'
import { settlesWithin } from './abortable.js'
import { type Loader, loadModel, type ModelLoad, type ModelSource } from './load-model.js'
import type { ModelCard } from './model-card.js'
import { fileSignature, NO_FILE } from './model-file.js'
import { ServingModel } from './serving-model.js'

/** How often the file is looked at, at most. */
export const LOOK_MS = 1000
/** How long a prediction waits for that look: a file system that hangs must not hold it up. */
const LOOK_PATIENCE_MS = 50

export interface SlotOptions extends Loader {
  readonly clock: () => number
  /** Told of every refusal that became the state of this slot. */
  readonly onRefusal: (source: ModelSource, refusal: Refusal) => void
  /** Told why a model is not on the device that was demanded. */
  readonly onWarning: (model: ServingModel, message: string) => void
}

/** What stands at the path of a model. */
export type SlotState =
  | { readonly kind: 'ready'; readonly model: ServingModel }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly sha256: string | undefined; readonly card: ModelCard | undefined }
  | { readonly kind: 'loading' }

/**
 * One model file, and what became of it. What is on disk counts: a replaced file is loaded beside the model that serves and takes over,
 * a vanished one serves no more, and one that was mended or comes back is loaded again.
 *
 * A replacement that cannot be loaded condemns the slot only when it is found unchanged a second look later: until then it may be a copy
 * that is still being written, and the old model serves.
 */
export class ModelSlot {
  #state: SlotState = { kind: 'loading' }
  #loading: Promise<void> | undefined
  #loadingSinceMs = 0
  #lookedAtMs: number
  /** Of the file that `#state` is about; undefined: worth another try, whatever stands there. */
  #signature: string | undefined
  /** Of a replacement that was refused once. */
  #suspect: string | undefined
  /** A bug of ours, met in the background: for whoever asks next. */
  #bug: { readonly error: unknown } | undefined
  readonly #retired = new Set<ServingModel>()

  constructor(
    readonly source: ModelSource,
    private readonly options: SlotOptions,
  ) {
    this.#lookedAtMs = options.clock()
    this.#load()
  }

  get state(): SlotState {
    return this.#state
  }

  get isLoading(): boolean {
    return this.#loading !== undefined
  }

  /**
   * Waits when nothing serves and a file is loading, until that has taken `timeoutMs`: the first to ask waits, and those who come after a load
   * that is too slow do not wait again.
   *
   * @returns 'loading' when that was too short.
   */
  async current(timeoutMs: number): Promise<SlotState> {
    await this.#look()
    if (this.#state.kind !== 'ready' && this.#loading !== undefined) {
      const leftMs = timeoutMs - (this.options.clock() - this.#loadingSinceMs)
      const isLoaded = await settlesWithin(this.#loading, Math.max(leftMs, 0))
      if (!isLoaded) return { kind: 'loading' }
    }
    if (this.#bug !== undefined) throw this.#bug.error
    return this.#state
  }

  /** Frees what was loaded. What is loading is freed when it arrives: the signal of the options is aborted before. */
  close(): void {
    if (this.#state.kind === 'ready') this.#state.model.dispose()
    for (const model of this.#retired) model.dispose()
  }

  async #look(): Promise<void> {
    const nowMs = this.options.clock()
    if (this.#loading !== undefined || nowMs - this.#lookedAtMs < LOOK_MS) return
    this.#lookedAtMs = nowMs
    const look = this.#reloadWhenChanged()
    await settlesWithin(look, LOOK_PATIENCE_MS)
  }

  async #reloadWhenChanged(): Promise<void> {
    const signature = await fileSignature(this.source.path)
    if (signature === this.#signature || this.#loading !== undefined) return
    this.#load()
    if (signature === NO_FILE) await this.#loading // found out in a moment, and no reason to answer from a file that is gone
  }

  #load(): void {
    const { signal, clock } = this.options
    this.#bug = undefined
    this.#loadingSinceMs = clock()
    this.#loading = (async () => {
      try {
        const signature = await fileSignature(this.source.path)
        const load = await loadModel(this.source, this.options)
        this.#settle(load, signature)
      } catch (error) {
        if (!signal.aborted) this.#bug = { error }
      } finally {
        this.#loading = undefined
      }
    })()
  }

  #settle(load: ModelLoad, signature: string): void {
    const { source, options } = this
    if (load.kind === 'loaded') {
      const model = new ServingModel(source.path, load.sha256, load.card, load.tensorModel)
      this.#become({ kind: 'ready', model }, signature)
      if (load.warning !== undefined) options.onWarning(model, load.warning)
      return
    }
    if (this.#state.kind === 'ready' && load.refusal.reason !== 'model_missing' && this.#suspect !== signature) {
      this.#suspect = signature
      this.#signature = undefined
      return
    }
    this.#become({ kind: 'refused', refusal: load.refusal, sha256: load.sha256, card: load.card }, load.isPassing ? undefined : signature)
    options.onRefusal(source, load.refusal)
  }

  #become(state: SlotState, signature: string | undefined): void {
    if (this.#state.kind === 'ready') {
      for (const model of this.#retired) if (model.isDisposed) this.#retired.delete(model)
      this.#state.model.retire()
      this.#retired.add(this.#state.model)
    }
    this.#state = state
    this.#signature = signature
    this.#suspect = undefined
  }
}
