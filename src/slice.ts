import { setImmediate } from 'node:timers/promises'

/** How long our own work may hold the event loop before it lets others in, in milliseconds. */
export const SLICE_MS = 3

/** Keeps long work on the event loop in slices: `await slice.pause()` in every round of a loop. */
export class Slice {
  private endsAt = performance.now() + SLICE_MS

  /** Lets the event loop turn when this slice is used up. @returns undefined when there is nothing to wait for. */
  pause(): Promise<void> | undefined {
    if (performance.now() < this.endsAt) return undefined
    return this.turn()
  }

  /** Does work that yields wherever it may pause. */
  async drive<Result>(work: Generator<void, Result>): Promise<Result> {
    for (;;) {
      const { done, value } = work.next()
      if (done === true) return value
      const pause = this.pause()
      if (pause !== undefined) await pause
    }
  }

  /** Lets the event loop turn in any case: before long work that may be behind others in this turn. */
  async turn(): Promise<void> {
    await setImmediate()
    this.endsAt = performance.now() + SLICE_MS
  }
}

/** Does work that yields wherever it may pause, in this turn. */
export function inThisTurn<Result>(work: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
  }
}
