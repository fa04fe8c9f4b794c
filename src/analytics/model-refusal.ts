import type { RefusalReason } from '../prediction.js'

/** Why a model cannot serve, thrown by the stages of loading and caught where they meet. */
export class ModelRefusal extends Error {
  override readonly name = 'ModelRefusal'

  constructor(
    readonly reason: RefusalReason,
    message: string,
    /** True: the same file may serve a moment later (too many open files), so it is worth another look. */
    readonly isPassing = false,
  ) {
    super(message)
  }
}

/** The file is there and is no model that we can serve. */
export function invalid(message: string): ModelRefusal {
  return new ModelRefusal('model_invalid', message)
}
