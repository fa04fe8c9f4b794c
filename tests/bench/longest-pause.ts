import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

/** How often the loop is asked whether it still runs. */
const RESOLUTION_MS = 1
const NANOSECONDS = 1e6

export interface Watched<Result> {
  readonly result: Result
  readonly longestPauseMs: number
}

/** The longest time for which the event loop served nobody else while something was done. */
export async function watched<Result>(work: () => Promise<Result>): Promise<Watched<Result>> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  await setTimeout(5 * RESOLUTION_MS)
  delay.reset()
  const result = await work()
  await setTimeout(5 * RESOLUTION_MS)
  delay.disable()
  return { result, longestPauseMs: Math.max(0, delay.max / NANOSECONDS - RESOLUTION_MS) }
}
