import { setImmediate as nextTurn } from 'node:timers/promises'
import { SLICE_MS } from './slice.js'

/** Lets the event loop turn between calls that an app awaits one after another: promises that are fulfilled at once never do, and nobody else is served. */
export class Turn {
  #startedAt: number | undefined

  /** To be asked when a call is done. @returns undefined while this turn is young. */
  pause(): Promise<void> | undefined {
    if (this.#startedAt === undefined) {
      this.#startedAt = performance.now()
      void nextTurn().then(() => {
        this.#startedAt = undefined
      })
      return undefined
    }
    return performance.now() - this.#startedAt < SLICE_MS ? undefined : nextTurn()
  }
}
