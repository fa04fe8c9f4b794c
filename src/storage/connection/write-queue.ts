import { setTimeout as pause } from 'node:timers/promises'
import { StorageError } from '../../errors.js'
import { Slice } from '../../slice.js'
import { isBusy } from './sqlite-errors.js'
import { isWork, type Work } from './transaction.js'
import { BlockedByReaders, type Turnstile } from './turnstile.js'

const PAUSE_MAX_MS = 25

/**
 * Runs writes one after another, in the order they were asked for. One that nothing is in the way of runs in the turn of
 * the call; one that meets another process's lock tries again until its deadline; long ones pause between slices.
 */
export class WriteQueue {
  #underWay: Running<unknown> | undefined

  constructor(
    private readonly turnstile: Turnstile,
    private readonly busyTimeoutMs: number,
  ) {}

  async run<T>(work: () => T | Work<T>): Promise<T> {
    const deadlineMs = performance.now() + this.busyTimeoutMs
    if (!this.turnstile.tryWrite()) await this.#waitForTurn(deadlineMs)
    try {
      return await untilFree(() => this.#inSlices(work), deadlineMs)
    } finally {
      this.turnstile.leaveWrite()
    }
  }

  /** Runs before all that wait, in this turn. A long write that is under way is brought to its end first. */
  runNow<T>(work: () => T | Work<T>): T {
    this.#underWay?.complete()
    return new Running(work).finish()
  }

  /** Returns in this turn what took no longer than a slice. */
  #inSlices<T>(work: () => T | Work<T>): T | Promise<T> {
    const running = new Running(work)
    const slice = new Slice()
    while (!running.isDone) {
      const turn = slice.pause()
      if (turn !== undefined) return this.#continue(running, slice, turn)
      running.step()
    }
    return running.finish()
  }

  async #continue<T>(running: Running<T>, slice: Slice, turn: Promise<void>): Promise<T> {
    this.#underWay = running
    try {
      await turn
      while (!running.isDone) {
        running.step()
        await slice.pause()
      }
    } finally {
      this.#underWay = undefined
    }
    return running.finish()
  }

  async #waitForTurn(deadlineMs: number): Promise<void> {
    try {
      await this.turnstile.write(deadlineMs)
    } catch (error) {
      if (!(error instanceof BlockedByReaders)) throw error
      throw new StorageError(
        'STORAGE_BUSY',
        `Statements of this process were reading for ${this.busyTimeoutMs} ms, and this database has only one connection. ` +
          'Read the rows to their end before writing, or use a file in WAL mode, where reading and writing do not wait for each other.',
      )
    }
  }
}

/** Work that can be brought forward by a step, or to its end, by whoever comes. */
class Running<T> {
  #outcome: { readonly value: T } | { readonly error: unknown } | undefined

  #begun: Work<T> | undefined

  constructor(private readonly work: () => T | Work<T>) {}

  get isDone(): boolean {
    return this.#outcome !== undefined
  }

  step(): void {
    if (this.#outcome !== undefined) return
    try {
      const begun = this.#begun ?? this.work()
      if (isWork(begun)) this.#stepOf(begun)
      else this.#outcome = { value: begun }
    } catch (error) {
      this.#outcome = { error }
    }
  }

  #stepOf(work: Work<T>): void {
    this.#begun = work
    const { done, value } = work.next()
    if (done === true) this.#outcome = { value }
  }

  /** To its end; how it ended is told by `finish`. */
  complete(): void {
    while (!this.isDone) this.step()
  }

  /** @throws what the work threw. */
  finish(): T {
    this.complete()
    const outcome = this.#outcome!
    if ('error' in outcome) throw outcome.error
    return outcome.value
  }
}

/** Tries again while a lock is held elsewhere, until `deadlineMs` (by `performance.now()`). The first try is in this turn. */
export async function untilFree<T>(attempt: () => T | Promise<T>, deadlineMs: number): Promise<T> {
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
    try {
      return await attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadlineMs) throw error
    }
    await pause(pauseMs)
  }
}
