/** Why a write was not let in: snapshots of this process were in its way until its deadline. */
export class BlockedByReaders extends Error {}

interface Waiter {
  readonly kind: 'read' | 'write'
  readonly deadlineMs: number
  readonly enter: () => void
  readonly fail: (error: BlockedByReaders) => void
  timer: NodeJS.Timeout | undefined
}

/**
 * Who may use a connection now, first come first served: one writer, or many readers where they share the connection.
 *
 * The `try` methods let in at once whom nobody is in the way of, so that an undisturbed write costs no turn of the event loop.
 */
export class Turnstile {
  #readers = 0
  #isWriting = false
  readonly #queue: Waiter[] = []

  tryRead(): boolean {
    if (this.#isWriting || this.#queue.length > 0) return false
    this.#readers++
    return true
  }

  tryWrite(): boolean {
    if (this.#isWriting || this.#readers > 0 || this.#queue.length > 0) return false
    this.#isWriting = true
    return true
  }

  read(): Promise<void> {
    return this.#wait('read', Number.POSITIVE_INFINITY)
  }

  /** @param deadlineMs  By `performance.now()`: how long readers may keep it out. Earlier writers may take as long as they need. */
  write(deadlineMs: number): Promise<void> {
    return this.#wait('write', deadlineMs)
  }

  leaveRead(): void {
    this.#readers--
    this.#admit()
  }

  leaveWrite(): void {
    this.#isWriting = false
    this.#admit()
  }

  /** The writer goes on as a reader: no other writer comes in between. */
  stayToRead(): void {
    this.#isWriting = false
    this.#readers++
    this.#admit()
  }

  #wait(kind: 'read' | 'write', deadlineMs: number): Promise<void> {
    return new Promise((enter, fail) => {
      this.#queue.push({ kind, deadlineMs, enter, fail, timer: undefined })
      this.#admit()
    })
  }

  #admit(): void {
    for (let head = this.#queue[0]; head !== undefined && this.#mayEnter(head); head = this.#queue[0]) {
      this.#queue.shift()
      clearTimeout(head.timer)
      if (head.kind === 'read') this.#readers++
      else this.#isWriting = true
      head.enter()
    }
    this.#limitPatience(this.#queue[0])
  }

  #mayEnter({ kind }: Waiter): boolean {
    return kind === 'read' ? !this.#isWriting : !this.#isWriting && this.#readers === 0
  }

  /** A writer at the head waits for readers only until its deadline: a reader may be waiting for that very write. */
  #limitPatience(head: Waiter | undefined): void {
    if (head?.kind !== 'write' || this.#isWriting || head.timer !== undefined || head.deadlineMs === Number.POSITIVE_INFINITY) return
    const giveUp = () => {
      this.#queue.splice(this.#queue.indexOf(head), 1)
      head.fail(new BlockedByReaders())
      this.#admit()
    }
    head.timer = setTimeout(giveUp, Math.max(0, head.deadlineMs - performance.now()))
  }
}
