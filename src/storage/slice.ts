import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long work may hold the event loop, in milliseconds. */
const SLICE_MS = 5

/** Divides long work over turns of the event loop. It spans awaits that take no turn, such as resolved promises. */
export class Slice {
  #startedAtMs = performance.now()

  get isOver(): boolean {
    return performance.now() - this.#startedAtMs >= SLICE_MS
  }

  /** Lets the host's own work run, then begins a new slice. */
  async rest(): Promise<void> {
    await nextTurn()
    this.#startedAtMs = performance.now()
  }

  begin(): void {
    this.#startedAtMs = performance.now()
  }
}
