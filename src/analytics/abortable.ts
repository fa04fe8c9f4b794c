/**
 * The promise, or the signal's reason as soon as it is aborted. What the promise does later is nobody's concern then.
 *
 * @throws the signal's reason, whatever it is.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    const release = (): void => signal.removeEventListener('abort', abort)
    promise.then(resolve, reject).finally(release)
  })
}

/** The longest that a timer of Node waits. */
export const TIMER_MS_MAX = 2 ** 31 - 1

/** True when the promise settled within the time. A rejection counts as settled, and is left to whoever awaits the promise itself. */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const elapsed = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, TIMER_MS_MAX), false)
  })
  const settled = promise.then(
    () => true,
    () => true,
  )
  try {
    return await Promise.race([settled, elapsed])
  } finally {
    clearTimeout(timer)
  }
}
