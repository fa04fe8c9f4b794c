import { Turnstile } from '../connection/turnstile.js'
import { Matrix, MatrixFull, matrixBytes } from './matrix.js'
import type { Populate } from './matrix-slab.js'
import { fill, follow, type View } from './matrix-sync.js'
import type { MemoryAccount } from './memory-account.js'
import type { WriteLog } from './write-log.js'

/** A matrix that nobody has searched for so long is let go of. */
const IDLE_MS = 5 * 60 * 1000
/** There must be room for so much of what it takes at first, so that it is not given up as soon as something is written. */
const GROWTH = 9 / 8

interface Held {
  /** Undefined: not built yet, or being changed. */
  matrix: Matrix | undefined
  /** Searches are its readers, whoever changes it its writer. */
  readonly turnstile: Turnstile
  usedAtMs: number
}

/** The matrices of one store, by collection. Each is built when it is first searched, and brought up to what the next search sees. */
export class Matrices {
  readonly #held = new Map<number, Held>()

  constructor(
    private readonly memory: MemoryAccount,
    private readonly writeLog: WriteLog,
    private readonly populate: Populate,
  ) {}

  /** Whether it has been built, of whichever generation, or is being built. */
  has(collection: number): boolean {
    const held = this.#held.get(collection)
    return held !== undefined && (held.matrix !== undefined || !isIdle(held))
  }

  /** The one that is as this generation of its collection, where there is one: for this turn of the event loop, in which nobody changes it. */
  current({ key, generation }: View['collection']): Matrix | undefined {
    const held = this.#held.get(key)
    if (held?.matrix?.generation !== generation) return undefined
    held.usedAtMs = performance.now()
    return held.matrix
  }

  /**
   * Has `work` look at the matrix as this view sees the collection. Nobody changes it meanwhile.
   *
   * @returns undefined: there is no room for it, it is already newer than this view, or this view may be rolled back.
   */
  async with<T>(view: View, work: (matrix: Matrix) => Promise<T>): Promise<T | undefined> {
    const { key, generation } = view.collection
    const held = this.#hold(key)
    const known = held.matrix?.generation
    if (known !== undefined && known > generation) return undefined
    if (known !== generation) await this.#change(held, view)
    else if (!held.turnstile.tryRead()) await entered(held.turnstile.read(), () => held.turnstile.leaveRead(), view.signal)
    try {
      return held.matrix?.generation === generation ? await work(held.matrix) : undefined
    } finally {
      held.usedAtMs = performance.now()
      held.turnstile.leaveRead()
    }
  }

  forget(collection: number): void {
    this.#held.get(collection)?.matrix?.close()
    this.#held.delete(collection)
    this.writeLog.unwatch(collection)
  }

  forgetAll(): void {
    for (const key of [...this.#held.keys()]) this.forget(key)
  }

  forgetIdle(): void {
    const now = performance.now()
    for (const [key, held] of this.#held) if (now - held.usedAtMs > IDLE_MS && isIdle(held)) this.forget(key)
  }

  #hold(collection: number): Held {
    let held = this.#held.get(collection)
    if (held === undefined) {
      held = { matrix: undefined, turnstile: new Turnstile(), usedAtMs: performance.now() }
      this.#held.set(collection, held)
    }
    return held
  }

  /** Stays in the turnstile as a reader. */
  async #change(held: Held, view: View): Promise<void> {
    await entered(held.turnstile.write(Number.POSITIVE_INFINITY), () => held.turnstile.leaveWrite(), view.signal)
    try {
      await this.#bringUp(held, view)
      held.turnstile.stayToRead()
    } catch (error) {
      held.turnstile.leaveWrite()
      throw error
    }
  }

  async #bringUp(held: Held, view: View): Promise<void> {
    const { snapshot, collection } = view
    const before = held.matrix
    if (before !== undefined && before.generation >= collection.generation) return // another search was faster
    const state = snapshot.reader.settledState()
    if (state === undefined || !isSameGeneration(view)) return
    const matrix = before ?? this.#begin(view)
    if (matrix === undefined) return
    held.matrix = undefined
    this.writeLog.watch(collection.key)
    try {
      await (before === undefined ? fill(matrix, view) : follow(matrix, view, this.writeLog))
      const isRight = snapshot.reader.settledState() === state && isSameGeneration(view) && isWhole(matrix, view)
      if (isRight && this.#held.get(collection.key) === held) held.matrix = matrix
    } catch (error) {
      if (!(error instanceof MatrixFull)) throw error
    } finally {
      if (held.matrix !== matrix) matrix.close()
    }
  }

  /** @returns undefined: there is no room. */
  #begin({ collection: { key, dimension, observationCount, entityCount } }: View): Matrix | undefined {
    const bytes = matrixBytes(dimension, observationCount, entityCount) * GROWTH
    const others = [...this.#held].filter(([other, held]) => other !== key && isIdle(held)).sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs)
    for (const [other] of others) {
      if (this.memory.hasRoom(bytes)) break
      this.forget(other)
    }
    return this.memory.hasRoom(bytes) ? new Matrix(dimension, this.memory, this.populate) : undefined
  }
}

function isIdle({ turnstile }: Held): boolean {
  if (!turnstile.tryWrite()) return false
  turnstile.leaveWrite()
  return true
}

/** Where there is no view of its own, it may have changed since the collection was read. */
function isSameGeneration({ snapshot, collection }: View): boolean {
  return snapshot.reader.catalog.collectionByKey(collection.key)?.generation === collection.generation
}

/** Damage can hide a change. What then is read for the search says what it is. */
function isWhole(matrix: Matrix, { collection }: View): boolean {
  return matrix.entityCount === collection.entityCount && matrix.observationCount === collection.observationCount
}

/** Waits in a turnstile, unless the signal is faster: then it is left as soon as it lets in. */
async function entered(waiting: Promise<void>, leave: () => void, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return waiting
  const stopped = Promise.withResolvers<never>()
  const stop = () => stopped.reject(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    await Promise.race([waiting, stopped.promise])
  } catch (error) {
    void waiting.then(leave)
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
