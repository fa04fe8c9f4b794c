import { basename } from 'node:path'
import type { TensorBatch, TensorModel } from '../native/runtime.js'
import { type Outcome, refused } from '../prediction.js'
import type { ModelCard } from './model-card.js'

/** A retired model is freed when no call used it for this long: a statement that began with it may come back to it. */
export const RETIRED_MS = 60_000

/** A loaded model, shared by all statements that it serves. */
export class ServingModel {
  /** The file's name without its folder, as rows name it. */
  readonly name: string
  #calls = 0
  #wasUsed = false
  #isDisposed = false
  #retirement: NodeJS.Timeout | undefined

  constructor(
    readonly path: string,
    readonly sha256: string,
    readonly card: ModelCard,
    private readonly tensorModel: TensorModel,
  ) {
    this.name = basename(path)
  }

  get device(): string {
    return this.tensorModel.device
  }

  get isDisposed(): boolean {
    return this.#isDisposed
  }

  /** @returns B * K outcomes, item by item. */
  async predict(batch: TensorBatch, timeoutMs: number, signal: AbortSignal): Promise<readonly Outcome[]> {
    if (this.#isDisposed) return this.#replaced(batch)
    this.#calls++
    try {
      return await this.tensorModel.predict(batch, timeoutMs, signal)
    } finally {
      this.#calls--
      this.#wasUsed = true
    }
  }

  /** Another model serves from now on; this one is freed once the statements that began with it are through. */
  retire(): void {
    this.#wasUsed = true
    this.#retirement ??= setInterval(() => {
      if (this.#calls === 0 && !this.#wasUsed) this.dispose()
      this.#wasUsed = false
    }, RETIRED_MS / 2).unref()
  }

  dispose(): void {
    clearInterval(this.#retirement)
    this.#isDisposed = true
    this.tensorModel.dispose()
  }

  #replaced({ count, targetsPerItem }: TensorBatch): Outcome[] {
    const refusal = refused('model_missing', `${this.path} was replaced while this statement ran. Run it again.`)
    return new Array<Outcome>(count * targetsPerItem).fill(refusal)
  }
}
