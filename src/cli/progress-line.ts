import type { Terminal } from './terminal.js'

/** Often enough for the eye. */
const INTERVAL_MS = 100
/** Of a terminal that does not tell. */
const WIDTH = 80
const CLEAR = '\r\u001b[K'

/** A line on standard error that says how far a command is, and goes with its end. Where that is no terminal there is none. */
export class ProgressLine implements Disposable {
  #isShown = false
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(private readonly terminal: Pick<Terminal, 'stderr'>) {}

  /** @param text  Asked for only when it is shown. */
  tell(text: () => string): void {
    const { stderr } = this.terminal
    const nowMs = performance.now()
    if (stderr.isTTY !== true || nowMs - this.#toldAtMs < INTERVAL_MS) return
    this.#toldAtMs = nowMs
    this.#isShown = true
    stderr.write(`${CLEAR}${text().slice(0, (stderr.columns || WIDTH) - 1)}`)
  }

  [Symbol.dispose](): void {
    if (this.#isShown) this.terminal.stderr.write(CLEAR)
  }
}
