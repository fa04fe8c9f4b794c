/** How often the loop is asked whether it still runs. */
const EVERY_MS = 1

/** The longest stretches between two turns of the event loop, in which nobody else was served. */
export interface LongestPause {
  readonly ms: number
  /** Of processor time of this thread alone: what other work on the machine takes from it, and waiting for the disk, is not in it. */
  readonly cpuMs: number
}

/** Does something, and watches the event loop meanwhile. */
export async function watched<Result>(work: () => Promise<Result>): Promise<{ readonly result: Result; readonly pause: LongestPause }> {
  let pause: LongestPause = { ms: 0, cpuMs: 0 }
  let last = now()
  const look = (): void => {
    const { ms, cpuMs } = now()
    pause = { ms: Math.max(pause.ms, ms - last.ms - EVERY_MS), cpuMs: Math.max(pause.cpuMs, cpuMs - last.cpuMs) }
    last = { ms, cpuMs }
  }
  const timer = setInterval(look, EVERY_MS)
  try {
    const result = await work()
    look()
    return { result, pause }
  } finally {
    clearInterval(timer)
  }
}

function now(): LongestPause {
  const { user, system } = process.threadCpuUsage()
  return { ms: performance.now(), cpuMs: (user + system) / 1000 }
}
