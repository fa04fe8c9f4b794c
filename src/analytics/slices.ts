import { setImmediate } from 'node:timers/promises'

/** How long we compute before the app's own callbacks get their turn. */
const SLICE_MS = 4

/** Cuts a long loop into turns of the event loop: `if (slices.isOver()) await slices.next()`. */
export interface Slices {
  isOver(): boolean
  /** Lets everything else run first. @throws the signal's reason, when it was aborted meanwhile. */
  next(): Promise<void>
}

export function createSlices(signal?: AbortSignal): Slices {
  let startMs = performance.now()
  return {
    isOver: () => performance.now() - startMs >= SLICE_MS,
    async next() {
      await setImmediate()
      signal?.throwIfAborted()
      startMs = performance.now()
    },
  }
}
