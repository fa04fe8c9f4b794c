import { ArgumentError, described, QueryStoppedError } from '../errors.js'
import type { Snapshot, Store } from '../storage/index.js'

export interface StopOptions {
  readonly signal?: AbortSignal | undefined
  /** Bounds the whole statement, from its start. */
  readonly timeoutMs?: number | undefined
}

/** What may end a statement early: its time limit, or its caller's signal. */
export interface Stop {
  readonly signal: AbortSignal
  /** @throws {QueryStoppedError} */
  check(): void
  /** The promise, or the stop, whichever comes first. */
  race<T>(promise: Promise<T>): Promise<T>
  dispose(): void
}

/** A snapshot, unless the stop comes first: then one that comes too late is let go. */
export async function openSnapshot(store: Pick<Store, 'snapshot'>, stop: Stop): Promise<Snapshot> {
  const opening = store.snapshot()
  try {
    return await stop.race(opening)
  } catch (error) {
    opening.then(
      (late) => late.release(),
      () => undefined,
    )
    throw error
  }
}

const NEVER: Stop = {
  signal: new AbortController().signal,
  check: () => undefined,
  race: (promise) => promise,
  dispose: () => undefined,
}

export function createStop({ signal, timeoutMs }: StopOptions): Stop {
  if (signal === undefined && timeoutMs === undefined) return NEVER
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new ArgumentError('signal', 'an AbortSignal', described(signal))
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0)) {
    throw new ArgumentError('timeoutMs', 'milliseconds above 0', described(timeoutMs))
  }
  return new ActiveStop(signal, timeoutMs)
}

class ActiveStop implements Stop {
  private readonly controller = new AbortController()
  private readonly timer: NodeJS.Timeout | undefined
  private readonly onAbort = () =>
    this.controller.abort(new QueryStoppedError('QUERY_ABORTED', 'The statement was ended by its signal.', { cause: this.given?.reason }))

  constructor(
    private readonly given: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ) {
    if (given?.aborted) this.onAbort()
    else given?.addEventListener('abort', this.onAbort, { once: true })
    if (timeoutMs === undefined) return
    const message = `The statement took longer than its ${timeoutMs} ms. Give it more time (timeoutMs), or ask for less.`
    this.timer = setTimeout(() => this.controller.abort(new QueryStoppedError('QUERY_TIMEOUT', message)), Math.min(timeoutMs, 2 ** 31 - 1))
    this.timer.unref()
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  check(): void {
    this.signal.throwIfAborted()
  }

  async race<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => undefined) // when the stop comes first, nobody else waits for it
    this.check()
    const { promise: stopped, reject } = Promise.withResolvers<never>()
    const onStop = () => reject(this.signal.reason)
    this.signal.addEventListener('abort', onStop, { once: true })
    try {
      return await Promise.race([promise, stopped])
    } finally {
      this.signal.removeEventListener('abort', onStop)
    }
  }

  dispose(): void {
    clearTimeout(this.timer)
    this.given?.removeEventListener('abort', this.onAbort)
  }
}
